import type { CurvesPicture } from '#core/pictures/picture.ts';
import { createFormat, type Language } from '#shell/chat/format.ts';
import type { Catalogue } from '#shell/chat/text/catalogue.ts';
import { PICTURE_WORDS } from '#shell/chat/text/picture-words.ts';
import type { Drawing } from './drawing.ts';
import { BLUE, GRID_LINE, gainColors, heading, letters, PALE } from './palette.ts';

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

function line(place: number, data: readonly number[], color: string) {
  return {
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

/** Money day by day above, R trade by trade below; a panel without rows is left out. */
export function curvesDrawing(
  picture: CurvesPicture,
  language: Language,
  text: Catalogue,
): Drawing {
  const words = PICTURE_WORDS[language];
  const { currency, subject } = picture;
  const f = createFormat(language, text.format, { zone: 'UTC', currency, operatorZone: null });
  const colors = gainColors(language);
  const { sums, drawdown } = summed(picture.trades.map(({ resultR }) => resultR));
  const panels: ReturnType<typeof panelOf>[] = [];
  const series: object[] = [];
  const place = () => panels.length;
  const top = () => TOP + panels.length * (PANEL + GAP);
  if (picture.equity.length > 0) {
    const rows = thinned(picture.equity);
    const values = rows.map(({ valueMinor }) => valueMinor / 100);
    series.push(line(place(), values, BLUE));
    const days = rows.map(({ tradingDay }) => tradingDay);
    panels.push(panelOf(place(), top(), days, `${words.equity} (${currency})`, false));
  }
  if (picture.trades.length > 0) {
    const rows = thinned(picture.trades.map((trade, at) => ({ ...trade, sum: sums[at] ?? 0 })));
    const at = place();
    series.push(
      line(
        at,
        rows.map(({ sum }) => rounded(sum, 3)),
        BLUE,
      ),
    );
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
    panels.push(panelOf(at, top(), days, `${words.cumulative} · ${words.eachTrade}`, true));
  }
  const days = [...picture.equity, ...picture.trades].map(({ tradingDay }) => tradingDay).sort();
  const facts = [
    words.trades(picture.trades.length),
    ...(sums.length === 0 ? [] : [f.r(sums.at(-1) ?? 0), `${words.drawdown} ${f.r(-drawdown)}`]),
  ];
  const span = days.length === 0 ? [] : [`${days[0]} – ${days.at(-1)}`];
  return {
    width: WIDTH,
    height: TOP + Math.max(1, panels.length) * (PANEL + GAP) - GAP + BOTTOM,
    option: {
      title: heading(subject, [...span, ...facts].join(' · ')),
      grid: panels.map(({ grid }) => grid),
      xAxis: panels.map(({ xAxis }) => xAxis),
      yAxis: panels.map(({ yAxis }) => yAxis),
      series: series as never[],
    },
  };
}
