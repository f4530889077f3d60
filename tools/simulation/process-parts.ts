import type { Desk } from '#app/desk.ts';
import type { Decide } from '#app/desk-deps.ts';
import type { isOfferOver } from '#app/offer-over.ts';
import type {
  Access,
  Broker,
  ByHand,
  Channel,
  Clock,
  Fence,
  Journal,
  KillFile,
  OneTimeCodes,
  OutboxRow,
} from '#app/ports.ts';
import type { Speaker } from '#app/reply-rows.ts';
import type { Policy } from '#core/engine/policy.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import type { KillSaid } from './disk.ts';
import type { Life } from './life.ts';
import type { DeskTables } from './store-wire.ts';

export const RUN_ID = 'live';
/** Everything of one process that a planted bug may replace. Untouched, it is what the product wires. */
export type Parts = {
  decide: Decide;
  broker: Broker;
  /** The person's side of a broker that is a person; null: it is none. */
  byHand: ByHand | null;
  /** Whether the process still leads; null: no other can. */
  fence: Fence | null;
  tables: DeskTables;
  journal: Journal;
  killFile: KillFile;
  /** Rows right after their commit, on their way to the lanes. */
  rows: (rows: readonly OutboxRow[]) => readonly OutboxRow[];
  channels: readonly Channel[];
  /** Whether what a card offers was answered since. */
  isOver: typeof isOfferOver;
  access: Access;
  /** One-time codes of the enrolled device; null: none is. */
  codes: OneTimeCodes | null;
};

export type ProcessDeps = {
  readonly life: Life;
  readonly policy: Policy;
  readonly clock: Clock;
  readonly parts: Parts;
  readonly speaker: Speaker;
  readonly snapshotEvery: number;
  readonly sweepMs: number;
  readonly newNonce: () => string;
  readonly fetchQuote: (instrument: InstrumentId, timeoutMs: number) => Promise<Quote | null>;
  /** The kill in the file of this machine, as the watch shows it. */
  readonly seeKillFile: () => KillSaid | null;
  /** The desk has decided on what the watch has shown it. */
  readonly onKillSeen: (at: number | null) => void;
  readonly onRows: (rows: readonly OutboxRow[]) => void;
  readonly onRecovered: (process: DeskProcess) => void;
  readonly onTrouble: (place: string, error: unknown) => void;
};

/** One running process: what the wiring of the product makes of the app ring, over simulated ports. */
export type DeskProcess = {
  readonly life: Life;
  readonly desk: Desk;
  /** True once it has recovered and reconciled for the first time. */
  isRecovered: boolean;
  /** The kill file was seen to change by the watch: what it says, null when it is gone. */
  killFileChanged(said: KillSaid | null, by: string): void;
  quote(quote: Quote): void;
  /** The feed says that the exchange halted a symbol or lets it trade again. */
  halt(instrument: InstrumentId, isHalted: boolean): void;
};

export type OnTrouble = (place: string, error: unknown) => void;
