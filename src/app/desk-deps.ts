import type { decide } from '#core/engine/decide.ts';
import type { Event } from '#core/engine/event.ts';
import type { Input } from '#core/engine/input.ts';
import type { Policy } from '#core/engine/policy.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import type { StepOptions, StepOutcome } from './desk-handle.ts';
import type { PushTarget } from './fan-out.ts';
import type { PersonDesks } from './person-desks.ts';
import type {
  Activity,
  Broker,
  Clock,
  EventLog,
  InputLog,
  Journal,
  KillFile,
  Outbox,
  OutboxRow,
  StateSnapshots,
  StoredEvent,
} from './ports.ts';

/** The function that decides. */
export type Decide = typeof decide;

/** What a desk needs from outside. */
export type DeskDeps = {
  readonly policy: Policy;
  readonly runId: string;
  readonly configHash: string;
  readonly codeVersion: string;
  readonly clock: Clock;
  readonly events: EventLog;
  readonly inputs: InputLog;
  readonly snapshots: StateSnapshots;
  readonly journal: Journal;
  readonly outbox: Pick<Outbox, 'dropActed'>;
  /** See `UrgentLaneDeps`. */
  readonly flushed?: () => Promise<void>;
  readonly killFile: KillFile;
  readonly broker: Broker;
  readonly activity: Activity;
  /** The person's desks in this process; left out where one runs alone. */
  readonly person?: PersonDesks;
  readonly targets: () => readonly PushTarget[];
  readonly fetchQuote: (instrument: InstrumentId, timeoutMs: number) => Promise<Quote | null>;
  /** Rows just committed, to be performed; id 0: decided with the store down, kept in the journal only. */
  readonly handOver: (rows: readonly OutboxRow[]) => void;
  readonly onStep?: (step: {
    input: Input;
    events: readonly Event[];
    version: number;
    ms: number;
  }) => void;
  readonly onTrouble: (place: string, error: unknown) => void;
  /**
   * Stands in for the one `decide`, for a simulation that plants a bug and must find it. Live, paper,
   * replay and backtest leave it out.
   */
  readonly decide?: Decide;
  /** Events between two snapshots of the state; default 500. */
  readonly snapshotEvery?: number;
  /** Monotonic milliseconds, for figures only. */
  readonly stopwatch: () => number;
};

/** Events of an earlier, interrupted execution of the same inputs; see `resume`. */
export type Known = {
  readonly events: readonly StoredEvent[];
  readonly rows: ReadonlyMap<string, OutboxRow>;
  /** Ordinals of inputs that are recorded already. */
  readonly inputs: number;
};

/** An input in a desk's queue. */
export type Waiting = {
  readonly input: Input;
  readonly options: StepOptions;
  readonly resolve: (outcome: StepOutcome) => void;
  readonly reject: (error: unknown) => void;
};
