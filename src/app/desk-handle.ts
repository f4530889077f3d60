import type { Event } from '#core/engine/event.ts';
import type { Input } from '#core/engine/input.ts';
import type { Policy } from '#core/engine/policy.ts';
import type { DeskState } from '#core/engine/state.ts';
import type { MarketView } from '#core/engine/view.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import type { Actor } from '#core/replies/act.ts';
import type { NewAuditRow } from './ports.ts';

/** What a step is to do beside its events, in the same transaction. */
export type StepOptions = {
  readonly inboxDone?: { readonly id: number; readonly result: unknown };
  /** The row that is answered, where it is not done with this step: drained again it is not decided again. */
  readonly row?: number;
  readonly audit?: readonly NewAuditRow[];
  readonly correlationId?: string | null;
};

export type StepOutcome = { readonly events: readonly Event[]; readonly state: DeskState };

/** What the immediate lane did before anything was stored. */
export type KillReceipt = {
  /** Orders whose cancel was handed to the broker, in order. */
  readonly canceledOrderIds: readonly string[];
  readonly protectionKept: number;
  /** Milliseconds from the call to the first cancel handed to the broker; null when there was nothing to cancel. */
  readonly firstCancelMs: number | null;
  /** Orders at the broker that the desk did not know and that were canceled as well; told once they were. Never rejects. */
  readonly strangers: Promise<readonly string[]>;
  /** Resolves once the act was decided and is in the log or the journal; rejects when it could not be. */
  readonly decided: Promise<unknown>;
};

/** One running desk as the conversation sees it. */
export interface DeskHandle {
  readonly policy: Policy;
  /** Newest committed state; read only. */
  readonly state: () => DeskState;
  /** Prices and indicators seen last; a fold of inputs, empty after a restart. */
  readonly view: () => MarketView;
  /** Queues an input; resolves once its events are committed and its effects handed over. */
  submit(input: Input, options?: StepOptions): Promise<StepOutcome>;
  /**
   * Resolves once all that was decided so far is in the log; rejects with StoreError while some of it is
   * in the journal of this machine only, where another one that takes over would not see it.
   */
  stored(): Promise<void>;
  /** A quote stamped with its own instant; null when none could be had within `timeoutMs`. */
  fetchQuote(instrument: InstrumentId, timeoutMs: number): Promise<Quote | null>;
  /**
   * Stage 1 at once and synchronously: blocks entries in memory, hands the cancels of entry orders to
   * the broker, writes kill file and journal, then queues the act. Touches neither store nor worker first.
   * `updateKey` names the message, `<channel>:<update id>`: one that has taken effect before, in this
   * process or an earlier one, does nothing. `isWritten`: its kill file is there already and stays as it is.
   */
  killNow(
    actor: Actor,
    scope: string,
    sentAt: number,
    updateKey?: string,
    isWritten?: boolean,
  ): KillReceipt;
  /** STOP at once: as `killNow`, without kill file and latch. */
  stopNow(actor: Actor, reason: string | null, sentAt: number, updateKey?: string): KillReceipt;
}
