import type { Market } from '#core/market/instrument.ts';
import type { Span } from '#core/reports/period.ts';
import type { CommandRole } from './command-table.ts';
import type { ChatHearing, Level } from './hearing.ts';
import type { SystemAct, SystemQuestion } from './system.ts';

/** A file that a report may be had as. */
export type ReportFormat = 'md' | 'csv' | 'json' | 'html';

/** How a desk trades: signals only, entries by confirmation, or entries by itself. */
export type Mode = 'alert' | 'semi' | 'auto';

/** What a person asked for that may change a desk. `code` is the 4-character ticket code; null where left out. */
export type DeskAct =
  | {
      readonly act: 'confirm';
      readonly code: string | null;
      /** Ticket version the person saw (a button carries it); null for typed text: the newest. */
      readonly version: number | null;
      /** May only lower the ticket's quantity. */
      readonly quantity: number | null;
      /** May only improve the entry limit inside the ticket's band. */
      readonly price: number | null;
    }
  | { readonly act: 'half'; readonly code: string | null; readonly version: number | null }
  /** A new version of a ticket; null: as it is. `version` as in `confirm`: the one it is to follow. */
  | {
      readonly act: 'edit';
      readonly code: string | null;
      readonly version: number | null;
      readonly quantity: number | null;
      readonly price: number | null;
      readonly stop: number | null;
      readonly target: number | null;
    }
  /** To be reminded of a ticket; its life does not grow. */
  | { readonly act: 'snooze'; readonly code: string | null; readonly minutes: number }
  | { readonly act: 'skip'; readonly code: string | null; readonly reason: string | null }
  | {
      readonly act: 'allow';
      readonly scope: string | null;
      /** 'HH:MM' in the market's zone, or null for the session end. */
      readonly until: string | null;
    }
  | { readonly act: 'stop'; readonly scope: string | null; readonly reason: string | null }
  | { readonly act: 'kill'; readonly scope: string | null }
  /** A kill rehearsed on a paper account, both stages, with its times; never reaches the desk as such. */
  | { readonly act: 'drill'; readonly scope: string | null }
  /** Stage 2 of a kill; reaches the desk only after its own second confirmation. */
  | { readonly act: 'flatten'; readonly scope: string | null }
  | { readonly act: 'resume'; readonly scope: string | null; readonly reason: string }
  | { readonly act: 'safe'; readonly on: boolean }
  /** Lifts a lock before its time; `id` as /locks shows it, or its cause. */
  | { readonly act: 'unlock'; readonly id: string }
  | { readonly act: 'ack'; readonly id: string | null }
  /** `target` is a symbol or instrument id; `ratio` in (0, 1]. */
  | { readonly act: 'exit'; readonly target: string; readonly ratio: number }
  /** `target` is an order id, a symbol, a ticket code or `all` (entries only). */
  | { readonly act: 'cancel'; readonly target: string; readonly isProtectionMeant: boolean }
  /**
   * What became of an order a person executes: some of it at a price, `none` of it, or `done` (the
   * rest is void). `target` is a ticket code, symbol or order id, `time` HH:MM of the execution.
   */
  | {
      readonly act: 'fill';
      readonly target: string;
      readonly verb: 'fill' | 'none' | 'done';
      readonly price: number | null;
      readonly quantity: number | null;
      readonly time: string | null;
    }
  /** The conditional order that protects a position stands at the broker. */
  | { readonly act: 'protected'; readonly target: string }
  /** Moves a position's stop to a price, or to where it was bought. `target` as in `exit`, or a ticket code. */
  | { readonly act: 'stoploss'; readonly target: string; readonly price: number }
  | { readonly act: 'breakeven'; readonly target: string }
  /** Moves every stop up to so many percent below what the position cost; those that are nearer already stay. */
  | { readonly act: 'stops'; readonly percent: number }
  /** Takes a holding the desk did not buy under its management; `stop` null: the stop that risks one unit. */
  | { readonly act: 'adopt'; readonly target: string; readonly stop: number | null }
  /** Settles one line of a failed comparison: takes the broker's side over, or leaves it alone for good. */
  | {
      readonly act: 'reconcile';
      readonly verb: 'accept' | 'disown';
      /** A symbol, an instrument, an order id, or `cash`. */
      readonly id: string;
      readonly scope: string | null;
    }
  /** What the person who executes by hand sees in the account: all it holds, and the cash. */
  | {
      readonly act: 'reconcile';
      readonly verb: 'attest';
      /** `target` is a symbol or instrument id, every one once; `quantity` whole and positive. */
      readonly holdings: readonly { readonly target: string; readonly quantity: number }[];
      readonly cashMinor: number;
      readonly scope: string | null;
    }
  /**
   * Leaves one name for another: what still buys `from` is canceled, what is held of it sold (`ratio` of
   * it, in (0, 1]), then `to` is bought by its own ticket. Both as in `exit`, or a ticket code.
   */
  | {
      readonly act: 'switch';
      readonly verb: 'propose';
      readonly from: string;
      readonly to: string;
      readonly ratio: number;
    }
  /** The answer when the first name was bought meanwhile; `code` of the switch, null: the one that asks. */
  | { readonly act: 'switch'; readonly verb: 'keep' | 'sell'; readonly code: string | null }
  /** Puts an account on its other side: made-up money, or real money. */
  | { readonly act: 'account'; readonly account: string; readonly environment: 'paper' | 'live' }
  /** `desk` is empty where the person named none: the only desk is meant. */
  | { readonly act: 'mode'; readonly desk: string; readonly mode: Mode };

/** The acts that move stops. */
export type StopAct = Extract<DeskAct, { act: 'stoploss' | 'breakeven' | 'stops' }>;

/** What a backtest is asked for. */
export type BacktestAsk = {
  readonly strategy: string;
  readonly from: string | null;
  readonly to: string | null;
};

/** A question: answered from state, changes nothing at a desk. */
export type Question =
  | SystemQuestion
  | { readonly ask: 'help'; readonly topic: string | null }
  | {
      readonly ask:
        | 'start'
        | 'status'
        | 'pending'
        | 'locks'
        | 'positions'
        | 'pnl'
        | 'jobs'
        | 'health'
        | 'ping'
        | 'whoami'
        | 'settings'
        | 'users'
        | 'todo'
        | 'accounts';
    }
  | { readonly ask: 'ticket'; readonly code: string | null }
  | { readonly ask: 'why'; readonly target: string | null }
  | { readonly ask: 'orders'; readonly filter: string | null }
  /** What such an act would do, and nothing is done. */
  | { readonly ask: 'stops'; readonly of: StopAct }
  | { readonly ask: 'plan'; readonly scope: string | null }
  | { readonly ask: 'strategy'; readonly scope: string | null; readonly isWhole: boolean }
  /** `scope` as in acts; null: every account. */
  | { readonly ask: 'balance'; readonly scope: string | null }
  /** Null: the names this chat watches, else those that are followed. */
  | { readonly ask: 'quote'; readonly symbol: string | null }
  | { readonly ask: 'watch' }
  | { readonly ask: 'trades'; readonly count: number | null; readonly symbol: string | null }
  | { readonly ask: 'regime'; readonly symbol: string | null }
  /** `checkpoint` `HH:MM`, `now` for the newest look of the kill-switch, or null: the last one. */
  | { readonly ask: 'gates'; readonly scope: string | null; readonly checkpoint: string | null }
  | { readonly ask: 'sectors'; readonly scope: string | null }
  /** `days` from today on; of one market, or of those that are traded here. */
  | {
      readonly ask: 'calendar';
      readonly days: number | null;
      readonly market: Market | null;
      /** To be had as a file for a calendar. */
      readonly isFile: boolean;
    }
  /** `day` is `today`, `yesterday` or a date; a week and a month are those it lies in. Null format: as a message. */
  | {
      readonly ask: 'report';
      readonly day: string | null;
      readonly span: Span;
      readonly format: ReportFormat | null;
    }
  /** What confirming, skipping and not trading brought over the last `days` calendar days. */
  | { readonly ask: 'score'; readonly days: number | null }
  /** `target` is a ticket code or a symbol; null: what is at hand. */
  | {
      readonly ask: 'chart';
      readonly of: 'target' | 'gates';
      readonly target: string | null;
    }
  /** Plays a strategy over stored days, both ends included; null: as far as bars reach. */
  | ({ readonly ask: 'backtest' } & BacktestAsk)
  /** Compares book and broker now and shows both sides. */
  | { readonly ask: 'reconcile'; readonly scope: string | null }
  | { readonly ask: 'logs'; readonly count: number | null; readonly level: string | null }
  /** Button or bare command without arguments that needs a choice (lists the choices). */
  | { readonly ask: 'exit_list' | 'kill_menu' | 'mode_menu' };

/** A setting of the conversation itself. */
export type ChatSetting =
  | { readonly set: 'lang'; readonly language: 'zh' | 'en' }
  | { readonly set: 'pair'; readonly pairingCode: string }
  /** What a user may do from now on; null: nothing, as a stranger. */
  | { readonly set: 'role'; readonly user: string; readonly role: CommandRole | null }
  /** Whose clock this chat shows; null: the market's. */
  | { readonly set: 'tz'; readonly zone: string | null }
  /** The account this chat means where it names none; null: all of them. */
  | { readonly set: 'use'; readonly account: string | null }
  /** A name this chat wants to see the price of, or no more. */
  | { readonly set: 'watch'; readonly verb: 'add' | 'del'; readonly symbol: string }
  /** How this chat hears a kind of push. */
  | { readonly set: 'notify'; readonly push: string; readonly level: Level }
  | { readonly set: 'mute'; readonly push: string; readonly minutes: number }
  | { readonly set: 'quiet'; readonly quiet: ChatHearing['quiet'] };

/** What a text means. `unknown_command` names the nearest command; nothing is executed. */
export type Reply =
  /** `day` is the trading day a button was made for; null for typed text. */
  | { readonly kind: 'act'; readonly act: DeskAct; readonly day: string | null }
  | { readonly kind: 'question'; readonly question: Question }
  | { readonly kind: 'setting'; readonly setting: ChatSetting }
  | { readonly kind: 'system'; readonly act: SystemAct }
  /** Answer to a second confirmation: the nonce of a button, or the phrase typed. */
  | { readonly kind: 'second_confirm'; readonly nonce: string; readonly agreed: boolean }
  | { readonly kind: 'unknown_command'; readonly found: string; readonly nearest: string | null }
  | {
      readonly kind: 'bad_arguments';
      readonly command: string;
      readonly found: string;
      readonly expected: string;
    }
  | { readonly kind: 'not_understood' };

/** Who acted, through what; stored with every act. */
export type Actor = {
  /** Stable user id over channels, e.g. `telegram:4711`, `terminal:owner`, `robot:confirm`, `desk`. */
  readonly id: string;
  readonly name: string;
  readonly role: 'viewer' | 'operator' | 'owner';
  readonly channel: string;
  readonly chatId: string;
};
