import type { Balance } from '#core/engine/balance.ts';
import type { Environment } from '#core/engine/policy.ts';
import { symbolOf } from '#core/market/instrument.ts';
import { spreadBps } from '#core/market/quote.ts';
import type { Answer, PriceLine } from '#core/replies/answer.ts';
import type { Speech } from './catalogue.ts';

/** Words of balances and prices. */
export type LookWords = {
  readonly total: string;
  readonly cash: string;
  readonly free: string;
  readonly positions: string;
  readonly today: string;
  readonly openRisk: string;
  readonly of: string;
  readonly unknown: string;
  readonly unpriced: string;
  readonly unattested: string;
  readonly noDesk: string;
  readonly spread: string;
  readonly old: (age: string) => string;
  readonly sinceClose: string;
  readonly held: string;
  readonly bar: string;
  readonly noPrice: string;
  readonly oneSided: string;
  readonly noneWatched: string;
  readonly noneFollowed: string;
  readonly how: string;
};

export const LOOK_EN: LookWords = {
  total: 'total',
  cash: 'cash',
  free: 'free',
  positions: 'positions',
  today: 'today',
  openRisk: 'open risk',
  of: 'of',
  unknown: 'not known',
  unpriced: 'no price of',
  unattested: '! nobody has said since the start what the account holds: /reconcile',
  noDesk: 'No desk is running.',
  spread: 'spread',
  old: (age) => `${age} old`,
  sinceClose: 'since the close before',
  held: 'held',
  bar: 'newest bar',
  noPrice: 'no price is known',
  oneSided: 'one side only',
  noneWatched: 'This chat watches no name.',
  noneFollowed: 'No desk follows a name.',
  how: '/watch add SYMBOL · /watch del SYMBOL',
};

export const LOOK_ZH: LookWords = {
  total: '总资产',
  cash: '现金',
  free: '可用',
  positions: '持仓市值',
  today: '今日',
  openRisk: '敞口风险',
  of: '上限',
  unknown: '未知',
  unpriced: '无报价:',
  unattested: '! 启动后尚未报告账户持仓:/对账',
  noDesk: '没有运行中的交易台。',
  spread: '价差',
  old: (age) => `${age}前`,
  sinceClose: '较前收',
  held: '持有',
  bar: '最新K线',
  noPrice: '没有价格',
  oneSided: '仅单边报价',
  noneWatched: '本聊天没有自选。',
  noneFollowed: '没有交易台关注任何标的。',
  how: '/自选 加 代码 · /自选 删 代码',
};

function balanceRows(
  b: Balance,
  s: Speech,
  w: LookWords,
  environments: Readonly<Record<Environment, string>>,
): string[] {
  const money = (minor: number | null) =>
    minor === null ? w.unknown : s.f.amount(minor, b.currency);
  const sign = (b.dayMinor ?? 0) < 0 ? '' : '+';
  const risk =
    b.openRiskLimitMinor === null || b.unitRMinor === null
      ? money(b.openRiskMinor)
      : `${money(b.openRiskMinor)} ${w.of} ${money(b.openRiskLimitMinor)} · 1R ${money(b.unitRMinor)}`;
  return [
    `${b.deskId} · ${b.accountId} (${environments[b.environment]})`,
    `${w.total} ${money(b.totalMinor)} · ${w.cash} ${money(b.cashMinor)} (${w.free} ${money(b.freeCashMinor)}) · ${w.positions} ${money(b.positionsMinor)}`,
    `${w.today} ${b.dayMinor === null ? w.unknown : `${sign}${money(b.dayMinor)}`} · ${w.openRisk} ${risk}`,
    ...(b.unpriced.length === 0 ? [] : [`${w.unpriced} ${b.unpriced.slice(0, 10).join(', ')}`]),
    ...(b.isUnattested ? [w.unattested] : []),
  ];
}

/** Accounts one after the other, never summed: each in its own currency. */
export function balanceLines(
  { balances }: Extract<Answer, { kind: 'balance' }>,
  s: Speech,
  words: LookWords,
  environments: Readonly<Record<Environment, string>>,
): string[] {
  if (balances.length === 0) return [words.noDesk];
  return balances.flatMap((one) => balanceRows(one, s, words, environments));
}

function changeText(price: number, before: number | null, s: Speech, w: LookWords): string[] {
  if (before === null || !(before > 0)) return [];
  const change = price / before - 1;
  return [`${change < 0 ? '' : '+'}${s.f.ratio(change)} ${w.sinceClose}`];
}

function priceRow(line: PriceLine, s: Speech, w: LookWords): string {
  const { instrument, quote, close, closedAt, previousClose, held } = line;
  const age = (at: number) => w.old(s.f.duration(Math.max(0, s.now - at)));
  const own = held === 0 ? [] : [`${w.held} ${held}`];
  const symbol = s.f.symbol(instrument);
  if (quote !== null) {
    const bps = spreadBps(quote);
    const isWhole = Number.isFinite(bps);
    const middle = isWhole ? (quote.bid + quote.ask) / 2 : Math.max(quote.bid, quote.ask);
    const side = (price: number) => (price > 0 ? s.f.price(price) : '–');
    return [
      `${symbol} ${side(quote.bid)} / ${side(quote.ask)}`,
      isWhole ? `${w.spread} ${s.f.bps(bps)}` : w.oneSided,
      ...changeText(middle, previousClose, s, w),
      age(quote.at),
      ...own,
    ].join(' · ');
  }
  if (close === null || closedAt === null) return [`${symbol}: ${w.noPrice}`, ...own].join(' · ');
  const bar = `${symbol}: ${w.bar} ${s.f.price(close)}`;
  return [bar, ...changeText(close, previousClose, s, w), age(closedAt), ...own].join(' · ');
}

/** Prices, one line a name. */
export function priceLines(
  { lines, of }: Extract<Answer, { kind: 'prices' }>,
  s: Speech,
  words: LookWords,
): string[] {
  if (lines.length === 0)
    return of === 'watched' ? [words.noneWatched, words.how] : [words.noneFollowed];
  return [
    ...lines.map((line) => priceRow(line, s, words)),
    ...(of === 'watched' ? [words.how] : []),
  ];
}

/** What brings the same prices once more. */
export function againCommand({ lines, of }: Extract<Answer, { kind: 'prices' }>): string {
  const [only] = lines;
  if (of === 'name' && only !== undefined) return `/quote ${symbolOf(only.instrument)}`;
  return of === 'watched' ? '/watch' : '/quote';
}
