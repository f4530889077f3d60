import type { OneTimeCodes } from '#app/ports.ts';
import type { Policy } from '#core/engine/policy.ts';
import { instantAt, type Session } from '#core/market/session.ts';
import type { ChatAccess } from '#shell/chat/authorize.ts';
import type { VirtualClock } from '#shell/lib/virtual-clock.ts';
import type { MemoryStore } from '#shell/store/memory-store.ts';
import type { Brokerage } from './brokerage.ts';
import type { ChatServer } from './chat.ts';
import type { Disk } from './disk.ts';
import type { Faults } from './faults.ts';
import type { Feed } from './feed.ts';
import type { Life } from './life.ts';
import type { Market } from './market.ts';
import type { createSpeaker } from './meaning.ts';
import type { People } from './people.ts';
import type { ChannelName, Plan, SymbolIndex } from './plan.ts';
import type { DeskProcess } from './process-parts.ts';
import type { Shut } from './shut.ts';
import type { ToldAccount } from './told-account.ts';
import type { Venue } from './venue.ts';
import type { Witness } from './witness.ts';

export const MINUTE = 60_000;

/** Trading days of a session, the first and the one after it. */
export const DAYS = ['2026-11-20', '2026-11-23'] as const;

/** The first open: all instants of a plan count from it. */
export const ORIGIN = instantAt(DAYS[0], '09:30', 'America/New_York');

/** Night between two days; shorter than a real one, nothing happens in it. */
const NIGHT_MS = 18 * MINUTE;

/** A trading day by its place; -1 where it is none of the session's. */
export function dayOf(tradingDay: string): number {
  return (DAYS as readonly string[]).indexOf(tradingDay);
}

/** Open of a trading day, counted from 0. */
export function openOf({ minutes }: Plan['setting'], day: number): number {
  return ORIGIN + day * (minutes * MINUTE + NIGHT_MS);
}

/** The machines a desk can run on; the second one only where there is a standby. */
export type Machine = 'first' | 'second';

/** Everything of one simulated session, and what of it changes. */
export type Stage = {
  readonly plan: Plan;
  readonly policy: Policy;
  readonly time: VirtualClock;
  readonly market: Market;
  readonly shut: Shut;
  readonly faults: Faults;
  readonly venue: Venue;
  readonly brokerage: Brokerage;
  /** What a person who executes by hand has told of the account. */
  readonly told: ToldAccount;
  readonly store: MemoryStore;
  readonly disks: Readonly<Record<Machine, Disk>>;
  readonly feed: Feed;
  readonly servers: ReadonlyMap<ChannelName, ChatServer>;
  readonly access: ChatAccess;
  /** What the machine remembers of one-time codes, also over restarts; null: no device is enrolled. */
  readonly codes: OneTimeCodes | null;
  readonly speaking: ReturnType<typeof createSpeaker>;
  readonly people: People;
  readonly witness: Witness;
  readonly now: Moment;
  /** The leader was stopped: whoever waits for its silence begins to look. */
  readonly onStopped: () => void;
  /** Adds a line to the trace, where one is kept. */
  readonly note: (words: string) => void;
  readonly count: (what: string) => void;
};

/** What changes while a session plays. */
export type Moment = {
  process: DeskProcess | null;
  session: Session | null;
  /** The machine of the newest process. */
  machine: Machine;
  /** What each machine's clock shows beyond the true time. */
  readonly skewMs: Record<Machine, number>;
  /** The process that was stopped and has not gone on; null: none. */
  stopped: Life | null;
  isStoreDown: boolean;
  /** Nothing is delivered to any chat. */
  isSilent: boolean;
  /** Symbols whose trading is halted, by their place in the policy. */
  readonly halted: Set<SymbolIndex>;
  /** Nothing goes wrong any more. */
  isQuiet: boolean;
  /** How long the process that dies next stays down. */
  downMs: number;
  lives: number;
  nonces: number;
};

export const RESTART_MS = 5_000;

export function firstMoment(): Moment {
  return {
    process: null,
    session: null,
    machine: 'first',
    skewMs: { first: 0, second: 0 },
    stopped: null,
    isStoreDown: false,
    isSilent: false,
    halted: new Set(),
    isQuiet: false,
    downMs: RESTART_MS,
    lives: 0,
    nonces: 0,
  };
}
