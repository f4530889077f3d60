import { wallTimeOf } from '#core/market/session.ts';
import type { FillMark, IntradayPicture, PriceLevel } from '#core/pictures/picture.ts';
import { createFormat, type Format, type Language } from '#shell/chat/format.ts';
import type { Catalogue } from '#shell/chat/text/catalogue.ts';
import { PICTURE_WORDS } from '#shell/chat/text/picture-words.ts';
import type { Drawing } from './drawing.ts';
import { BLUE, GRID_LINE, gainColors, heading, INK, letters, ORANGE, PALE } from './palette.ts';

const WIDTH = 1080;
const HEIGHT = 720;
const TOP = 92;
const BOTTOM = 48;
const MINUTE_MS = 60_000;
/** Height of a line of labels, pixels: closer ones would cover each other. */
const LABEL_HEIGHT = 21;
/** Room above and below what is drawn, as a part of its height. */
const MARGIN = 0.06;

type Slots = {
  readonly labels: readonly string[];
  readonly placeOf: (at: number) => number | null;
};

/** No clock is set within a session. */
function clockText(minuteOfDay: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(Math.floor(minuteOfDay / 60))}:${two(minuteOfDay % 60)}`;
}

/** One slot a minute of trading, named by its beginning. */
function slotsOf({ openAt, closeAt, breaks, zone }: IntradayPicture['session']): Slots {
  const labels: string[] = [];
  const places = new Map<number, number>();
  const { minuteOfDay } = wallTimeOf(openAt, zone);
  for (let at = openAt; at < closeAt; at += MINUTE_MS) {
    if (breaks.some(({ fromAt, toAt }) => at >= fromAt && at < toAt)) continue;
    places.set(at, labels.length);
    labels.push(clockText(minuteOfDay + (at - openAt) / MINUTE_MS));
  }
  return {
    labels,
    // what happened in a break or after the close stands at its edge
    placeOf: (at) => {
      const minute = Math.floor(at / MINUTE_MS) * MINUTE_MS;
      return places.get(minute) ?? places.get(minute - MINUTE_MS) ?? null;
    },
  };
}

function rangeOf(picture: IntradayPicture): { min: number; max: number } {
  const { points, levels, openingRange, fills } = picture;
  const low = [
    ...points.map((point) => point.low),
    ...levels.map(({ price }) => price),
    ...fills.map(({ price }) => price),
    ...(openingRange === null ? [] : [openingRange.low]),
  ];
  const high = [
    ...points.map((point) => point.high),
    ...levels.map(({ price }) => price),
    ...fills.map(({ price }) => price),
    ...(openingRange === null ? [] : [openingRange.high]),
  ];
  if (low.length === 0) return { min: 0, max: 1 };
  const from = Math.min(...low);
  const to = Math.max(...high);
  const room = Math.max((to - from) * MARGIN, to * 0.0005);
  return { min: from - room, max: to + room };
}

/** How far each label is moved up or down so that none covers another; as the levels are given. */
function labelShifts(levels: readonly PriceLevel[], min: number, max: number): number[] {
  const yOf = (price: number) => ((max - price) / (max - min)) * (HEIGHT - TOP - BOTTOM);
  const order = levels.map((_, place) => place).sort((a, b) => levels[b]!.price - levels[a]!.price);
  const shifts = levels.map(() => 0);
  let lowest = Number.NEGATIVE_INFINITY;
  for (const place of order) {
    const y = yOf(levels[place]!.price);
    const shown = Math.max(y, lowest + LABEL_HEIGHT);
    shifts[place] = shown - y;
    lowest = shown;
  }
  return shifts;
}

/** The prices a trade hangs on, as lines with their names at the right. */
function levelLines(picture: IntradayPicture, f: Format, range: { min: number; max: number }) {
  const words = PICTURE_WORDS[f.language];
  const colors = gainColors(f.language);
  const shifts = labelShifts(picture.levels, range.min, range.max);
  return picture.levels.map((level, place) => {
    const color = level.name === 'entry' ? BLUE : level.name === 'stop' ? colors.down : colors.up;
    return {
      yAxis: level.price,
      lineStyle: { color, type: 'dashed' as const, width: 1.5 },
      label: {
        ...letters(16, color),
        position: 'end' as const,
        formatter: `${words.levels[level.name]} ${f.price(level.price)}`,
        offset: [0, shifts[place] ?? 0],
      },
    };
  });
}

function fillSeries(
  fills: readonly FillMark[],
  slots: Slots,
  f: Format,
): Record<string, unknown>[] {
  const words = PICTURE_WORDS[f.language];
  const colors = gainColors(f.language);
  return fills.flatMap(({ at, price, side }) => {
    const place = slots.placeOf(at);
    if (place === null) return [];
    const isBuy = side === 'buy';
    return [
      {
        type: 'scatter',
        data: [[place, price]],
        symbol: 'triangle',
        symbolRotate: isBuy ? 0 : 180,
        symbolSize: 16,
        z: 5,
        itemStyle: { color: isBuy ? colors.up : colors.down, borderColor: INK, borderWidth: 1 },
        label: {
          show: true,
          ...letters(15),
          position: isBuy ? 'bottom' : 'top',
          formatter: `${isBuy ? words.bought : words.sold} ${f.price(price)}`,
          backgroundColor: 'rgba(255,255,255,0.8)',
          padding: [1, 4],
        },
      },
    ];
  });
}

function headline(picture: IntradayPicture, text: Catalogue, f: Format) {
  const words = PICTURE_WORDS[f.language];
  const { instrument, session, code, deskId, dayType, points } = picture;
  const last = points.at(-1);
  const title = [f.symbol(instrument), session.tradingDay, ...(code === null ? [] : [code])];
  const facts = [
    deskId,
    ...(last === undefined
      ? [words.noMinutes]
      : [
          `${words.last} ${f.price(last.close)} · ${f.time(last.closedAt)}`,
          ...(last.vwap === null ? [] : [`${words.vwap} ${f.price(last.vwap)}`]),
        ]),
    ...(dayType === null ? [] : [`${words.dayType}: ${text.dayTypes[dayType]}`]),
  ];
  return heading(title.join(' · '), facts.join(' · '));
}

/** The minutes as candles and the VWAP as a line, slot by slot; a minute nobody saw is a gap. */
function minuteRows({ points }: IntradayPicture, slots: Slots) {
  const bars: (readonly number[] | '-')[] = slots.labels.map(() => '-');
  const vwap: (number | '-')[] = slots.labels.map(() => '-');
  for (const point of points) {
    const place = slots.placeOf(point.closedAt - MINUTE_MS);
    if (place === null) continue;
    bars[place] = [point.open, point.close, point.low, point.high];
    if (point.vwap !== null) vwap[place] = point.vwap;
  }
  return { bars, vwap };
}

function rangeBand(openingRange: IntradayPicture['openingRange'], name: string) {
  if (openingRange === null) return {};
  return {
    markArea: {
      silent: true,
      itemStyle: { color: 'rgba(47,111,187,0.09)' },
      label: { ...letters(14, PALE), position: 'insideBottomRight' },
      data: [[{ name, yAxis: openingRange.low }, { yAxis: openingRange.high }]],
    },
  };
}

function axesOf(slots: Slots, range: { min: number; max: number }) {
  return {
    xAxis: {
      type: 'category' as const,
      data: [...slots.labels],
      axisLabel: { ...letters(14, PALE), interval: 29 },
      axisTick: { show: false },
      axisLine: { lineStyle: { color: GRID_LINE } },
    },
    yAxis: {
      type: 'value' as const,
      scale: true,
      ...range,
      axisLabel: { ...letters(14, PALE), showMinLabel: false, showMaxLabel: false },
      splitLine: { lineStyle: { color: GRID_LINE } },
    },
  };
}

/** The day as it stands: minutes, VWAP, opening range, levels and fills. The empty rest is to come. */
export function intradayDrawing(
  picture: IntradayPicture,
  language: Language,
  text: Catalogue,
): Drawing {
  const { session, openingRange, fills } = picture;
  const words = PICTURE_WORDS[language];
  const { up, down } = gainColors(language);
  const currency = session.market === 'CN' ? 'CNY' : 'USD';
  const place = { zone: session.zone, currency, operatorZone: null };
  const f = createFormat(language, text.format, place);
  const slots = slotsOf(session);
  const range = rangeOf(picture);
  const { bars, vwap } = minuteRows(picture, slots);
  const series = [
    {
      type: 'candlestick',
      data: bars,
      itemStyle: { color: up, color0: down, borderColor: up, borderColor0: down },
      markLine: { symbol: 'none', silent: true, data: levelLines(picture, f, range) },
      ...rangeBand(openingRange, words.openingRange),
    },
    {
      type: 'line',
      data: vwap,
      showSymbol: false,
      lineStyle: { color: ORANGE, width: 2 },
      itemStyle: { color: ORANGE },
      endLabel: { show: true, ...letters(14, ORANGE), formatter: words.vwap },
    },
    ...fillSeries(fills, slots, f),
  ];
  return {
    width: WIDTH,
    height: HEIGHT,
    option: {
      title: headline(picture, text, f),
      grid: { left: 84, right: 168, top: TOP, bottom: BOTTOM },
      ...axesOf(slots, range),
      series: series as never[],
    },
  };
}
