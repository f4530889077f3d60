import { createRandom, type Seed } from '#core/lib/random.ts';
import type { InstrumentId } from '#core/market/instrument.ts';

/** A simulated A-share. Price in yuan, turnover in yuan a day, drift per day as a fraction. */
export type StockCn = {
  readonly instrument: InstrumentId;
  /** Place in `SECTORS_CN`. */
  readonly sector: number;
  readonly limitPercent: 10 | 20;
  readonly startPrice: number;
  readonly turnover: number;
  readonly beta: number;
  readonly drift: number;
};

/** Sectors of the simulated market, in everyday words. */
export const SECTORS_CN: readonly string[] = [
  '银行',
  '保险',
  '证券',
  '地产',
  '建筑',
  '建材',
  '钢铁',
  '煤炭',
  '石油',
  '化工',
  '有色',
  '电力',
  '环保',
  '机械',
  '电气',
  '军工',
  '汽车',
  '家电',
  '轻工',
  '纺织',
  '食品',
  '医药',
  '农业',
  '零售',
  '旅游',
  '传媒',
  '通信',
  '计算机',
  '电子',
  '运输',
  '美容',
];

const PER_SECTOR = 12;
/** Codes by board and how often: main boards mostly, some with limits of 20 %. */
const BOARDS = [
  { prefix: '600', place: 'SH', share: 0.34, limitPercent: 10 },
  { prefix: '603', place: 'SH', share: 0.2, limitPercent: 10 },
  { prefix: '000', place: 'SZ', share: 0.14, limitPercent: 10 },
  { prefix: '002', place: 'SZ', share: 0.18, limitPercent: 10 },
  { prefix: '300', place: 'SZ', share: 0.09, limitPercent: 20 },
  { prefix: '688', place: 'SH', share: 0.05, limitPercent: 20 },
] as const;

function boardFor(dice: number): (typeof BOARDS)[number] {
  let left = dice;
  for (const board of BOARDS) {
    left -= board.share;
    if (left < 0) return board;
  }
  return BOARDS[0];
}

/** The stocks of the market, by code: twelve to a sector. Codes are of real ranges, companies are not. */
export function simulatedStocksCn(seed: Seed): StockCn[] {
  const random = createRandom(`${seed}/cn/stocks`);
  const taken = new Set<string>();
  const stocks: StockCn[] = [];
  for (let sector = 0; sector < SECTORS_CN.length; sector += 1) {
    for (let k = 0; k < PER_SECTOR; k += 1) {
      const { prefix, place, limitPercent } = boardFor(random.uniform());
      let code = '';
      do code = `${prefix}${String(1 + Math.floor(random.uniform() * 998)).padStart(3, '0')}`;
      while (taken.has(code));
      taken.add(code);
      stocks.push({
        instrument: `${code}.${place}`,
        sector,
        limitPercent,
        startPrice: Math.round(Math.exp(2.6 + 0.7 * random.normal()) * 100) / 100,
        turnover: Math.exp(20.6 + 0.55 * random.normal()),
        beta: 0.7 + 0.6 * random.uniform(),
        drift: 0.0006 * random.normal(),
      });
    }
  }
  return stocks.sort((a, b) => (a.instrument < b.instrument ? -1 : 1));
}
