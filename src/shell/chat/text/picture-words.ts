import type { PriceLevel } from '#core/pictures/picture.ts';
import type { Language } from '#shell/chat/format.ts';

/** What stands in pictures beside figures, and under them. */
export type PictureWords = {
  readonly dayType: string;
  readonly vwap: string;
  readonly openingRange: string;
  readonly last: string;
  readonly levels: Readonly<Record<PriceLevel['name'], string>>;
  readonly bought: string;
  readonly sold: string;
  readonly noMinutes: string;
  readonly gatePassed: string;
  readonly gateFailed: string;
  readonly threshold: string;
  readonly notKnown: string;
  readonly yes: string;
  readonly no: string;
  readonly equity: string;
  readonly cumulative: string;
  readonly eachTrade: string;
  readonly trades: (count: number) => string;
  readonly drawdown: string;
  readonly benchmark: string;
  readonly falls: string;
};

const EN: PictureWords = {
  dayType: 'day so far',
  vwap: 'VWAP',
  openingRange: 'opening range 15 min',
  last: 'last',
  levels: { entry: 'entry', stop: 'stop', target: 'target', second_target: 'target 2' },
  bought: 'bought',
  sold: 'sold',
  noMinutes: 'no minute seen yet',
  gatePassed: 'passed',
  gateFailed: 'not passed',
  threshold: 'threshold',
  notKnown: 'not known',
  yes: 'yes',
  no: 'no',
  equity: 'Equity',
  cumulative: 'Sum of R',
  eachTrade: 'each trade',
  trades: (count) => `${count} ${count === 1 ? 'trade' : 'trades'}`,
  drawdown: 'deepest drawdown',
  benchmark: 'benchmark',
  falls: 'Below the highest before (%)',
};

const ZH: PictureWords = {
  dayType: '当前日型',
  vwap: 'VWAP',
  openingRange: '开盘15分钟区间',
  last: '最新',
  levels: { entry: '入场', stop: '止损', target: '目标', second_target: '目标二' },
  bought: '买入',
  sold: '卖出',
  noMinutes: '尚无分钟数据',
  gatePassed: '通过',
  gateFailed: '未通过',
  threshold: '阈值',
  notKnown: '未知',
  yes: '是',
  no: '否',
  equity: '净值',
  cumulative: '累计R',
  eachTrade: '每笔',
  trades: (count) => `${count}笔`,
  drawdown: '最大回撤',
  benchmark: '基准',
  falls: '距前高回撤（%）',
};

export const PICTURE_WORDS: Readonly<Record<Language, PictureWords>> = { en: EN, zh: ZH };
