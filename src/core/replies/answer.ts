import type { Balance } from '#core/engine/balance.ts';
import type { ExDateEvent } from '#core/engine/event-ex-date.ts';
import type { GateHistory } from '#core/engine/gate-history.ts';
import type { HeldFacts } from '#core/engine/held-facts.ts';
import type { Axes } from '#core/engine/message.ts';
import type { Policy } from '#core/engine/policy.ts';
import type { DeskState, SafeModeEntry } from '#core/engine/state.ts';
import type { MarketView } from '#core/engine/view.ts';
import type { Agenda } from '#core/gates/agenda.ts';
import type { KillLook } from '#core/gates/kill-switch.ts';
import type { Order } from '#core/machines/order.ts';
import type { Ticket } from '#core/machines/ticket.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import type { Difference, External } from '#core/portfolio/account-reading.ts';
import type { PeriodReport } from '#core/reports/period.ts';
import type { CheckpointRecord } from '#core/strategies/sector-pulse/checkpoint.ts';
import type { Actor } from './act.ts';
import type { CommandRole } from './command-table.ts';
import type { ChatHearing } from './hearing.ts';
import type { SystemAnswer } from './system.ts';

/** A desk as a question sees it: its committed state, what it saw of the market, the axes judged from both. */
export type DeskView = {
  readonly policy: Policy;
  readonly state: DeskState;
  readonly view: MarketView;
  readonly axes: Axes;
  /** Open risk of positions and pending tickets, minor units. */
  readonly openRiskMinor: number;
};

/** One line of /health: what was looked at, whether it is well, and the figures. */
export type HealthLine = {
  readonly of:
    | 'store'
    | 'disk'
    | 'memory'
    | 'channel'
    | 'pushes'
    | 'calendar'
    | 'desk'
    | 'safe_mode';
  /** Name of the channel, market or desk; empty where there is one of it. */
  readonly subject: string;
  /** Why a desk is in SAFE_MODE, on a line of its own. */
  readonly entry?: SafeModeEntry;
  readonly isWell: boolean;
  readonly figures: Readonly<Record<string, number | string>>;
};

/** Book and broker beside each other, as a comparison just found them. */
export type BothSides = {
  readonly deskId: string;
  readonly accountId: string;
  /** Why the account could not be read; null: it was, and the broker's figures are its own. */
  readonly failure: string | null;
  readonly isClean: boolean;
  readonly cashMinor: { readonly ours: number; readonly theirs: number | null };
  readonly openOrders: { readonly ours: number; readonly theirs: number | null };
  readonly holdings: readonly {
    readonly instrument: InstrumentId;
    readonly ours: number;
    readonly theirs: number | null;
    readonly disowned: number;
  }[];
  readonly differences: readonly Difference[];
  /** What the desk did not make, decided upon or not. */
  readonly externals: readonly External[];
};

/** One line of /accounts. */
export type AccountLine = {
  readonly accountId: string;
  readonly broker: string;
  readonly market: string;
  readonly currency: string;
  /** The side it is on: the desk's own word where one runs, the file's otherwise. */
  readonly environment: 'paper' | 'live';
  /** The side that is wanted and not taken yet; null: none. */
  readonly asked: 'paper' | 'live' | null;
  /** The desk that runs on it; null: none. */
  readonly deskId: string | null;
  /** Sides the settings describe, each with the variables that it needs and that are not set. */
  readonly sides: readonly {
    readonly environment: 'paper' | 'live';
    readonly missing: readonly string[];
  }[];
};

/** One line of /jobs. Instants are epoch milliseconds; `nextAt` null: not scheduled again. */
export type JobLine = {
  readonly job: string;
  readonly state: string;
  readonly lastAt: number | null;
  readonly nextAt: number | null;
  readonly note: string | null;
};

/** One name with the prices known of it. Instants are epoch milliseconds. */
export type PriceLine = {
  readonly instrument: InstrumentId;
  readonly quote: Quote | null;
  /** Close of the newest bar. */
  readonly close: number | null;
  readonly closedAt: number | null;
  readonly previousClose: number | null;
  /** Shares held. */
  readonly held: number;
};

/** What an ex-date did to a position, as it was stored. */
export type ToldExDate = ExDateEvent & { readonly at: number };

/** The answer to a question, free of language. Nothing in it changes a desk. */
export type Answer = { readonly at: number } & (
  | SystemAnswer
  | { readonly kind: 'help'; readonly topic: string | null }
  | { readonly kind: 'start'; readonly desks: readonly DeskView[] }
  | { readonly kind: 'status'; readonly desks: readonly DeskView[] }
  | { readonly kind: 'locks'; readonly desks: readonly DeskView[] }
  | { readonly kind: 'pending'; readonly desks: readonly DeskView[] }
  | {
      readonly kind: 'ticket';
      readonly ticket: Ticket;
      readonly orders: readonly Order[];
      readonly desk: DeskView;
    }
  | { readonly kind: 'ticket_unknown'; readonly code: string | null }
  | {
      readonly kind: 'why';
      readonly desk: DeskView;
      readonly target: string | null;
      readonly ticket: Ticket | null;
      /** The checkpoint behind it, of a desk that decides at checkpoints; null: none is stored. */
      readonly checkpoint: CheckpointRecord | null;
      /** Ex-dates of the asked name since it is held, or all of today; oldest first. */
      readonly exDates: readonly ToldExDate[];
    }
  | {
      readonly kind: 'positions';
      readonly desks: readonly DeskView[];
      /** Of desks of the Chinese market, by desk. */
      readonly held: Readonly<Record<string, readonly HeldFacts[]>>;
    }
  | { readonly kind: 'todo'; readonly desks: readonly DeskView[] }
  | { readonly kind: 'orders'; readonly desks: readonly DeskView[]; readonly filter: string | null }
  | {
      readonly kind: 'trades';
      readonly desks: readonly DeskView[];
      readonly count: number;
      readonly symbol: string | null;
    }
  | { readonly kind: 'pnl'; readonly desks: readonly DeskView[] }
  /** What desks mean to do in the session that is planned. */
  | { readonly kind: 'plan'; readonly desks: readonly DeskView[] }
  /** `isWhole`: with limits and measurements. */
  | { readonly kind: 'strategy'; readonly desks: readonly DeskView[]; readonly isWhole: boolean }
  | { readonly kind: 'balance'; readonly balances: readonly Balance[] }
  /** `of`: one name, those the chat watches, or those the desks follow. */
  | {
      readonly kind: 'prices';
      readonly of: 'name' | 'watched' | 'followed';
      readonly lines: readonly PriceLine[];
    }
  | { readonly kind: 'regime'; readonly desks: readonly DeskView[]; readonly symbol: string | null }
  | { readonly kind: 'accounts'; readonly accounts: readonly AccountLine[] }
  | { readonly kind: 'reconcile'; readonly accounts: readonly BothSides[] }
  /**
   * Gate and kill-switch of a desk that decides at checkpoints. `record`: the newest checkpoint asked
   * for, null when none is stored; `look`: the newest look of the kill-switch, null since a restart.
   */
  | {
      readonly kind: 'gates';
      readonly desk: DeskView;
      readonly checkpoint: string | null;
      readonly record: CheckpointRecord | null;
      readonly look: KillLook | null;
      readonly histories: readonly GateHistory[];
    }
  | {
      readonly kind: 'sectors';
      readonly desk: DeskView;
      readonly record: CheckpointRecord | null;
    }
  /** No desk here decides at checkpoints. */
  | { readonly kind: 'no_checkpoints' }
  | { readonly kind: 'calendar'; readonly agendas: readonly Agenda[] }
  | { readonly kind: 'report_missing'; readonly day: string | null }
  | { readonly kind: 'jobs'; readonly jobs: readonly JobLine[]; readonly zone: string }
  | { readonly kind: 'health'; readonly lines: readonly HealthLine[] }
  | { readonly kind: 'logs'; readonly lines: readonly string[] }
  /** Days of each desk added up; a desk without a recorded day is left out. */
  | { readonly kind: 'period'; readonly reports: readonly PeriodReport[] }
  | { readonly kind: 'ping'; readonly figures: Readonly<Record<string, number | string>> }
  /** Who may speak, and what they may do. */
  | {
      readonly kind: 'users';
      readonly users: readonly {
        /** `telegram:4711`. */
        readonly id: string;
        readonly name: string;
        readonly role: CommandRole;
        /** The user whose further chat it is; null: a person of its own. */
        readonly person: string | null;
      }[];
    }
  /** What this chat hears and speaks. */
  | {
      readonly kind: 'settings';
      readonly hearing: ChatHearing;
      readonly language: 'zh' | 'en';
      /** The zone the chat chose; null: none. */
      readonly chatZone: string | null;
    }
  | { readonly kind: 'whoami'; readonly actor: Actor; readonly language: 'zh' | 'en' }
);

export type AnswerKind = Answer['kind'];
