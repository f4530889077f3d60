import { join } from 'node:path';
import type { ConcentrationHistory, MarginData } from '#core/indicators/alt-flow.ts';
import { createRandom } from '#core/lib/random.ts';
import type { CalendarTable } from '#core/market/calendar.ts';
import { previousTradingDays, sessionOn, tradingDaysBetween } from '#core/market/calendar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { instantAt } from '#core/market/session.ts';
import type {
  DailyHistory,
  IndexSeries,
  MarketSnapshot,
  StockTable,
} from '#core/market/whole-market.ts';
import type { LookTime, MarketInputs } from '#core/strategies/sector-pulse/figures.ts';
import type { SectorPulseParams } from '#core/strategies/sector-pulse/params.ts';
import { readConfigFile } from '#shell/config/read-file.ts';
import { sectorPulseParamsOf } from '#shell/config/sector-pulse.ts';
import { sectorPulseDeskFile } from '#shell/config/sector-pulse-schema.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** Thresholds as shipped. */
export function pulseParams(set = 'tuned'): SectorPulseParams {
  return sectorPulseParamsOf(
    readConfigFile(ROOT, 'desks/cn-sector-pulse.yaml', sectorPulseDeskFile),
    set,
  );
}

/** Weekdays are trading days, but for a long closure in the first week of October. */
export const PULSE_CALENDAR: CalendarTable = {
  market: 'CN',
  zone: 'Asia/Shanghai',
  validFrom: '2024-01-01',
  validThrough: '2026-12-31',
  regularOpen: '09:30',
  regularClose: '15:00',
  holidays: ['2026-10-01', '2026-10-02', '2026-10-05', '2026-10-06', '2026-10-07'],
  earlyCloses: {},
  breaks: [{ from: '11:30', to: '13:00' }],
  source: 'test',
};

/** A Wednesday with an ordinary week around it. */
export const PULSE_DAY = '2026-11-18';
/** The trading day before. */
export const PULSE_BEFORE = '2026-11-17';

/** Instant of a Shanghai wall time `HH:MM`. */
export function cnAt(time: string, day: string = PULSE_DAY): number {
  return instantAt(day, time, 'Asia/Shanghai');
}

/** The moment of a look on `day`. */
export function lookTime(time: string, day: string = PULSE_DAY): LookTime {
  const answer = sessionOn(PULSE_CALENDAR, day);
  if (answer.kind !== 'session') throw new Error(`${day}: expected a trading day`);
  const before = previousTradingDays(PULSE_CALENDAR, day, 1)?.[0] ?? '';
  return {
    at: cnAt(time, day),
    time,
    session: answer.session,
    previousDay: before,
    calendar: PULSE_CALENDAR,
  };
}

/** The `count` trading days before `day`, oldest first. */
export function daysUpTo(day: string, count: number): string[] {
  const days = previousTradingDays(PULSE_CALENDAR, day, count);
  if (days === null) throw new Error(`${count} days before ${day}: calendar too short`);
  return days;
}

/** Trading days from one to another, both included. */
export function tradingDays(from: string, through: string): string[] {
  return tradingDaysBetween(PULSE_CALENDAR, from, through);
}

const round = (price: number) => Math.round(price * 100) / 100;

export type MarketOptions = {
  readonly stocks: number;
  readonly sectors: number;
  readonly days: number;
  readonly seed: string;
  readonly day: string;
  readonly time: string;
  /** Share of stocks at limit up and at limit down in the snapshot. */
  readonly upShare: number;
  readonly downShare: number;
  /** Return of the index from the last close to now. */
  readonly indexReturn: number;
};

const DEFAULTS: MarketOptions = {
  stocks: 600,
  sectors: 12,
  days: 300,
  seed: 'pulse',
  day: PULSE_DAY,
  time: '10:00',
  upShare: 0.06,
  downShare: 0.005,
  indexReturn: 0.006,
};

/** Codes of the main boards: limits of 10 %, lots of 100. */
const BOARDS = [
  ['600', 'SH'],
  ['601', 'SH'],
  ['603', 'SH'],
  ['605', 'SH'],
  ['000', 'SZ'],
  ['001', 'SZ'],
  ['002', 'SZ'],
] as const;

function tableOf(o: MarketOptions): StockTable {
  const instruments = Array.from({ length: o.stocks }, (_, i): InstrumentId => {
    const number = String(i % 1_000).padStart(3, '0');
    const [code, place] = BOARDS[Math.floor(i / 1_000)]!;
    return `${code}${number}.${place}`;
  });
  return {
    tradingDay: o.day,
    instruments,
    names: instruments.map((id) => `stock ${id.slice(0, 6)}`),
    sectors: Array.from({ length: o.sectors }, (_, k) => `sector ${String(k).padStart(2, '0')}`),
    sectorOf: Int16Array.from({ length: o.stocks }, (_, i) => i % o.sectors),
    flags: new Uint8Array(o.stocks),
    listedDays: new Float64Array(o.stocks).fill(2_000),
    universe: 'test market',
  };
}

function historyOf(o: MarketOptions): DailyHistory {
  const random = createRandom(`${o.seed}/history`);
  const days = daysUpTo(o.day, o.days);
  const cells = o.stocks * o.days;
  const column = () => new Float64Array(cells);
  const history = {
    days,
    stocks: o.stocks,
    source: 'made up',
    degraded: false,
    fetchedAt: instantAt(o.day, '08:30', 'Asia/Shanghai'),
    open: column(),
    high: column(),
    low: column(),
    close: column(),
    volume: column(),
    turnover: column(),
  };
  const drifts = Array.from({ length: o.sectors }, () => random.normal() * 0.001);
  for (let i = 0; i < o.stocks; i += 1) {
    let close = 8 + random.uniform() * 60;
    const size = Math.exp(random.normal() * 0.9) * 9e8;
    const drift = drifts[i % o.sectors]! + random.normal() * 0.0008;
    for (let d = 0; d < o.days; d += 1) {
      const cell = i * o.days + d;
      const open = round(close * (1 + random.normal() * 0.006));
      close = round(Math.max(1, open * (1 + drift + random.normal() * 0.015)));
      history.open[cell] = open;
      history.close[cell] = close;
      history.high[cell] = round(Math.max(open, close) * (1 + random.uniform() * 0.01));
      history.low[cell] = round(Math.min(open, close) * (1 - random.uniform() * 0.01));
      history.turnover[cell] = Math.round(size * Math.exp(random.normal() * 0.4));
      history.volume[cell] = Math.round(history.turnover[cell]! / close);
    }
  }
  return history;
}

function snapshotOf(o: MarketOptions, table: StockTable, history: DailyHistory): MarketSnapshot {
  const random = createRandom(`${o.seed}/snapshot`);
  const column = () => new Float64Array(o.stocks);
  const asOf = instantAt(o.day, o.time, 'Asia/Shanghai') - 20_000;
  const snapshot = {
    tradingDay: table.tradingDay,
    asOf,
    fetchedAt: asOf + 15_000,
    source: 'made up',
    degraded: false,
    last: column(),
    previousClose: column(),
    high: column(),
    low: column(),
    limitUp: column(),
    limitDown: column(),
    bid: column(),
    ask: column(),
    turnover: column(),
    volume: column(),
  };
  for (let i = 0; i < o.stocks; i += 1) {
    const previous = history.close[i * o.days + o.days - 1]!;
    const up = Math.floor((previous * 110 * 100 + 50) / 100 + 1e-6) / 100;
    const down = Math.floor((previous * 90 * 100 + 50) / 100 + 1e-6) / 100;
    const dice = random.uniform();
    const moved = round(previous * (1 + random.normal() * 0.015));
    const isUp = dice < o.upShare;
    const isDown = !isUp && dice < o.upShare + o.downShare;
    const last = isUp ? up : isDown ? down : Math.min(up - 0.01, Math.max(down + 0.01, moved));
    snapshot.previousClose[i] = previous;
    snapshot.limitUp[i] = up;
    snapshot.limitDown[i] = down;
    snapshot.last[i] = last;
    snapshot.high[i] = Math.max(last, previous);
    snapshot.low[i] = Math.min(last, previous);
    snapshot.bid[i] = isDown ? 0 : isUp ? up : round(last - 0.01);
    snapshot.ask[i] = isUp ? 0 : isDown ? down : last;
    snapshot.turnover[i] = history.turnover[i * o.days + o.days - 1]! * 0.2;
    snapshot.volume[i] = Math.round(snapshot.turnover[i]! / last);
  }
  return snapshot;
}

/** An index that rises 4 basis points a day, restless long ago and calm of late. */
export function calmIndex(
  day: string,
  options: { readonly at: number; readonly return: number; readonly days?: number },
): IndexSeries {
  const days = daysUpTo(day, options.days ?? 300);
  const closes = new Float64Array(days.length);
  let close = 3_000;
  for (let d = 0; d < days.length; d += 1) {
    const swing = d < days.length - 60 ? 0.012 : 0.004;
    close *= 1 + 0.0004 + (d % 2 === 0 ? swing : -swing);
    closes[d] = close;
  }
  return {
    days,
    closes,
    now: close * (1 + options.return),
    asOf: options.at,
    fetchedAt: options.at,
    source: 'made up',
    degraded: false,
  };
}

/** Margin of the day before on both exchanges; `netYi` is repaid less bought, in 亿, in all. */
export function marginOf(netYi: number, day: string = PULSE_BEFORE): MarginData {
  const at = cnAt('08:50');
  const row = (exchange: 'SSE' | 'SZSE', net: number) => ({
    exchange,
    day,
    balance: 9_000e8,
    bought: 500e8,
    repaid: 500e8 + net,
    previousBalance: null,
  });
  const rows = [row('SSE', netYi * 0.5e8), row('SZSE', netYi * 0.5e8)];
  return { source: 'made up', asOf: at, fetchedAt: at, degraded: false, rows };
}

/** Concentrations of earlier days at `time`, evenly between `low` and `high`. */
export function concentrationsOf(
  time: string,
  low: number,
  high: number,
  count = 250,
): ConcentrationHistory {
  const days = daysUpTo(PULSE_DAY, count);
  const step = (high - low) / (count - 1);
  const values = Float64Array.from(days, (_, k) => low + ((k * 97) % count) * step);
  return { time, days, values };
}

/** A whole made-up market at one moment; by default one in which the tuned gate passes. */
export function pulseMarket(options: Partial<MarketOptions> = {}): MarketInputs {
  const o = { ...DEFAULTS, ...options };
  const table = tableOf(o);
  const history = historyOf(o);
  const snapshot = snapshotOf(o, table, history);
  const at = snapshot.asOf;
  return {
    table,
    history,
    snapshot,
    composite: calmIndex(o.day, { at, return: o.indexReturn }),
    csi300: calmIndex(o.day, { at, return: o.indexReturn }),
    margin: marginOf(10),
    concentrations: [concentrationsOf('10:00', 0.02, 0.5), concentrationsOf('14:00', 0.02, 0.5)],
  };
}
