import { reason } from '#core/gates/reason.ts';
import { type CalendarTable, previousTradingDays } from '#core/market/calendar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { instantAt, type Session } from '#core/market/session.ts';
import type { ExDateFacts } from '#core/portfolio/ex-date.ts';
import type { FetchNote } from '#core/quality/note.ts';
import type { SectorPulseParams } from '#core/strategies/sector-pulse/params.ts';
import type { CnMarketSource, MorningCn } from './cn-market.ts';
import { exDateFactsOf } from './live-ex-dates.ts';
import { type EarlierBars, gatherSight, morningSight } from './live-sight.ts';
import {
  doubtMarket,
  failuresIn,
  LOOKS_IN_VAIN,
  type SourceFailure,
  trustMarket,
} from './market-doubt.ts';
import { createPulseDay, type PulseDay, type PulseSight } from './play-pulse-day.ts';
import type { Cancellation, Clock } from './ports.ts';
import type { RemoteDesk } from './remote-desk.ts';

/*
 * What the jobs of a live A-share desk do. Each waits for its instants, gathers within a budget and
 * hands its finding to the desk, which decides. Nothing here is remembered between two jobs.
 */

/** Wall times of the day. Source: sector-pulse and the issue, jobs. */
export const PULSE_TIMES = {
  morning: '09:00',
  exDates: '09:08',
  sheet: '09:10',
  auction: '09:26',
  report: '15:20',
  final: '15:40',
} as const;

/** Gathering of what is known before a look begins this long ahead of it. Source: sector-pulse. */
export const GATHER_AHEAD_MS = 120_000;
const MINUTE_MS = 60_000;
/** Time the morning's material may take; it is asked for ahead of the look. */
const MORNING_BUDGET_MS = 100_000;
/** A look of the watch has to be done before the next one. */
const WATCH_BUDGET_MS = 20_000;
/** How long the desk's process is given to plan a day before a checkpoint goes on without. */
const PLAN_PATIENCE_MS = 10_000;
const LOOK_AGAIN_MS = 250;
const EARLIER_DAYS = 5;

export type PulseJob = {
  readonly desk: RemoteDesk;
  readonly market: CnMarketSource;
  readonly session: Session;
  readonly calendar: CalendarTable;
  readonly params: SectorPulseParams;
  readonly clock: Clock;
  /** How long a checkpoint may wait for its data, whatever hangs. */
  readonly budgetMs: number;
  readonly signal: Cancellation;
  /** A line for the log; never a secret. */
  readonly onNote: (place: string, notes: readonly FetchNote[]) => void;
};

/** What a job came to, for its report. */
export type PulseJobDone = { readonly line: string; readonly figures: Record<string, unknown> };

/** Waits on the clock; true when it was told to stop. */
function sleepUntil(job: PulseJob, instant: number): Promise<boolean> {
  const { clock, signal } = job;
  if (signal.aborted || clock.now() >= instant) return Promise.resolve(signal.aborted);
  return new Promise((resolve) => {
    const end = () => {
      timer.cancel();
      signal.removeEventListener('abort', end);
      resolve(signal.aborted);
    };
    const timer = clock.at(instant, end);
    signal.addEventListener('abort', end);
  });
}

function wallOf({ session }: PulseJob, time: string): number {
  return instantAt(session.tradingDay, time, session.zone);
}

/** Names the desk holds or has something open in, and those it watches. */
function namesOf(job: PulseJob): { held: InstrumentId[]; watched: readonly InstrumentId[] } {
  const day = dayOf(job, null);
  return { held: day.names(), watched: job.desk.state().pulse?.watching?.instruments ?? [] };
}

/** A sight for what needs no market; looks through another one are made anew each time. */
const NOTHING: PulseSight = {
  inputsAt: () => {
    throw new Error('pulse job: a look without a sight');
  },
  quoteAt: () => null,
  heldPriceAt: () => null,
  buyPointLookAt: () => null,
  factsOf: () => null,
};

function dayOf(job: PulseJob, sight: PulseSight | null): PulseDay {
  const { desk, session, calendar, params } = job;
  return createPulseDay({ desk, sight: sight ?? NOTHING, session, calendar, params });
}

/** The morning's material, or why there is none: what each source did, for a verdict. */
type Morning = { readonly data: MorningCn | null; readonly failures: readonly SourceFailure[] };

/** Material of the morning; without data when not even the list of shares could be had. */
async function morningOf(job: PulseJob, place: string): Promise<Morning> {
  const { market, session, clock, signal } = job;
  const deadlineAt = clock.now() + MORNING_BUDGET_MS;
  const found = await market.morning(session.tradingDay, { deadlineAt, signal });
  if (found.note.length > 0) job.onNote(`${place} morning`, found.note);
  return { data: found.data, failures: failuresIn(found.note) };
}

async function sightOf(
  job: PulseJob,
  morning: MorningCn,
  deadlineAt: number,
  earlier: EarlierBars,
  place: string,
): Promise<PulseSight> {
  const { market, session, calendar, signal } = job;
  const { held, watched } = namesOf(job);
  const earlierDays = previousTradingDays(calendar, session.tradingDay, EARLIER_DAYS) ?? [];
  const { sight, note } = await gatherSight(market, morning, session, {
    names: held,
    watched,
    ask: { deadlineAt, signal },
    earlier,
    earlierDays,
  });
  if (note.length > 0) job.onNote(place, note);
  return sight;
}

/** Plans the day in the desk where it is not planned yet, and waits until the desk has it. */
export async function ensurePlanned(job: PulseJob, morning: MorningCn | null): Promise<void> {
  const { desk, session, clock } = job;
  await desk.refresh();
  const isPlanned = () => desk.state().day?.tradingDay === session.tradingDay;
  if (isPlanned()) return;
  const sight = morning === null ? null : morningSight(morning);
  await dayOf(job, sight).plan(clock.now());
  const until = clock.now() + PLAN_PATIENCE_MS;
  while (!isPlanned() && clock.now() < until) {
    if (await sleepUntil(job, clock.now() + LOOK_AGAIN_MS)) return;
    await desk.refresh();
  }
}

/** The material with the terms that came on file since it was gathered. */
async function withTermsOnFile(job: PulseJob, morning: MorningCn): Promise<MorningCn> {
  const onFile = await job.market.exDatesOnFile(job.session.tradingDay);
  if (onFile.length === 0) return morning;
  const filed = onFile.map((action) => [action.instrument, action] as const);
  const actions = new Map([...filed, ...(morning.facts.actions ?? [])]);
  return { ...morning, facts: { ...morning.facts, actions } };
}

/** Tells the desk what is known of ex-dates of these names; asked again, it restates each once. */
async function tellExDates(
  job: PulseJob,
  morning: MorningCn,
  held: readonly InstrumentId[],
): Promise<readonly ExDateFacts[]> {
  const { desk, market, session, clock, budgetMs, signal } = job;
  if (held.length === 0) return [];
  const ask = { deadlineAt: clock.now() + budgetMs, signal };
  const { data } = await market.quotes(held, ask);
  const exDates = exDateFactsOf(morning, data ?? [], held);
  const { tradingDay } = session;
  if (exDates.length > 0)
    await desk.submit({ kind: 'ex_dates_known', at: clock.now(), tradingDay, exDates });
  return exDates;
}

function heldNames(job: PulseJob): InstrumentId[] {
  return Object.values(job.desk.state().positions).map(({ instrument }) => instrument);
}

/** Names whose ex-date waits for terms, and which have some now; each terms are `told` once. */
async function tellLateTerms(
  job: PulseJob,
  morning: MorningCn,
  told: Set<InstrumentId>,
): Promise<void> {
  const positions = Object.values(job.desk.state().positions);
  const open = positions.filter(({ exDateOpen }) => exDateOpen != null);
  if (open.length === 0) return;
  const known = await withTermsOnFile(job, morning);
  const { tradingDay } = job.session;
  const names = open
    .map(({ instrument }) => instrument)
    .filter((one) => known.facts.actions?.get(one)?.exDate === tradingDay)
    // what the morning knew it told, and the exchange's close did not confirm it
    .filter((one) => morning.facts.actions?.get(one)?.exDate !== tradingDay && !told.has(one));
  for (const { instrument, officialPreviousClose } of await tellExDates(job, known, names)) {
    if (officialPreviousClose !== null) told.add(instrument);
  }
}

/**
 * Names of earlier days that the watch meets for the first time: a purchase told only now, or after a restart, has missed
 * the morning's ex-dates.
 */
async function tellMissed(
  job: PulseJob,
  morning: MorningCn,
  met: Set<InstrumentId>,
): Promise<void> {
  const { tradingDay } = job.session;
  const names = Object.values(job.desk.state().positions)
    .filter((held) => held.tradingDay !== tradingDay && held.exDate !== tradingDay)
    .filter((held) => held.exDateOpen == null && !met.has(held.instrument))
    .map(({ instrument }) => instrument);
  if (names.length === 0) return;
  for (const { instrument } of await tellExDates(job, await withTermsOnFile(job, morning), names))
    met.add(instrument);
}

/** Before the open: the plan, the kill-switch at 9:00, the sheet at 9:10, the auction at 9:26. */
export async function runMorning(job: PulseJob): Promise<PulseJobDone> {
  const { desk, clock, budgetMs } = job;
  const done: string[] = [];
  let { data: morning } = await morningOf(job, 'cn-morning');
  await ensurePlanned(job, morning);
  // nothing trades yet: no doubt is told of what may still come before the first price
  while (morning === null && clock.now() + MINUTE_MS < wallOf(job, PULSE_TIMES.auction)) {
    if (await sleepUntil(job, clock.now() + MINUTE_MS)) break;
    morning = (await morningOf(job, 'cn-morning')).data;
  }
  if (morning === null) return { line: 'planned; no list of shares', figures: { done } };
  const known = morning;
  const before = morningSight(known);
  const steps: readonly (readonly [string, () => Promise<unknown>])[] = [
    [PULSE_TIMES.morning, () => dayOf(job, before).look(clock.now(), 'morning')],
    [PULSE_TIMES.exDates, () => tellExDates(job, known, heldNames(job))],
    [PULSE_TIMES.sheet, () => dayOf(job, before).sheet(clock.now())],
    [
      PULSE_TIMES.auction,
      async () => {
        await tellExDates(job, await withTermsOnFile(job, known), heldNames(job));
        const sight = await sightOf(job, known, clock.now() + budgetMs, new Map(), 'auction');
        await dayOf(job, sight).look(clock.now(), 'auction');
      },
    ],
  ];
  for (const [time, act] of steps) {
    // a step whose successor is due already is told by the successor
    const next = steps[steps.findIndex(([one]) => one === time) + 1]?.[0];
    if (next !== undefined && clock.now() >= wallOf(job, next)) continue;
    if (await sleepUntil(job, wallOf(job, time))) break;
    await desk.refresh();
    await act();
    done.push(time);
  }
  return { line: `planned, judged at ${done.join(', ') || 'no time'}`, figures: { done } };
}

/** Concentration of the checkpoint, kept so that later days have something to compare with. */
async function keep(job: PulseJob, sight: PulseSight, checkpoint: string): Promise<void> {
  const { market, session, clock, desk } = job;
  const { snapshot } = sight.inputsAt(clock.now());
  if (snapshot === null) return;
  await desk.refresh();
  const value = concentrationIn(snapshot.turnover);
  if (value !== null)
    await market.keepConcentration(session.tradingDay, checkpoint, value, clock.now());
}

const MOST_TRADED = 20;

function concentrationIn(turnover: Float64Array): number | null {
  const known = Array.from(turnover).filter((value) => value >= 0);
  const total = known.reduce((sum, value) => sum + value, 0);
  if (!(total > 0)) return null;
  known.sort((a, b) => b - a);
  return known.slice(0, MOST_TRADED).reduce((sum, value) => sum + value, 0) / total;
}

/**
 * A checkpoint: material ahead of it, then a look within the budget counted from its instant. What did
 * not come by then is missing in the record, and the verdict says so; the gate does not pass on it.
 */
export async function runCheckpoint(job: PulseJob, checkpoint: string): Promise<PulseJobDone> {
  const { desk, clock, budgetMs } = job;
  const at = wallOf(job, checkpoint);
  const { data: morning, failures } = await morningOf(job, checkpoint);
  await ensurePlanned(job, morning);
  if (await sleepUntil(job, at)) return { line: `${checkpoint}: canceled`, figures: {} };
  if (morning === null) {
    const why = failures.map((failure) => reason('data_not_ready', failure));
    await desk.submit({
      kind: 'checkpoint_missed',
      at: clock.now(),
      tradingDay: job.session.tradingDay,
      checkpoint,
      reasons: [reason('checkpoint_missed', { checkpoint, cause: 'no_share_list' }), ...why],
    });
    return { line: `${checkpoint}: missed, no list of shares`, figures: { checkpoint } };
  }
  await desk.refresh();
  const deadlineAt = Math.max(at, clock.now()) + budgetMs;
  const sight = await sightOf(job, morning, deadlineAt, new Map(), checkpoint);
  const lateMs = clock.now() - at;
  await desk.refresh();
  await dayOf(job, sight).checkpoint(clock.now(), checkpoint);
  await keep(job, sight, checkpoint);
  const { snapshot } = sight.inputsAt(clock.now());
  const what = snapshot === null ? 'no look at the market' : `a look of ${snapshot.source}`;
  return { line: `${checkpoint}: judged on ${what}`, figures: { checkpoint, lateMs } };
}

/** The morning's material, asked for until it is there or the time is over; meanwhile the desk is in doubt. */
async function insistOnMorning(job: PulseJob, untilAt: number): Promise<MorningCn | null> {
  const { clock } = job;
  for (;;) {
    const { data, failures } = await morningOf(job, 'cn-watch');
    // the doubt passes with the first look, not with what may have been on file
    if (data !== null) return data;
    await doubtMarket(job, failures);
    const next = clock.now() + MINUTE_MS;
    if (next >= untilAt || (await sleepUntil(job, next))) return null;
  }
}

/** True when neither the market nor any name of the desk could be seen. */
function isBlind(job: PulseJob, sight: PulseSight): boolean {
  const at = job.clock.now();
  if (sight.inputsAt(at).snapshot !== null) return false;
  return namesOf(job).held.every((instrument) => sight.quoteAt(instrument, at) === null);
}

/** Each minute in session until `untilAt`: kill-switch, held names, buy points. Breaks are left out. */
export async function runWatch(job: PulseJob, untilAt: number): Promise<PulseJobDone> {
  const { desk, session, clock } = job;
  const morning = await insistOnMorning(job, untilAt);
  if (morning === null) return { line: 'no list of shares, nothing watched', figures: {} };
  await ensurePlanned(job, morning);
  const earlier: EarlierBars = new Map();
  const told = new Set<InstrumentId>();
  const met = new Set<InstrumentId>();
  let minutes = 0;
  let inVain = 0;
  let next = Math.max(session.openAt + MINUTE_MS, nextMinute(clock.now()));
  while (next <= Math.min(untilAt, session.closeAt - MINUTE_MS)) {
    if (await sleepUntil(job, next)) break;
    const isBreak = session.breaks.some(({ fromAt, toAt }) => next > fromAt && next <= toAt);
    if (!isBreak) {
      await desk.refresh();
      await tellMissed(job, morning, met);
      await tellLateTerms(job, morning, told);
      const deadlineAt = clock.now() + WATCH_BUDGET_MS;
      const sight = await sightOf(job, morning, deadlineAt, earlier, 'watch');
      await desk.refresh();
      inVain = isBlind(job, sight) ? inVain + 1 : 0;
      if (inVain === 0) await trustMarket(job);
      await dayOf(job, sight).watch(clock.now());
      if (inVain === LOOKS_IN_VAIN)
        await doubtMarket(job, failuresIn(sight.inputsAt(clock.now()).notes ?? []));
      minutes += 1;
    }
    next = Math.max(next + MINUTE_MS, nextMinute(clock.now()));
  }
  return { line: `${minutes} minutes watched`, figures: { minutes } };
}

function nextMinute(at: number): number {
  return Math.floor(at / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
}

/** The report of 15:20, and its last word at 15:40, when after-hours trading is over and reported. */
export async function runClose(job: PulseJob): Promise<PulseJobDone> {
  const { desk, clock, budgetMs } = job;
  const { data: morning } = await morningOf(job, 'cn-close');
  const look = async (): Promise<PulseDay> => {
    await desk.refresh();
    const sight =
      morning === null
        ? null
        : await sightOf(job, morning, clock.now() + budgetMs, new Map(), 'close');
    return dayOf(job, sight);
  };
  await (await look()).close(clock.now());
  if (await sleepUntil(job, wallOf(job, PULSE_TIMES.final)))
    return { line: 'closed; the last word is not said', figures: {} };
  await (await look()).finish(clock.now());
  return { line: 'closed and reported', figures: {} };
}
