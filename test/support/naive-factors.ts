import type { FactorField, FactorPanel } from '#core/factors/panel.ts';

/*
 * The factors and the score written out from their definitions, one cell at a time, as a reference
 * for small panels. Null is "not known".
 */
type Known = number | null;

function finite(value: number): Known {
  return Number.isFinite(value) ? value : null;
}

/** Values of a figure on the `length` days that end with day d; null unless all are known. */
function window(figure: (day: number) => Known, d: number, length: number): number[] | null {
  if (d - length + 1 < 0) return null;
  const values = Array.from({ length }, (_, n) => figure(d - length + 1 + n));
  return values.every((value) => value !== null) ? values : null;
}

function map(values: number[] | null, use: (values: number[]) => number): Known {
  return values === null ? null : finite(use(values));
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]) => sum(values) / values.length;
const covariance = (a: readonly number[], b: readonly number[]) =>
  sum(a.map((value, n) => (value - mean(a)) * (b[n]! - mean(b)))) / (a.length - 1);

/** Every factor of one stock on one day, in the order of the registry. */
export function naiveFactors(panel: FactorPanel, row: number, d: number): Known[] {
  const cell = (field: FactorField) => (day: number) =>
    day < 0 ? null : finite(panel[field][row * panel.days.length + day] ?? Number.NaN);
  const ratio = (a: Known, b: Known) => (a === null || b === null ? null : finite(a / b));
  const less = (value: Known, one: number) => (value === null ? null : value - one);
  const [close, high, low] = [cell('close'), cell('high'), cell('low')];
  const [volume, amount, float] = [cell('volume'), cell('amount'), cell('floatShares')];
  const index = (day: number) => (day < 0 ? null : finite(panel.indexClose[day] ?? Number.NaN));
  const change = (day: number) => less(ratio(close(day), close(day - 1)), 1);
  const indexChange = (day: number) => less(ratio(index(day), index(day - 1)), 1);
  const turnover = (day: number) => ratio(volume(day), float(day));
  const illiquidity = (day: number) => {
    const [move, yuan] = [change(day), amount(day)];
    return move === null || yuan === null ? null : finite((Math.abs(move) / yuan) * 1e9);
  };
  const span = (day: number) => {
    const [top, bottom] = [high(day), low(day)];
    return top === null || bottom === null ? null : ratio(top - bottom, close(day));
  };
  const momentum = (k: number) => less(ratio(close(d), close(d - k)), 1);
  const minus = (value: Known) => (value === null ? null : -value);
  const deviation = (k: number) =>
    map(window(change, d, k), (values) => Math.sqrt(covariance(values, values)));
  const over = (k: number) => less(ratio(close(d), map(window(close, d, k), mean)), 1);
  const rsi = map(window(close, d, 15), (closes) => {
    const moves = closes.slice(1).map((value, n) => value - closes[n]!);
    const gains = sum(moves.map((move) => Math.max(0, move)));
    const losses = sum(moves.map((move) => Math.max(0, -move)));
    return gains + losses === 0 ? 50 : (100 * gains) / (gains + losses);
  });
  const [own, market] = [window(change, d, 60), window(indexChange, d, 60)];
  const both = own === null || market === null ? null : { own, market };
  const beta =
    both === null
      ? null
      : finite(covariance(both.own, both.market) / covariance(both.market, both.market));
  const rest =
    both === null || beta === null
      ? null
      : Math.sqrt(
          Math.max(
            0,
            covariance(both.own, both.own) - beta ** 2 * covariance(both.market, both.market),
          ),
        );
  const turn20 = map(window(turnover, d, 20), mean);
  return [
    ...[momentum(5), momentum(20), momentum(60), deviation(20), deviation(60), turn20],
    turn20 === null ? null : ratio(map(window(turnover, d, 5), mean), turn20),
    map(window(illiquidity, d, 20), mean),
    ...[minus(momentum(1)), minus(momentum(5)), rsi, over(20), over(60)],
    ratio(volume(d), map(window(volume, d - 1, 5), mean)),
    ...[beta, rest],
    less(
      ratio(
        close(d),
        map(window(high, d, 20), (values) => Math.max(...values)),
      ),
      1,
    ),
    less(
      ratio(
        close(d),
        map(window(low, d, 20), (values) => Math.min(...values)),
      ),
      1,
    ),
    map(window(span, d, 20), mean),
    map(window(amount, d, 20), (values) => Math.log(mean(values))),
  ];
}

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * q;
  const below = Math.floor(position);
  const [low, high] = [sorted[below]!, sorted[Math.min(below + 1, sorted.length - 1)]!];
  return low + (high - low) * (position - below);
}

/** Winsorized percentile ranks with the mean rank of ties; null where there is no value. */
export function naiveRanks(values: readonly Known[]): Known[] {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return values.map(() => null);
  const [lowest, highest] = [quantile(known, 0.01), quantile(known, 0.99)];
  const clip = (value: number) => Math.min(highest, Math.max(lowest, value));
  const clipped = known.map(clip);
  return values.map((value) => {
    if (value === null) return null;
    const below = clipped.filter((other) => other < clip(value)).length;
    const equal = clipped.filter((other) => other === clip(value)).length;
    return (below + (equal + 1) / 2) / known.length;
  });
}
