import type { StopChange } from '#core/engine/decide-stops.ts';

/** What a new stop is to a position, as a list of positions says it. */
type StopWords = Readonly<Record<StopChange, string>>;

export const STOP_CHANGES_EN: StopWords = {
  tighten: 'moved up',
  widen: 'lower: left alone, /stoploss for it alone asks',
  same: 'there already',
  at_market: 'at or beyond the market: left alone, that is an exit',
  no_price: 'no fresh price: left alone',
  leaving: 'is being sold',
};

export const STOP_CHANGES_ZH: StopWords = {
  tighten: '上移',
  widen: '更低:不动,单独 /stoploss 会先询问',
  same: '已在此价',
  at_market: '达到或越过市价:不动,那是离场',
  no_price: '没有新报价:不动',
  leaving: '正在卖出',
};
