import type { TradingDay } from '#core/market/trading-day.ts';
import type { IndexSeries } from '#core/market/whole-market.ts';
import type { FetchNote } from '#core/quality/note.ts';
import type { MarketInputs } from './figures.ts';

/** Where one input came from; null when it was missing. */
export type InputOrigin = {
  readonly source: string;
  /** Epoch milliseconds; for daily series when they arrived. */
  readonly asOf: number;
  readonly fetchedAt: number;
  readonly degraded: boolean;
  /** Days it covers, both included; null for a look at one moment. */
  readonly from: TradingDay | null;
  readonly through: TradingDay | null;
};

/** What a checkpoint was decided from, without the columns themselves. */
export type InputRecord = {
  readonly universe: string;
  readonly stocks: number;
  readonly sectors: number;
  readonly snapshot: InputOrigin | null;
  readonly history: InputOrigin | null;
  readonly composite: InputOrigin | null;
  readonly csi300: InputOrigin | null;
  readonly margin: InputOrigin | null;
  /** Days known of each concentration history, by its wall time. */
  readonly concentrations: Readonly<Record<string, number>>;
  /** What the sources could not give, or gave in part; absent in older records. */
  readonly notes?: readonly FetchNote[];
};

type Sourced = {
  readonly source: string;
  readonly asOf: number;
  readonly fetchedAt: number;
  readonly degraded: boolean;
};

function originOf(input: Sourced | null, days: readonly TradingDay[] = []): InputOrigin | null {
  if (input === null) return null;
  const { source, asOf, fetchedAt, degraded } = input;
  return {
    source,
    asOf,
    fetchedAt,
    degraded,
    from: days[0] ?? null,
    through: days.at(-1) ?? null,
  };
}

function indexOrigin(index: IndexSeries | null): InputOrigin | null {
  return originOf(index, index?.days ?? []);
}

/** The origins of everything a look was made from. */
export function inputRecordOf(inputs: MarketInputs): InputRecord {
  const { table, snapshot, history, margin } = inputs;
  const daily = history === null ? null : { ...history, asOf: history.fetchedAt };
  const concentrations: Record<string, number> = {};
  for (const { time, days } of inputs.concentrations) concentrations[time] = days.length;
  return {
    universe: table.universe,
    stocks: table.instruments.length,
    sectors: table.sectors.length,
    snapshot: originOf(snapshot),
    history: originOf(daily, history?.days ?? []),
    composite: indexOrigin(inputs.composite),
    csi300: indexOrigin(inputs.csi300),
    margin: originOf(margin, margin?.rows.map(({ day }) => day).sort() ?? []),
    concentrations,
    ...(inputs.notes === undefined ? {} : { notes: inputs.notes }),
  };
}
