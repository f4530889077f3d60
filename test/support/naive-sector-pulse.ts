import { STOCK_FLAGS } from '#core/market/whole-market.ts';
import type { MarketInputs } from '#core/strategies/sector-pulse/figures.ts';
import type { SectorPulseParams, StrengthWeights } from '#core/strategies/sector-pulse/params.ts';

/*
 * Gate figures, sectors and stocks written a second time, straight from the rules, over one object
 * a stock and a day. Plain and slow, to hold the columns against in tests and in the benchmark.
 */

export type NaiveDay = { close: number; volume: number; turnover: number };

export type NaiveStock = {
  id: string;
  sector: string | null;
  isSt: boolean;
  isSuspended: boolean;
  isFree: boolean;
  isExOpen: boolean;
  listedDays: number;
  days: NaiveDay[];
  last: number;
  previousClose: number;
  limitUp: number;
  limitDown: number;
  turnover: number;
};

export type NaiveMarket = { stocks: NaiveStock[]; sectors: string[]; indexCloses: number[] };

/** The same market as objects. */
export function naiveMarketOf(inputs: MarketInputs): NaiveMarket {
  const { table, snapshot, history, composite } = inputs;
  if (snapshot === null || history === null || composite === null) throw new Error('incomplete');
  const width = history.days.length;
  const has = (row: number, flag: number) => (table.flags[row]! & flag) !== 0;
  const stocks = table.instruments.map(
    (id, row): NaiveStock => ({
      id,
      sector: table.sectors[table.sectorOf[row]!] ?? null,
      isSt: has(row, STOCK_FLAGS.st),
      isSuspended: has(row, STOCK_FLAGS.suspended),
      isFree: has(row, STOCK_FLAGS.noLimit),
      isExOpen: has(row, STOCK_FLAGS.exDateOpen),
      listedDays: table.listedDays[row]!,
      days: Array.from({ length: width }, (_, d) => ({
        close: history.close[row * width + d]!,
        volume: history.volume[row * width + d]!,
        turnover: history.turnover[row * width + d]!,
      })),
      last: snapshot.last[row]!,
      previousClose: snapshot.previousClose[row]!,
      limitUp: snapshot.limitUp[row]!,
      limitDown: snapshot.limitDown[row]!,
      turnover: snapshot.turnover[row]!,
    }),
  );
  return { stocks, sectors: [...table.sectors], indexCloses: [...composite.closes] };
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]) => sum(values) / values.length;
const clip = (value: number, low: number, high: number) => Math.max(low, Math.min(high, value));
const ascending = (a: number, b: number) => a - b;

/** Share of the values at most `value`. */
const percentile = (values: readonly number[], value: number) =>
  values.filter((other) => other <= value).length / values.length;

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort(ascending);
  const place = (sorted.length - 1) * q;
  const below = Math.floor(place);
  const low = sorted[below]!;
  return low + ((sorted[below + 1] ?? low) - low) * (place - below);
}

const isAt = (price: number, limit: number) => Math.abs(price - limit) < 0.0005;
const isUsable = (s: NaiveStock) =>
  s.last > 0 && s.last < s.limitUp + 0.0005 && s.last > s.limitDown - 0.0005;
const counts = (s: NaiveStock) => !s.isSt && !s.isFree && !s.isSuspended;
const isUp = (s: NaiveStock) => counts(s) && isUsable(s) && isAt(s.last, s.limitUp);
const isDown = (s: NaiveStock) => counts(s) && isUsable(s) && isAt(s.last, s.limitDown);

/** Limit-ups, limit-downs and the turnover share of the most traded. */
export function naiveFigures(market: NaiveMarket): { up: number; down: number; top: number } {
  const { stocks } = market;
  const turnovers = stocks
    .map((s) => s.turnover)
    .sort(ascending)
    .reverse();
  return {
    up: stocks.filter(isUp).length,
    down: stocks.filter(isDown).length,
    top: sum(turnovers.slice(0, 20)) / sum(turnovers),
  };
}

type Measured = {
  stock: NaiveStock;
  return20: number;
  ma20: number;
  volumeRatio: number;
  lift: number;
  turnover10: number;
};

function measure(market: NaiveMarket): Measured[] {
  const { stocks } = market;
  const width = stocks[0]?.days.length ?? 0;
  const totals = Array.from({ length: 60 }, (_, k) =>
    sum(stocks.map((s) => s.days[width - 60 + k]!.turnover)),
  );
  return stocks.map((stock) => {
    const last = (count: number) => stock.days.slice(-count);
    const shares = last(60).map((day, k) => day.turnover / totals[k]!);
    const close = stock.days.at(-1)!.close;
    return {
      stock,
      return20: close / stock.days.at(-21)!.close - 1,
      ma20: mean(last(20).map((day) => day.close)),
      volumeRatio: clip(
        mean(last(3).map((d) => d.volume)) / mean(last(20).map((d) => d.volume)),
        0.5,
        3,
      ),
      lift: clip(mean(shares.slice(-10)) / mean(shares), 0.5, 2),
      turnover10: mean(last(10).map((day) => day.turnover)),
    };
  });
}

/** Place among the values from 0 to 1, equals in the middle of theirs. */
function unitRank(values: readonly number[], value: number): number {
  if (values.length === 1) return 1;
  const below = values.filter((other) => other < value).length;
  const equal = values.filter((other) => other === value).length;
  return (below + (equal - 1) / 2) / (values.length - 1);
}

/** The strongest sectors, first to last, with their scores. */
export function naiveSectors(
  market: NaiveMarket,
  measured: readonly Measured[],
  topBefore: readonly string[],
  params: SectorPulseParams,
): { sector: string; score: number }[] {
  const index = market.indexCloses.at(-1)! / market.indexCloses.at(-21)! - 1;
  const marketTurnover = sum(market.stocks.map((s) => s.turnover));
  const rows = market.sectors
    .map((sector) => ({ sector, members: measured.filter((m) => m.stock.sector === sector) }))
    .filter(({ members }) => members.length >= params.sectors.minMembers)
    .map(({ sector, members }) => {
      const ups = members.filter((m) => isUp(m.stock)).length;
      const downs = members.filter((m) => isDown(m.stock)).length;
      return {
        sector,
        parts: [
          mean(members.map((m) => m.return20)) - index,
          members.filter((m) => m.stock.last >= m.ma20).length / members.length,
          clip((ups - downs) / members.length, -0.1, 0.1),
          Math.min(0.15, sum(members.map((m) => m.stock.turnover)) / marketTurnover),
          topBefore.includes(sector) ? 1 : 0,
        ],
      };
    });
  const weights = [0.4, 0.25, 0.2, 0.1, 0.05];
  const score = (parts: readonly number[]) =>
    sum(
      parts.map(
        (part, k) =>
          weights[k]! *
          unitRank(
            rows.map((row) => row.parts[k]!),
            part,
          ),
      ),
    );
  return rows
    .map(({ sector, parts }) => ({ sector, score: score(parts) }))
    .sort((a, b) => b.score - a.score || (a.sector < b.sector ? -1 : 1));
}

export type NaiveCandidate = {
  id: string;
  sector: string;
  rank: number;
  strength: number;
  codes: string[];
};

/** Every member of the three strongest sectors with what speaks against it. */
export function naiveCandidates(
  market: NaiveMarket,
  topBefore: readonly string[],
  weights: StrengthWeights,
  params: SectorPulseParams,
): NaiveCandidate[] {
  const measured = measure(market);
  const returns = measured.map((m) => m.return20);
  const volumes = measured.map((m) => m.volumeRatio);
  const turnovers = measured.map((m) => m.turnover10);
  const p95 = quantile(
    turnovers.filter((value) => value >= 5e8),
    0.95,
  );
  const p99 = quantile(turnovers, 0.99);
  const strengthOf = (m: Measured, lifts: readonly number[]) =>
    (weights.returnWeight * percentile(returns, m.return20) +
      weights.volumeWeight * percentile(volumes, m.volumeRatio) +
      weights.liftWeight * percentile(lifts, m.lift)) *
    (m.turnover10 > Math.max(1e9, p95) ? 0.9 : 1);
  const top = naiveSectors(market, measured, topBefore, params).slice(0, 3);
  const perSector = new Map<string, number>();
  let all = 0;
  return top.flatMap(({ sector }) => {
    const members = measured.filter((m) => m.stock.sector === sector);
    const lifts = members.map((m) => m.lift);
    const ranked = members
      .map((m) => ({ m, strength: strengthOf(m, lifts) }))
      .sort((a, b) => b.strength - a.strength || (a.m.stock.id < b.m.stock.id ? -1 : 1));
    return ranked.map(({ m, strength }, place) => {
      const { stock, turnover10 } = m;
      const codes: string[] = [];
      const object = (isBad: boolean, code: string) => isBad && codes.push(code);
      object(place + 1 < 3 || place + 1 > 5, 'rank_out_of_range');
      object(!(strength >= 0.75), 'strength_below_min');
      object(!(turnover10 >= 5e8), 'turnover_below_min');
      object(!(turnover10 <= p99), 'turnover_above_max');
      object(stock.isSt, 'st');
      object(stock.isSuspended, 'suspended');
      object(!isUsable(stock) && !(stock.isFree && stock.last > 0), 'intraday_missing');
      object(isUsable(stock) && isAt(stock.last, stock.limitUp), 'limit_up');
      object(!(stock.listedDays >= 60), 'new_listing');
      const gap = Math.abs(stock.days.at(-1)!.close / stock.previousClose - 1);
      const most = Math.max(0.001, 0.01 / stock.previousClose + 1e-9);
      object(stock.isExOpen || !(gap <= most), 'ex_date_unknown');
      const taken = perSector.get(sector) ?? 0;
      if (codes.length === 0) {
        if (taken >= 2) codes.push('sector_quota');
        else if (all >= 5) codes.push('checkpoint_quota');
        else {
          perSector.set(sector, taken + 1);
          all += 1;
        }
      }
      return { id: stock.id, sector, rank: place + 1, strength, codes };
    });
  });
}
