import type { BacktestAsk } from '#core/replies/act.ts';
import type { BacktestResult, BacktestStep } from '#core/replies/notice.ts';
import type { Speech } from './catalogue.ts';

/** Words of `/backtest` in one language. */
export type BacktestWords = {
  readonly title: string;
  readonly all: string;
  readonly from: (day: string) => string;
  readonly until: (day: string) => string;
  readonly stages: Readonly<Record<BacktestStep['stage'], string>>;
  readonly counted: (done: number, of: number) => string;
  readonly busy: (running: string) => string;
  readonly stopped: string;
  readonly failed: string;
  readonly done: (took: string) => string;
  readonly span: (
    symbols: string,
    days: number,
    warmUp: number,
    first: string,
    last: string,
  ) => string;
  readonly layers: Readonly<Record<'B' | 'C', string>>;
  readonly trades: (count: number) => string;
  readonly missing: (count: number) => string;
  readonly mean: (mean: string, low: string, high: string) => string;
  readonly verdicts: Readonly<Record<'zero' | 'positive' | 'negative', string>>;
  readonly tried: (count: number) => string;
  readonly files: (folder: string) => string;
};

export const BACKTEST_EN: BacktestWords = {
  title: 'Backtest',
  all: 'all stored days',
  from: (day) => `from ${day}`,
  until: (day) => `until ${day}`,
  stages: {
    begun: 'begun; this message shows how far it is',
    reading: 'reading bars',
    planning: 'planning days',
    layer_b: 'signals (B)',
    layer_c: 'execution (C)',
    done: 'done',
  },
  counted: (done, of) => `day ${done} of ${of}`,
  busy: (running) => `One at a time: ${running} is played now. Ask again when its result is here.`,
  stopped: '✕ The assistant ended before it was done. Nothing of it counts; ask again.',
  failed: '✕ Not played',
  done: (took) => `done in ${took}`,
  span: (symbols, days, warmUp, first, last) =>
    `${symbols} · ${days} days played, ${warmUp} symbol days of warm-up · ${first} to ${last}`,
  layers: { B: 'B signals, no friction', C: 'C execution' },
  trades: (count) => `${count} trades`,
  missing: (count) => `N/A, ${count} more trades are needed`,
  mean: (mean, low, high) => `mean ${mean}, 95 % ${low} … ${high}`,
  verdicts: {
    zero: 'not distinguishable from zero',
    positive: 'positive in this sample',
    negative: 'negative in this sample',
  },
  tried: (count) => `parameter sets tried on these bars: ${count}`,
  files: (folder) => `report and files: ${folder}`,
};

export const BACKTEST_ZH: BacktestWords = {
  title: '回测',
  all: '全部已存交易日',
  from: (day) => `自 ${day}`,
  until: (day) => `至 ${day}`,
  stages: {
    begun: '已开始,进度在本条更新',
    reading: '读取行情',
    planning: '规划交易日',
    layer_b: '信号层(B)',
    layer_c: '执行层(C)',
    done: '完成',
  },
  counted: (done, of) => `第 ${done} / ${of} 天`,
  busy: (running) => `一次只跑一个:正在跑 ${running}。出结果后请再发一次。`,
  stopped: '✕ 助手在完成前结束,结果不算数,请再发一次。',
  failed: '✕ 未能回测',
  done: (took) => `用时 ${took}`,
  span: (symbols, days, warmUp, first, last) =>
    `${symbols} · 回测 ${days} 天,预热 ${warmUp} 个标的日 · ${first} 至 ${last}`,
  layers: { B: 'B 信号(无摩擦)', C: 'C 执行' },
  trades: (count) => `${count} 笔`,
  missing: (count) => `N/A,还差 ${count} 笔`,
  mean: (mean, low, high) => `均值 ${mean},95% ${low} … ${high}`,
  verdicts: {
    zero: '与零无法区分',
    positive: '本样本为正',
    negative: '本样本为负',
  },
  tried: (count) => `同一行情上试过的参数组:${count}`,
  files: (folder) => `报告与文件:${folder}`,
};

/** Remarks of readers that a card shows; the report has them all. */
const MOST_NOTES = 5;

function nameOf({ strategy, from, to }: BacktestAsk, words: BacktestWords): string {
  if (from !== null && to !== null) return `${strategy} ${from} … ${to}`;
  if (from !== null) return `${strategy} ${words.from(from)}`;
  return `${strategy} ${to === null ? words.all : words.until(to)}`;
}

/** Another one is played. */
export function backtestBusyLines(running: BacktestAsk, words: BacktestWords): string[] {
  return [words.busy(nameOf(running, words))];
}

/** How far it is; edited in place. */
export function backtestStepLines(
  step: BacktestAsk & BacktestStep,
  words: BacktestWords,
): string[] {
  const counted = step.of > 0 ? ` · ${words.counted(step.done, step.of)}` : '';
  return [`◇ ${words.title} ${nameOf(step, words)}`, `${words.stages[step.stage]}${counted}`];
}

/** Why there is no result. */
export function backtestFailedLines(
  failed: BacktestAsk & { readonly cause: string | null },
  s: Speech,
  words: BacktestWords,
): string[] {
  const head = `${words.title} ${nameOf(failed, words)}`;
  if (failed.cause === null) return [head, words.stopped];
  return [head, `${words.failed}: ${s.f.words(failed.cause, 300)}`];
}

function verdictOf(low: number, high: number, words: BacktestWords): string {
  if (low > 0) return words.verdicts.positive;
  return high < 0 ? words.verdicts.negative : words.verdicts.zero;
}

/** Three digits: a spread of a hundredth R is the whole question. */
const inR = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}R`;

/** The result: each layer with its interval and verdict, what was tried, where the files are. */
export function backtestDoneLines(
  found: BacktestAsk & BacktestResult,
  s: Speech,
  words: BacktestWords,
): string[] {
  const { symbols, days, warmUpDays, firstDay, lastDay, layers, notes } = found;
  return [
    `${words.title} ${nameOf(found, words)} · ${words.done(s.f.duration(found.tookMs))}`,
    words.span(symbols.join(' '), days, warmUpDays, firstDay, lastDay),
    ...layers.map(({ layer, trades, missing, averageR, low, high }) => {
      const head = `${words.layers[layer]}: ${words.trades(trades)}`;
      if (missing > 0 || averageR === null || low === null || high === null)
        return `${head}, ${words.missing(missing)}`;
      const mean = words.mean(inR(averageR), inR(low), inR(high));
      return `${head}, ${mean}: ${verdictOf(low, high, words)}`;
    }),
    words.tried(found.tried),
    ...notes.slice(0, MOST_NOTES).map((line) => `⚠ ${s.f.words(line, 160)}`),
    words.files(s.f.words(found.folder, 200)),
  ];
}
