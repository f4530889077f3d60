import { streamOf } from '#app/event-form.ts';
import { type InstrumentId, symbolOf } from '#core/market/instrument.ts';
import { type ChatAccess, createAccess } from '#shell/chat/authorize.ts';
import { createOneTimeCodes } from '#shell/chat/one-time-codes.ts';
import { createVirtualClock } from '#shell/lib/virtual-clock.ts';
import { createMemoryStore } from '#shell/store/memory-store.ts';
import { boot, type Tamper, watchStandby } from './boot.ts';
import { Brokerage } from './brokerage.ts';
import { ChatServer } from './chat.ts';
import { SECRET } from './device.ts';
import { Disk } from './disk.ts';
import { drive } from './drive.ts';
import { creditEx } from './ex-dates.ts';
import { Faults } from './faults.ts';
import { Feed } from './feed.ts';
import { createMarket } from './market.ts';
import { createSpeaker } from './meaning.ts';
import { People, usersOf } from './people.ts';
import { isAfterHours, windowAt } from './phases.ts';
import type { Plan, SymbolIndex } from './plan.ts';
import { policyOf } from './policy.ts';
import { RUN_ID } from './process-parts.ts';
import { nextMorning, schedule } from './schedule.ts';
import { createShut } from './shut.ts';
import { dayOf, firstMoment, type Machine, MINUTE, ORIGIN, type Stage } from './stage.ts';
import { ToldAccount } from './told-account.ts';
import { Venue } from './venue.ts';
import { watchChats, watchWire } from './watchers.ts';
import { type Finding, Witness, type WitnessDeps } from './witness.ts';

export type PlayOptions = {
  readonly plan: Plan;
  readonly tamper?: Tamper;
  /** Keeps a line for everything that happens; without it nothing is written. */
  readonly isTraced?: boolean;
};

export type Played = {
  readonly finding: Finding | null;
  readonly sessions: number;
  readonly trace: readonly string[];
  /** How often something of interest happened, for a look at what a run reached. */
  readonly counts: Readonly<Record<string, number>>;
};

const BOOT_BEFORE_MS = 4 * MINUTE;
const KILL_WATCH_MS = 200;
const CHANNELS = ['telegram', 'second'] as const;

/** Plays one session from its plan and answers what an observer found. The same plan, the same bytes. */
export async function play(options: PlayOptions): Promise<Played> {
  const { plan } = options;
  const access = await createAccess({
    book: { load: async () => null, save: async () => undefined },
    clock: createVirtualClock({ startAt: ORIGIN }),
    defaultLanguage: 'en',
    configured: usersOf(plan),
    newPairingCode: () => 'PAIR2345',
    hasTerminal: false,
  });
  const counts: Record<string, number> = {};
  const trace: string[] = [];
  const tamper: Tamper = options.tamper ?? ((parts) => parts);
  const onStopped = () => watchStandby(stage, tamper)();
  const stage: Stage = setUp(
    plan,
    access,
    options.isTraced === true ? trace : null,
    counts,
    onStopped,
  );
  const { witness } = stage;
  const endAt = schedule(stage);
  boot(stage, tamper);
  const isOver = () => witness.finding !== null;
  await drive(stage.time, endAt, isOver, () => witness.step());
  if (witness.finding === null) await witness.tellAndWait('end', null);
  return { finding: witness.finding, sessions: plan.setting.days, trace, counts };
}

/** Builds the stage; its parts reach each other through it. */
function setUp(
  plan: Plan,
  access: ChatAccess,
  trace: string[] | null,
  counts: Record<string, number>,
  onStopped: () => void,
): Stage {
  const { setting } = plan;
  const policy = policyOf(setting);
  const time = createVirtualClock({ startAt: ORIGIN - BOOT_BEFORE_MS });
  const store = createMemoryStore(() => time.now(), {}, { isShared: !setting.isCopied });
  const now = firstMoment();
  const note = noteInto(trace, () => time.now());
  const count = (what: string) => {
    counts[what] = (counts[what] ?? 0) + 1;
  };
  const faults = new Faults(plan);
  const codes = setting.isLive ? createOneTimeCodes(SECRET, null) : null;
  const base = { plan, policy, time, faults, store, access, codes, now, note, count, onStopped };
  const stage: Stage = {
    ...base,
    ...setUpMarket(base, () => stage),
    ...setUpChat(base, () => stage),
  };
  return stage;
}

type Base = Pick<
  Stage,
  | 'plan'
  | 'policy'
  | 'time'
  | 'faults'
  | 'store'
  | 'access'
  | 'codes'
  | 'now'
  | 'note'
  | 'count'
  | 'onStopped'
>;

/** The exchange, the broker before it, and the feed. */
function setUpMarket(
  base: Base,
  stage: () => Stage,
): Pick<Stage, 'market' | 'shut' | 'venue' | 'brokerage' | 'told' | 'feed'> {
  const { plan, policy, time, faults, now, note, store } = base;
  const { setting } = plan;
  const { instruments, accountId, deskId, environment } = policy;
  const shut = createShut(plan);
  const market = createMarket(plan, shut, instruments, ORIGIN, nextMorning(setting));
  const symbolOfId = (id: InstrumentId) => instruments.indexOf(id) as SymbolIndex;
  const { feeMinor, cancelsGroup } = setting;
  const partOf = (nth: number) => faults.partOfEntry(nth);
  const { sellableAfterDays } = policy.execution;
  const rules = {
    feeMinor,
    cancelsGroup,
    partOf,
    sellableAfterDays,
    isLotted: policy.market === 'CN',
    isByHand: setting.isByHand,
    isHalted: (id: InstrumentId) => now.halted.has(symbolOfId(id)),
    windowAt: (id: InstrumentId, at: number) => windowAt(setting, id, at),
    isSuspended: (id: InstrumentId, at: number) => shut.isSuspended(symbolOfId(id), at),
  };
  const venue = new Venue(policy.capitalMinor, rules, (id) =>
    market.quoteAt(symbolOfId(id), time.now()),
  );
  const watcher = watchWire(stage);
  const usualMs = setting.brokerMs;
  const brokerage = new Brokerage({
    accountId,
    environment,
    venue,
    time,
    faults,
    usualMs,
    watcher,
  });
  const feed = new Feed({
    plan,
    originAt: ORIGIN,
    time,
    market,
    deskId,
    instruments,
    inbox: store.inbox,
    isStoreUp: () => !now.isStoreDown,
    isHalted: (symbol) => now.halted.has(symbol) || shut.isSuspended(symbol, time.now()),
    isSuspended: (symbol) => shut.isSuspended(symbol, time.now()),
    process: () => now.process,
    onTold: (quote) => stage().witness.tell('told', quote),
    note,
  });
  return { market, shut, venue, brokerage, told: new ToldAccount(venue), feed };
}

/** The chats, the people at them, and the observer. */
function setUpChat(
  base: Base,
  stage: () => Stage,
): Pick<Stage, 'servers' | 'speaking' | 'people' | 'witness' | 'disks'> {
  const { plan, policy, time, faults, now, note, store, access } = base;
  const watcher = watchChats(stage);
  const usualMs = plan.setting.chatMs;
  const servers = new Map(
    CHANNELS.map((name) => [
      name,
      new ChatServer({ name, time, faults, usualMs, watcher, isSilent: () => now.isSilent }),
    ]),
  );
  const [symbol = '', other = ''] = policy.instruments.map((id) => symbolOf(id));
  const words = () => ({
    day: now.session?.tradingDay ?? '',
    desk: policy.deskId,
    symbol,
    other,
    ...heldWords(stage().venue),
  });
  const killInTerminal = () =>
    stage().disks[now.machine].kill(time.now() + now.skewMs[now.machine]);
  const people = new People({
    plan,
    time,
    originAt: ORIGIN,
    servers,
    words,
    note,
    killInTerminal,
  });
  const witness = new Witness({
    policy,
    now: () => time.now(),
    deskNow: () => time.now() + now.skewMs[now.machine],
    venue: () => stage().venue,
    events: store.events,
    stream: streamOf(RUN_ID, policy.deskId),
    chats: access.chats('viewer').map((chat) => `${chat.channel}:${chat.chatId}`),
    session: () => now.session,
    process: () => now.process,
    wasQuoted: (quote) => stage().feed.wasQuoted(quote),
    isLinkUp: () => stage().brokerage.isLinkUp(),
    isStopped: () => now.stopped !== null && now.stopped === now.process?.life,
    isStoreUp: () => !now.isStoreDown,
    ...boundsOf(stage),
    onCommitted: (event) => {
      if (plan.setting.isByHand) stage().told.committed(event);
      creditEx(stage().venue, event, plan.setting.isByHand);
    },
    note,
  });
  const disk = (machine: Machine) =>
    new Disk(
      (isPresent) => killFileChanged(stage(), machine, isPresent),
      (life, kept) => stage().witness.tell('journaled', life, kept),
    );
  const disks = { first: disk('first'), second: disk('second') };
  return { servers, speaking: createSpeaker(), people, witness, disks };
}

/** What an observer knows of the days: who does not trade when, and how low a price may be. */
function boundsOf(
  stage: () => Stage,
): Pick<WitnessDeps, 'takesOrders' | 'isAfterHours' | 'isSuspended' | 'limitDown'> {
  const symbolIn = (id: InstrumentId) => stage().policy.instruments.indexOf(id) as SymbolIndex;
  return {
    takesOrders: (instrument, at) => windowAt(stage().plan.setting, instrument, at).takesOrders,
    isAfterHours: (at) => isAfterHours(stage().plan.setting, at),
    isSuspended: (instrument, at) => stage().shut.isSuspended(symbolIn(instrument), at),
    limitDown(instrument) {
      const { now, market } = stage();
      const day = now.session === null ? -1 : dayOf(now.session.tradingDay);
      return day < 0 ? null : market.limitDownOf(symbolIn(instrument), day);
    },
  };
}

/** What a person reads off their account, as `/reconcile` takes it. */
function heldWords({ holdings, cashMinor }: Venue): { holdings: string; cash: string } {
  const held = [...holdings].map(([id, { quantity }]) => `${symbolOf(id)} ${quantity}`);
  return { holdings: held.join(' '), cash: (cashMinor / 100).toFixed(2) };
}

/** Lines begin with the seconds since the first open. */
function noteInto(trace: string[] | null, now: () => number): (words: string) => void {
  if (trace === null) return () => undefined;
  return (words) => {
    const ms = now() - ORIGIN;
    const seconds = (Math.abs(ms) / 1000).toFixed(3).padStart(8, '0');
    trace.push(`${ms < 0 ? '-' : '+'}${seconds} ${words}`);
  };
}

/** Whoever changes the kill file of a machine, its process sees it a moment later. */
function killFileChanged(stage: Stage, machine: Machine, isPresent: boolean): void {
  const { time, disks, now } = stage;
  stage.note(`kill file ${isPresent ? 'written' : 'removed'}`);
  if (isPresent) stage.witness.tell('killFileWritten', machine);
  const running = now.process;
  time.at(time.now() + KILL_WATCH_MS, () => {
    const reader = now.machine === machine ? now.process : running;
    reader?.life.run(() => reader.killFileChanged(disks[machine].see(), 'kill file'));
  });
}
