import type { CurvesPicture } from '#core/pictures/picture.ts';
import { createFormat, type Language } from '#shell/chat/format.ts';
import type { Catalogue } from '#shell/chat/text/catalogue.ts';
import { PICTURE_WORDS } from '#shell/chat/text/picture-words.ts';
import type { Drawing } from './drawing.ts';
import { BLUE, GRID_LINE, gainColors, heading, letters, ORANGE, PALE } from './palette.ts';

const WIDTH = 1080;
const TOP = 116;
const PANEL = 250;
const GAP = 74;
const BOTTOM = 52;
/** Points a curve is drawn with at most: more lie closer than a pixel. */
const MOST_POINTS = 1_500;

/** Sum of R after each trade, and the deepest fall of it below its highest point. */
function summed(results: readonly number[]): { sums: number[]; drawdown: number } {
  let sum = 0;
  let highest = 0;
  let drawdown = 0;
  const sums = results.map((result) => {
    sum += result;
    highest = Math.max(highest, sum);
    drawdown = Math.max(drawdown, highest - sum);
    return sum;
  });
  return { sums, drawdown };
}

/** Every n-th row and the last one, so that at most `MOST_POINTS` remain. */
function thinned<T>(rows: readonly T[]): T[] {
  const step = Math.ceil(rows.length / MOST_POINTS);
  return rows.filter((_, place) => place % step === 0 || place === rows.length - 1);
}

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

/** Frames one panel: place, axis of days or trades, axis of values. */
function panelOf(
  place: number,
  top: number,
  labels: readonly string[],
  name: string,
  hasBars: boolean,
) {
  return {
    grid: { left: 96, right: 40, top, height: PANEL },
    xAxis: {
      gridIndex: place,
      type: 'category' as const,
      data: [...labels],
      axisLabel: { ...letters(13, PALE), hideOverlap: true },
      axisTick: { show: false },
      axisLine: { onZero: false, lineStyle: { color: GRID_LINE } },
    },
    yAxis: {
      gridIndex: place,
      type: 'value' as const,
      // bars are as long as they are: from zero
      scale: !hasBars,
      name,
      nameTextStyle: { ...letters(15), align: 'left' as const },
      axisLabel: letters(14, PALE),
      splitLine: { lineStyle: { color: GRID_LINE } },
    },
  };
}

/** Fall of each value below the highest before, in percent. */
function fallsOf(values: readonly number[]): number[] {
  let highest = Number.NEGATIVE_INFINITY;
  return values.map((value) => {
    highest = Math.max(highest, value);
    return (value / highest - 1) * 100;
  });
}

function line(place: number, data: readonly number[], color: string, name = '') {
  return {
    name,
    type: 'line' as const,
    xAxisIndex: place,
    yAxisIndex: place,
    data: [...data],
    showSymbol: data.length === 1,
    lineStyle: { color, width: 2 },
    itemStyle: { color },
    areaStyle: { color, opacity: 0.08, origin: 'start' as const },
  };
}

type Panels = {
  readonly words: (typeof PICTURE_WORDS)[Language];
  readonly colors: ReturnType<typeof gainColors>;
  readonly panels: ReturnType<typeof panelOf>[];
  readonly series: object[];
};

const topOf = ({ panels }: Panels) => TOP + panels.length * (PANEL + GAP);

/** The equity, with the benchmark where there is one, and its falls where they are asked for. */
function addMoney(drawn: Panels, picture: CurvesPicture): void {
  const { words, colors, panels, series } = drawn;
  // one day is no curve; its figure stands in the words
  if (picture.equity.length === 0 || (picture.equity.length === 1 && picture.trades.length > 0))
    return;
  const rows = thinned(picture.equity);
  const values = rows.map(({ valueMinor }) => valueMinor / 100);
  const days = rows.map(({ tradingDay }) => tradingDay);
  series.push(line(panels.length, values, BLUE, words.equity));
  const other = new Map(picture.benchmark?.map((row) => [row.tradingDay, row.valueMinor / 100]));
  if (other.size > 0) {
    const beside = days.map((day) => other.get(day) ?? Number.NaN);
    const one = line(panels.length, beside, ORANGE, words.benchmark);
    series.push({ ...one, areaStyle: undefined });
  }
  panels.push(
    panelOf(panels.length, topOf(drawn), days, `${words.equity} (${picture.currency})`, false),
  );
  if (picture.hasFalls !== true) return;
  const falls = fallsOf(values).map((fall) => rounded(fall, 2));
  series.push(line(panels.length, falls, colors.down));
  panels.push(panelOf(panels.length, topOf(drawn), days, words.falls, true));
}

/** R trade by trade, and their sum. */
function addTrades(drawn: Panels, picture: CurvesPicture, sums: readonly number[]): void {
  const { words, colors, panels, series } = drawn;
  if (picture.trades.length === 0) return;
  const rows = thinned(picture.trades.map((trade, at) => ({ ...trade, sum: sums[at] ?? 0 })));
  const at = panels.length;
  const steps = rows.map(({ sum }) => rounded(sum, 3));
  const sum = line(at, steps, BLUE);
  // a sum of R is above or below zero, as its bars are
  series.push({ ...sum, areaStyle: { ...sum.areaStyle, origin: 0 } });
  series.push({
    type: 'bar',
    xAxisIndex: at,
    yAxisIndex: at,
    barMaxWidth: 10,
    data: rows.map(({ resultR }) => ({
      value: rounded(resultR, 3),
      itemStyle: { color: resultR < 0 ? colors.down : colors.up, opacity: 0.75 },
    })),
  });
  const days = rows.map(({ tradingDay }) => tradingDay);
  const name = `${words.cumulative} · ${words.eachTrade}`;
  panels.push(panelOf(at, topOf(drawn), days, name, true));
}

/** Colours of equity and benchmark, told on the right above their panel. */
function legendOf(words: Panels['words']) {
  const data = [words.equity, words.benchmark];
  return { data, right: 36, top: 78, itemHeight: 10, textStyle: letters(15) };
}

/** What is said of falls: the change of the money, and the deepest of them. */
function fallFacts(picture: CurvesPicture, words: Panels['words']): string[] {
  const values = picture.equity.map(({ valueMinor }) => valueMinor);
  const [first = 1, last = first] = [values[0], values.at(-1)];
  const change = (last / first - 1) * 100;
  const deepest = Math.min(0, ...fallsOf(values));
  const sign = change > 0 ? '+' : '';
  return [`${sign}${change.toFixed(1)} %`, `${words.drawdown} ${deepest.toFixed(1)} %`];
}

/** Money day by day above, R trade by trade or falls below; a panel without rows is left out. */
export function curvesDrawing(
  picture: CurvesPicture,
  language: Language,
  text: Catalogue,
): Drawing {
  const words = PICTURE_WORDS[language];
  const { currency, subject } = picture;
  const f = createFormat(language, text.format, { zone: 'UTC', currency, operatorZone: null });
  const { sums, drawdown } = summed(picture.trades.map(({ resultR }) => resultR));
  const drawn: Panels = { words, colors: gainColors(language), panels: [], series: [] };
  addMoney(drawn, picture);
  addTrades(drawn, picture, sums);
  const { panels, series } = drawn;
  const days = [...picture.equity, ...picture.trades].map(({ tradingDay }) => tradingDay).sort();
  const inR =
    sums.length === 0 ? [] : [f.r(sums.at(-1) ?? 0), `${words.drawdown} ${f.r(-drawdown)}`];
  const facts =
    picture.hasFalls === true
      ? fallFacts(picture, words)
      : [words.trades(picture.trades.length), ...inR];
  const span = days.length === 0 ? [] : [`${days[0]} – ${days.at(-1)}`];
  return {
    width: WIDTH,
    height: TOP + Math.max(1, panels.length) * (PANEL + GAP) - GAP + BOTTOM,
    option: {
      title: heading(subject, [...span, ...facts].join(' · ')),
      ...(picture.benchmark === undefined ? {} : { legend: legendOf(words) }),
      grid: panels.map(({ grid }) => grid),
      xAxis: panels.map(({ xAxis }) => xAxis),
      yAxis: panels.map(({ yAxis }) => yAxis),
      series: series as never[],
    },
  };
}
