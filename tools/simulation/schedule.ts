import type { Blackout } from '#core/engine/state.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { InstrumentDayCn } from '#core/market/instrument-day.ts';
import type { Session } from '#core/market/session.ts';
import { exDatesOf, scheduleExDates } from './ex-dates.ts';
import { auctionOf, closingOf, noonOf } from './phases.ts';
import type { Item, Setting, SymbolIndex } from './plan.ts';
import { DAYS, MINUTE, ORIGIN, openOf, type Stage } from './stage.ts';

const PLAN_BEFORE_MS = 3 * MINUTE;
const CLOSE_AFTER_MS = MINUTE;
/** Time after the last close with every fault over, so that what is owed can be paid. */
const QUIET_MS = 6 * MINUTE;

/** From here on prices are those of the second day. */
export function nextMorning(setting: Setting): number {
  return auctionOf(openOf(setting, 1));
}

/** Sets everything going that has an instant of its own; answers when the session is over. */
export function schedule(stage: Stage): number {
  const { setting } = stage.plan;
  const { days, minutes } = setting;
  for (let day = 0; day < days; day += 1) {
    const openAt = openOf(setting, day);
    scheduleDay(stage, day, openAt, openAt + minutes * MINUTE);
  }
  const lastClose = openOf(setting, days - 1) + minutes * MINUTE;
  for (const item of stage.plan.items) scheduleItem(stage, item);
  stage.time.at(lastClose + CLOSE_AFTER_MS + 1_000, () => endFaults(stage));
  return lastClose + CLOSE_AFTER_MS + QUIET_MS;
}

function sessionOf(stage: Stage, day: number, openAt: number, closeAt: number): Session {
  const tradingDay = DAYS[day] ?? DAYS[0];
  const { zone, market } = stage.policy;
  const breaks = market === 'CN' ? [noonOf(openAt, closeAt)] : [];
  return { market, tradingDay, zone, openAt, closeAt, isEarlyClose: false, breaks };
}

/** One trading day: planned, opened, followed bar by bar, closed, reported. */
function scheduleDay(stage: Stage, day: number, openAt: number, closeAt: number): void {
  const { time, feed, venue, brokerage, policy, now } = stage;
  const session = sessionOf(stage, day, openAt, closeAt);
  const { tradingDay } = session;
  const facts = policy.instruments.map((instrument) => ({
    instrument,
    ma20: 99,
    atr20d: 2,
    previousClose: 99.5,
    usualDays: 20,
    instrumentDay: policy.market === 'CN' ? instrumentDay(stage, instrument, day) : null,
  }));
  const isFollowed = policy.market === 'CN' && day === 1;
  if (isFollowed) scheduleExDates(stage, openAt - PLAN_BEFORE_MS, openAt);
  time.at(openAt - PLAN_BEFORE_MS, () => {
    now.session = session;
    const kind = 'session_planned';
    const exDates = isFollowed ? { exDates: exDatesOf(stage, false) } : {};
    const blackouts = blackoutsOf(stage, day, openAt);
    feed.handIn(`plan:${tradingDay}`, {
      kind,
      at: time.now(),
      session,
      blackouts,
      facts,
      ...exDates,
    });
  });
  time.at(auctionOf(openAt), () => venue.beginDay());
  time.at(openAt, () => {
    venue.open(time.now());
    brokerage.flush();
  });
  for (const pause of session.breaks) {
    time.at(pause.fromAt, () => {
      venue.isOpen = false;
    });
    time.at(pause.toAt, () => {
      venue.isOpen = true;
    });
  }
  if (policy.market === 'CN')
    time.at(closingOf(closeAt), () => {
      venue.isOpen = false;
    });
  time.at(closeAt, () => {
    venue.close(time.now());
    brokerage.flush();
  });
  time.at(closeAt + CLOSE_AFTER_MS, () =>
    feed.handIn(`close:${tradingDay}`, { kind: 'session_closed', at: time.now(), labels: [] }),
  );
  feed.playBars(session, day);
  tick(stage, openAt, closeAt);
}

/** What the calendar has for a day. */
function blackoutsOf({ plan, policy }: Stage, day: number, openAt: number): Blackout[] {
  return plan.items.flatMap((item, index): Blackout[] => {
    if (item.kind !== 'event' || item.day !== day) return [];
    const instrument = item.symbol === null ? undefined : policy.instruments[item.symbol];
    return [
      {
        fromAt: openAt + item.fromMinute * MINUTE,
        toAt: openAt + item.toMinute * MINUTE,
        name: `event ${index}`,
        wholeDay: item.isWholeDay,
        ...(instrument === undefined ? {} : { instruments: [instrument] }),
      },
    ];
  });
}

/** Facts of a Chinese share that is listed for long and, unless it is suspended, trades on. */
function instrumentDay(stage: Stage, instrument: InstrumentId, day: number): InstrumentDayCn {
  const symbol = stage.policy.instruments.indexOf(instrument) as SymbolIndex;
  const tradingDay = DAYS[day] ?? DAYS[0];
  return {
    instrument,
    tradingDay,
    previousClose: stage.market.previousCloseOf(symbol, day),
    status: 'normal',
    listedOn: '2002-04-09',
    listedForDays: 5_000,
    firstDayOf: 'none',
    vendorLimits: null,
    isSuspended: stage.shut.isSuspendedAllDay(symbol, day),
    halts: stage.shut.haltsOf(symbol, day),
    isSameDaySale: false,
    closePrice: null,
  };
}

/** A quote of every symbol: to the exchange, then to the desk, then the next ones. */
function tick(stage: Stage, at: number, untilAt: number): void {
  const { time, venue, feed, brokerage, policy } = stage;
  time.at(at, () => {
    const nextAt = at + stage.plan.setting.quoteMs;
    if (nextAt < untilAt) tick(stage, nextAt, untilAt);
    if (!venue.isOpen) return;
    for (const [symbol, instrument] of policy.instruments.entries()) {
      if (stage.now.halted.has(symbol as SymbolIndex)) continue;
      if (stage.shut.isSuspended(symbol as SymbolIndex, time.now())) continue;
      venue.tick(instrument, time.now());
      feed.tell(symbol as SymbolIndex);
    }
    brokerage.flush();
  });
}

/** Faults that have an instant; those that have a number strike where they are counted. */
function scheduleItem(stage: Stage, item: Item): void {
  const { now, disks } = stage;
  const at = (ms: number, work: () => void) =>
    void stage.time.at(ORIGIN + ms, () => {
      if (now.isQuiet) return;
      stage.note(`fault ${JSON.stringify(item)}`);
      stage.count(`fault ${item.kind}`);
      work();
    });
  switch (item.kind) {
    case 'link':
      at(item.at, () => setLink(stage, false));
      return at(item.at + item.forMs, () => setLink(stage, true));
    case 'outage':
      at(item.at, () => setStoreDown(stage, true));
      return at(item.at + item.forMs, () => setStoreDown(stage, false));
    case 'external':
      return at(item.at, () => meddle(stage, item));
    case 'silence':
      at(item.at, () => setSilent(stage, true));
      return at(item.at + item.forMs, () => setSilent(stage, false));
    case 'halt':
      at(item.at, () => setHalted(stage, item.symbol, true));
      return at(item.at + item.forMs, () => setHalted(stage, item.symbol, false));
    case 'die_at':
      return at(item.at, () => {
        now.downMs = item.downMs;
        now.process?.life.die('at an instant');
      });
    case 'clock':
      return at(item.at, () => {
        now.skewMs[now.machine] += item.byMs;
        stage.witness.disturbBroker();
      });
    case 'freeze':
      return at(item.at, () => stop(stage, item.forMs));
    case 'kill_file':
      return at(item.at, () => disks[now.machine].kill(stage.time.now() + now.skewMs[now.machine]));
    default:
      return;
  }
}

/** Stops the process that leads; it goes on later, where another one may lead by then. */
function stop(stage: Stage, forMs: number): void {
  const { now, time, witness } = stage;
  const life = now.process?.life;
  if (life?.isAlive !== true || now.stopped?.isAlive === true) return;
  life.freeze();
  now.stopped = life;
  witness.disturbBroker();
  time.at(time.now() + forMs, () => {
    now.stopped = null;
    witness.disturbBroker();
    stage.note(`#${life.number} goes on`);
    life.thaw();
  });
  stage.onStopped();
}

function setLink(stage: Stage, isUp: boolean): void {
  stage.witness.disturbBroker();
  stage.brokerage.setLink(isUp);
}

function setSilent(stage: Stage, isSilent: boolean): void {
  stage.now.isSilent = isSilent;
  stage.witness.disturb();
}

/** The exchange halts a symbol or lets it trade again; a process that does not run is not told. */
function setHalted(stage: Stage, symbol: SymbolIndex, isHalted: boolean): void {
  const { now, policy, witness } = stage;
  if (isHalted) now.halted.add(symbol);
  else now.halted.delete(symbol);
  const running = now.process;
  const instrument = policy.instruments[symbol];
  if (running?.life.isRunning() !== true || instrument === undefined) return;
  witness.tell('halted', running.life, instrument, isHalted);
  running.halt(instrument, isHalted);
}

function setStoreDown(stage: Stage, isDown: boolean): void {
  stage.now.isStoreDown = isDown;
  stage.witness.disturb();
}

/** Somebody acts on the account past the desk; of an account by hand only its person knows, and lists say so. */
function meddle(stage: Stage, item: Extract<Item, { kind: 'external' }>): void {
  const { venue, witness, brokerage, policy } = stage;
  if (!venue.isOpen || policy.execution.isPerson) return;
  const at = stage.time.now();
  const instrument = policy.instruments[item.symbol] as InstrumentId;
  if (stage.shut.isSuspended(item.symbol, at)) return;
  witness.disturbBroker();
  if (item.what === 'buy') venue.buyOutside(instrument, 7, at);
  if (item.what === 'order') venue.placeOutside(instrument, at);
  if (item.what === 'sell_out') venue.sellOutside(instrument, at);
  if (item.what === 'cancel_all')
    for (const order of venue.orders.values()) venue.cancel(order.request.orderId, at);
  brokerage.flush();
}

/** From here on nothing goes wrong any more. */
function endFaults(stage: Stage): void {
  stage.now.isQuiet = true;
  stage.faults.end();
  if (stage.now.stopped !== null) stage.now.stopped.thaw();
  stage.now.stopped = null;
  setLink(stage, true);
  setStoreDown(stage, false);
  setSilent(stage, false);
  for (const symbol of [...stage.now.halted]) setHalted(stage, symbol, false);
}
