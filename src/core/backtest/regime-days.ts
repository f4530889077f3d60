import type { BarColumns } from '#core/market/bar.ts';
import type { RegimeEvidence } from '#core/regimes/day-features.ts';
import { type DayLabelParams, type RegimeClose, regimeCloseOf } from '#core/regimes/day-label.ts';
import type { DayType } from '#core/strategies/strategy.ts';
import { evaluationOf } from '#core/strategies/vwap-reclaim/evaluation.ts';
import type { VwapReclaimParams } from '#core/strategies/vwap-reclaim/params.ts';
import {
  createVwapReclaim,
  judgeDay,
  stepVwapReclaim,
} from '#core/strategies/vwap-reclaim/strategy.ts';
import type { BacktestDay, BacktestSymbolDay } from './run.ts';

/** One symbol's day as layer A writes it: what could be known at 10:00 and 11:00, and the close. */
export type RegimeDay = {
  readonly date: string;
  readonly instrument: string;
  /** Null where no bar closed at or before that minute. */
  readonly live1000: DayType | null;
  readonly live1100: DayType | null;
  readonly close: RegimeClose;
  /** Evidence as it was known at 11:00. */
  readonly evidence: RegimeEvidence | null;
};

const MINUTE_MS = 60_000;
const LOOKS = [30, 90] as const;

/** The day as it was judged at 10:00 and 11:00 with what had closed by then. */
function looksOf(
  symbol: BacktestSymbolDay,
  openAt: number,
  params: VwapReclaimParams,
): { readonly types: (DayType | null)[]; readonly evidence: RegimeEvidence | null } {
  const acc = createVwapReclaim(symbol.context, params);
  const { bars } = symbol;
  const types: (DayType | null)[] = [];
  let evidence: RegimeEvidence | null = null;
  let i = 0;
  for (const minute of LOOKS) {
    const until = openAt + minute * MINUTE_MS;
    for (; i < bars.length && bars.closedAt[i]! <= until; i += 1) stepVwapReclaim(acc, bars, i);
    types.push(i === 0 ? null : judgeDay(acc, bars.closedAt[i - 1]!));
    if (minute === LOOKS[1] && i > 0) ({ evidence } = evaluationOf(acc, bars, i - 1).regime);
  }
  return { types, evidence };
}

function closeOf(bars: BarColumns, day: BacktestDay, params?: DayLabelParams): RegimeClose | null {
  return regimeCloseOf(bars, day.session, params);
}

/** Layer A: one row a symbol and day, oldest first. Days without a bar in the session are left out. */
export function regimeDaysOf(days: readonly BacktestDay[], params: VwapReclaimParams): RegimeDay[] {
  const rows: RegimeDay[] = [];
  for (const day of days) {
    for (const symbol of day.symbols) {
      const close = closeOf(symbol.bars, day);
      if (close === null) continue;
      const { types, evidence } = looksOf(symbol, day.session.openAt, params);
      rows.push({
        date: day.session.tradingDay,
        instrument: symbol.instrument,
        live1000: types[0] ?? null,
        live1100: types[1] ?? null,
        close,
        evidence,
      });
    }
  }
  return rows;
}

/** Share of symbol days whose label changes when one threshold moves. */
export type Stability = {
  readonly threshold: string;
  readonly factor: number;
  readonly value: number;
  readonly changed1000: number;
  readonly changed1100: number;
};

const REGIME_THRESHOLDS = [
  'crossDeadZone',
  'trendShareUp',
  'trendShareDown',
  'trendMaxCrosses',
  'trendRangeFactor',
  'rangeMinCrosses',
  'rangeShareLow',
  'rangeShareHigh',
  'rangeMinBreaks',
] as const;

/** Every threshold of the live day type moved by ±10 %, one at a time, and what it does to the labels. */
export function stabilityOf(days: readonly BacktestDay[], params: VwapReclaimParams): Stability[] {
  const base = typesOf(days, params);
  const rows: Stability[] = [];
  const compare = (threshold: string, factor: number, value: number, moved: VwapReclaimParams) => {
    const types = typesOf(days, moved);
    const share = (look: 0 | 1) =>
      types.filter((found, n) => found[look] !== base[n]?.[look]).length /
      Math.max(1, types.length);
    rows.push({ threshold, factor, value, changed1000: share(0), changed1100: share(1) });
  };
  for (const factor of [0.9, 1.1]) {
    for (const name of REGIME_THRESHOLDS) {
      const value = params.regime[name] * factor;
      compare(name, factor, value, { ...params, regime: { ...params.regime, [name]: value } });
    }
    for (const name of ['fraction', 'atrMultiple'] as const) {
      const value = params.band[name] * factor;
      compare(`band.${name}`, factor, value, {
        ...params,
        band: { ...params.band, [name]: value },
      });
    }
  }
  return rows.sort((a, b) => (a.threshold < b.threshold ? -1 : a.threshold > b.threshold ? 1 : 0));
}

function typesOf(
  days: readonly BacktestDay[],
  params: VwapReclaimParams,
): readonly (readonly (DayType | null)[])[] {
  return days.flatMap((day) =>
    day.symbols.map((symbol) => looksOf(symbol, day.session.openAt, params).types),
  );
}

/** Days of each label in each year: live at 11:00 and after the close. */
export function yearsOf(rows: readonly RegimeDay[]): {
  readonly year: string;
  readonly judged: string;
  readonly label: string;
  readonly days: number;
}[] {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const year = row.date.slice(0, 4);
    for (const [judged, label] of [
      ['live_1000', row.live1000 ?? 'unknown'],
      ['live_1100', row.live1100 ?? 'unknown'],
      ['close', row.close.label],
    ])
      counts.set(`${year} ${judged} ${label}`, (counts.get(`${year} ${judged} ${label}`) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, days]) => {
      const [year = '', judged = '', label = ''] = key.split(' ');
      return { year, judged, label, days };
    });
}

/** Scores of predicted labels against true ones. Null where a class was never said, or never was. */
export type LabelScores = {
  readonly days: number;
  readonly accuracy: number | null;
  readonly classes: readonly {
    readonly label: string;
    readonly predicted: number;
    readonly actual: number;
    readonly right: number;
    readonly precision: number | null;
    readonly recall: number | null;
  }[];
  /** The two errors that cost most: a range taken for a trend, a trend taken for a range. */
  readonly rangeTakenForTrend: number;
  readonly trendTakenForRange: number;
  readonly confusion: readonly {
    readonly actual: string;
    readonly predicted: string;
    readonly days: number;
  }[];
};

const isTrend = (label: string) => label.startsWith('trend');

/** Scores pairs of a predicted and a true label; labels are compared as written. */
export function scoreLabels(
  pairs: readonly { readonly predicted: string; readonly actual: string }[],
): LabelScores {
  const names = [...new Set(pairs.flatMap((pair) => [pair.predicted, pair.actual]))].sort();
  const count = (test: (pair: (typeof pairs)[number]) => boolean) => pairs.filter(test).length;
  const ratio = (part: number, whole: number) => (whole === 0 ? null : part / whole);
  const classes = names.map((label) => {
    const predicted = count((pair) => pair.predicted === label);
    const actual = count((pair) => pair.actual === label);
    const right = count((pair) => pair.predicted === label && pair.actual === label);
    return {
      label,
      predicted,
      actual,
      right,
      precision: ratio(right, predicted),
      recall: ratio(right, actual),
    };
  });
  const confusion = names.flatMap((actual) =>
    names.map((predicted) => ({
      actual,
      predicted,
      days: count((pair) => pair.actual === actual && pair.predicted === predicted),
    })),
  );
  return {
    days: pairs.length,
    accuracy: ratio(
      count((pair) => pair.predicted === pair.actual),
      pairs.length,
    ),
    classes,
    rangeTakenForTrend: count((pair) => pair.actual === 'range' && isTrend(pair.predicted)),
    trendTakenForRange: count((pair) => isTrend(pair.actual) && pair.predicted === 'range'),
    confusion: confusion.filter(({ days }) => days > 0),
  };
}
