import type { StopChange } from '#core/engine/decide-stops.ts';
import type { FlattenSheet } from '#core/engine/flatten-sheet.ts';
import type { SafeModeEntry } from '#core/engine/state.ts';
import type { KillRest } from '#core/engine/state-kill.ts';
import type { OpenHolding, OpenOrder } from '#core/engine/still-open.ts';
import type { CalendarEnd } from '#core/gates/calendar-end.ts';
import type { Reason } from '#core/gates/reason.ts';
import type { Ticket } from '#core/machines/ticket.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Picture } from '#core/pictures/picture.ts';
import type { EdgeRow } from '#core/risk/edge.ts';
import type { BacktestAsk, Mode } from './act.ts';
import type { CommandName, CommandRole } from './command-table.ts';
import type { SettingChange, SystemNotice } from './system.ts';

/** A ticket named in a choice. */
export type TicketChoice = {
  readonly code: string;
  readonly version: number;
  readonly instrument: InstrumentId;
  readonly side: 'long' | 'short';
  readonly quantity: number;
  readonly entryLimit: number;
  readonly expiresAt: number;
};

/** What a second confirmation is asked for, with the figures its sheet shows. */
export type Consequence =
  | { readonly act: 'allow'; readonly until: string | null }
  /** What stands at the account that is to be killed for practice. */
  | {
      readonly act: 'drill';
      readonly entries: number;
      readonly positions: readonly HeldLine[];
    }
  /** Position by position and account by account; never summed over accounts. */
  | { readonly act: 'flatten'; readonly sheets: readonly FlattenSheet[] }
  | {
      readonly act: 'resume';
      readonly reason: string;
      readonly openOrders: readonly OpenOrder[];
      readonly positions: readonly OpenHolding[];
    }
  | { readonly act: 'safe'; readonly causes: readonly Pick<SafeModeEntry, 'cause' | 'subject'>[] }
  | { readonly act: 'unlock'; readonly id: string; readonly untilAt: number }
  | {
      readonly act: 'exit';
      readonly target: string;
      readonly quantity: number;
      readonly ratio: number;
      readonly lateMs: number | null;
    }
  | { readonly act: 'cancel'; readonly target: string }
  /** The version that would take the ticket's place. */
  | { readonly act: 'edit'; readonly from: Ticket; readonly to: Ticket }
  /** A reported execution looks odd: `reason` says what. */
  | {
      readonly act: 'fill';
      readonly target: string;
      readonly price: number;
      readonly quantity: number;
      readonly reason: Reason;
    }
  /** A stop that would let more be lost. */
  | {
      readonly act: 'stoploss';
      readonly target: string;
      readonly from: number;
      readonly to: number;
      readonly quantity: number;
    }
  /** `stop` null: the stop that risks one unit at the price of that moment. */
  | {
      readonly act: 'adopt';
      readonly target: string;
      readonly quantity: number;
      readonly averagePrice: number | null;
      readonly stop: number | null;
    }
  /** Takes over the broker's side of one line. */
  | {
      readonly act: 'accept';
      readonly id: string;
      readonly ours: number;
      readonly theirs: number;
      readonly isCash: boolean;
    }
  /** All that an account executed by hand holds, as its person says. */
  | {
      readonly act: 'attest';
      readonly holdings: readonly { readonly target: string; readonly quantity: number }[];
      readonly cashMinor: number;
    }
  /** The account goes to its other side: from made-up money to real money. */
  | {
      readonly act: 'account';
      readonly accountId: string;
      readonly from: 'paper' | 'live';
      readonly to: 'paper' | 'live';
    }
  | { readonly act: 'config'; readonly change: SettingChange }
  | {
      readonly act: 'mode';
      readonly from: Mode;
      readonly to: Mode;
      /** Measurements that rule an edge out: agreeing has its tickets answered all the same. */
      readonly withoutEdge?: readonly EdgeRow[];
    };

/**
 * Why a one-time code does not count. `clock_off`: it is right for another time, so a clock is wrong by
 * `offMs`. `banned`: five were bad, none counts before `untilAt`.
 */
export type CodeRefusal =
  | { readonly kind: 'used' }
  | { readonly kind: 'wrong'; readonly triesLeft: number }
  | { readonly kind: 'clock_off'; readonly offMs: number }
  | { readonly kind: 'banned'; readonly untilAt: number };

/** What a rehearsed kill took, milliseconds; null: there was none of it, or it was not over in time. */
export type DrillReport = {
  readonly deskId: string;
  readonly accountId: string;
  readonly stageOne: {
    readonly entries: number;
    readonly firstCancelMs: number | null;
    readonly allOutMs: number | null;
    /** Protective orders that worked before, and those of them that were left alone. */
    readonly protection: number;
    readonly protectionKept: number;
  };
  readonly stageTwo: {
    readonly positions: number;
    readonly firstSaleMs: number | null;
    readonly lastFillMs: number | null;
    /** False: still selling when the report was made. */
    readonly isOver: boolean;
    readonly left: readonly KillRest[];
  };
};

/** How far a backtest is: `done` of `of` days of what is played; 0 of 0: nothing to count. */
export type BacktestStep = {
  readonly stage: 'begun' | 'reading' | 'planning' | 'layer_b' | 'layer_c' | 'done';
  readonly done: number;
  readonly of: number;
};

/** What came of a backtest, as its card tells it. */
export type BacktestResult = {
  readonly symbols: readonly string[];
  /** First and last day that was there to be played. */
  readonly firstDay: string;
  readonly lastDay: string;
  readonly days: number;
  readonly warmUpDays: number;
  readonly layers: readonly {
    readonly layer: 'B' | 'C';
    readonly trades: number;
    /** Trades still needed before a figure counts; 0: there are enough. */
    readonly missing: number;
    readonly averageR: number | null;
    readonly low: number | null;
    readonly high: number | null;
  }[];
  /** Parameter sets tried on the same bars. */
  readonly tried: number;
  readonly tookMs: number;
  /** What the readers of the bars had to say. */
  readonly notes: readonly string[];
  /** Folder of the files. */
  readonly folder: string;
};

/** One held position as a sheet shows it; `quantity` negative for a short. */
export type HeldLine = {
  readonly instrument: InstrumentId;
  readonly quantity: number;
  readonly stop: number;
};

/** What becomes of one position's stop. */
export type StopLine = HeldLine & {
  readonly deskId: string;
  readonly entryPrice: number;
  /** The new stop, on the tick. */
  readonly to: number;
  readonly change: StopChange;
};

/**
 * What the conversation itself says: not a desk's message, no event behind it. Free of language;
 * rendered in the language of the chat. Instants are epoch milliseconds.
 */
export type Notice =
  | SystemNotice
  | { readonly kind: 'not_understood' }
  | { readonly kind: 'unknown_command'; readonly found: string; readonly nearest: string | null }
  | {
      readonly kind: 'bad_arguments';
      readonly command: string;
      readonly found: string;
      readonly expected: string;
    }
  | {
      readonly kind: 'role_too_low';
      readonly command: CommandName;
      readonly role: CommandRole;
      readonly needed: CommandRole;
    }
  | { readonly kind: 'chat_read_only' }
  | {
      readonly kind: 'late_refused';
      readonly command: CommandName;
      readonly sentAt: number;
      readonly lateMs: number;
    }
  | {
      readonly kind: 'late_honored';
      readonly command: CommandName;
      readonly sentAt: number;
      readonly lateMs: number;
    }
  | { readonly kind: 'button_outdated'; readonly command: CommandName }
  | { readonly kind: 'button_unknown' }
  | {
      readonly kind: 'which_ticket';
      readonly command: CommandName;
      readonly candidates: readonly TicketChoice[];
    }
  | { readonly kind: 'no_ticket' }
  | { readonly kind: 'ticket_too_fresh'; readonly code: string }
  | {
      readonly kind: 'which_desk';
      readonly command: CommandName;
      readonly desks: readonly string[];
    }
  | { readonly kind: 'unknown_desk'; readonly found: string; readonly desks: readonly string[] }
  | {
      readonly kind: 'unknown_account';
      readonly found: string;
      /** Accounts with a running desk. */
      readonly accounts: readonly string[];
    }
  | {
      readonly kind: 'second_confirm';
      readonly nonce: string;
      /** What has to be typed on a live account; null: one tap on the button. */
      readonly phrase: string | null;
      /** The phrase is followed by a one-time code of the person's device. */
      readonly needsCode: boolean;
      readonly deskId: string;
      readonly accountId: string;
      readonly environment: 'paper' | 'live';
      readonly validMs: number;
      readonly consequence: Consequence;
    }
  | {
      readonly kind: 'second_confirm_dead';
      readonly cause: 'expired' | 'used' | 'other_person' | 'unknown';
    }
  /** The question stays open until its time is over. */
  | { readonly kind: 'code_refused'; readonly answer: CodeRefusal }
  | { readonly kind: 'second_confirm_dropped'; readonly command: CommandName }
  | { readonly kind: 'position_changed'; readonly target: string }
  /** A kill is rehearsed on paper accounts only. */
  | { readonly kind: 'drill_refused'; readonly accounts: readonly string[] }
  | { readonly kind: 'drill_begun'; readonly deskId: string }
  | { readonly kind: 'drill_done'; readonly report: DrillReport }
  /** Another backtest is played; one at a time. */
  | { readonly kind: 'backtest_busy'; readonly running: BacktestAsk }
  | ({ readonly kind: 'backtest_progress' } & BacktestAsk & BacktestStep)
  | ({ readonly kind: 'backtest_done' } & BacktestAsk & BacktestResult)
  /** `cause` in the words of what failed; null: it was stopped before its end. */
  | ({ readonly kind: 'backtest_failed'; readonly cause: string | null } & BacktestAsk)
  /** Stands under a picture; `mark` is the ticket's code, or the checkpoint. */
  | {
      readonly kind: 'chart_caption';
      readonly of: Picture['kind'];
      readonly subject: string;
      readonly deskId: string;
      readonly tradingDay: string;
      readonly mark: string | null;
    }
  | { readonly kind: 'chart_missing'; readonly target: string | null }
  | { readonly kind: 'chart_failed' }
  /** Rows of `/why` once more, as a language model put them. */
  | { readonly kind: 'why_words'; readonly model: string; readonly words: string }
  /** No desk knows such a name; `known`: some that they follow. */
  | { readonly kind: 'unknown_symbol'; readonly found: string; readonly known: readonly string[] }
  /** The account this chat means from now on; null: all of them. */
  | { readonly kind: 'account_used'; readonly account: string | null }
  /** Stands under an answer that leaves the other accounts out. */
  | { readonly kind: 'only_account'; readonly account: string }
  | { readonly kind: 'watch_full'; readonly most: number }
  | { readonly kind: 'nothing_held'; readonly target: string | null }
  | { readonly kind: 'nothing_to_report'; readonly target: string }
  /** There is no such holding of somebody else, or no such difference, at the broker. */
  | { readonly kind: 'nothing_external'; readonly target: string }
  | { readonly kind: 'kill_menu'; readonly desks: readonly string[]; readonly positions: number }
  /** What an act on stops does to each position, or would do. */
  | {
      readonly kind: 'stops';
      readonly isDry: boolean;
      readonly rows: readonly StopLine[];
    }
  | {
      readonly kind: 'exit_list';
      readonly positions: readonly (HeldLine & { readonly deskId: string })[];
    }
  | {
      readonly kind: 'mode_menu';
      readonly desks: readonly { readonly deskId: string; readonly mode: Mode }[];
    }
  /** Said directly when the outbox cannot be used: the kill acted, its report follows later. */
  | {
      readonly kind: 'acted_without_store';
      readonly command: 'kill' | 'stop';
      readonly canceled: number;
      readonly protectionKept: number;
      readonly desks: readonly string[];
    }
  | { readonly kind: 'store_down' }
  | { readonly kind: 'act_failed'; readonly command: string }
  | { readonly kind: 'accepted'; readonly command: CommandName; readonly subject: string }
  | { readonly kind: 'language_set'; readonly language: 'zh' | 'en' }
  | { readonly kind: 'paired'; readonly name: string; readonly role: CommandRole }
  | { readonly kind: 'pair_refused' }
  /** A user may do something else from now on; null: nothing. */
  | {
      readonly kind: 'role_set';
      readonly user: string;
      readonly name: string;
      readonly role: CommandRole | null;
      readonly by: string;
    }
  | {
      readonly kind: 'role_refused';
      readonly user: string;
      readonly reason: 'unknown' | 'last_owner';
    }
  | { readonly kind: 'pairing_offered'; readonly pairingCode: string; readonly validMs: number }
  | {
      readonly kind: 'security_denied';
      readonly channel: string;
      readonly userId: string | null;
      readonly chatId: string;
      readonly count: number;
    }
  /** Days or event dates that are soon, or already, not known. */
  | { readonly kind: 'calendar_ending'; readonly ends: readonly CalendarEnd[] }
  /** A chat may soon not be written to any more until its person writes: sends left, and when it closes. */
  | {
      readonly kind: 'wechat_window_closing';
      readonly channel: string;
      readonly left: number | null;
      readonly closesAt: number | null;
      readonly zone: string;
    }
  | {
      readonly kind: 'channel_degraded';
      readonly channel: string;
      /** Null: it does not deliver, and another channel takes over. */
      readonly cause: string | null;
      readonly since: number;
      readonly zone: string;
    };

export type NoticeKind = Notice['kind'];
