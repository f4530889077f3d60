import { createRandom, type Seed } from '#core/lib/random.ts';
import type { StockCn } from './cn-stocks.ts';

/** What a stock gives on an ex-date: a share of its price in cash, new shares as a fraction. */
export type GiftCn = { readonly cashShare: number; readonly newSharesPerShare: number };

/** What befalls one stock besides trading; days are places among those of the market. */
export type StockEventsCn = {
  /** ST: it moves little and is never bought. */
  readonly isSt: boolean;
  /** First day it is listed; 0: since before the market begins. */
  readonly listedFrom: number;
  readonly exDates: ReadonlyMap<number, GiftCn>;
};

const ST_SHARE = 0.03;
const NEW_SHARE = 0.025;
/** New ones are listed within so many days, one of them on the last three. */
const NEW_WITHIN = 60;
const NEWEST_WITHIN = 3;
/** Share of stocks that go ex within 250 days, and on the last, the played day. */
const EX_SHARE = 0.75;
const EX_YEAR = 250;
const EX_TODAY = 0.012;
/** Of the ex-dates so many bring shares too. */
const BONUS_SHARE = 0.25;
/** Trading days after a listing without limits. Source: rules of 2023 for every board but Beijing's. */
export const FREE_DAYS = 5;

function giftOf(dice: number, yieldDice: number): GiftCn {
  const isBonus = dice < BONUS_SHARE;
  const newSharesPerShare = isBonus ? (dice < BONUS_SHARE / 2 ? 0.3 : 0.4) : 0;
  return { cashShare: 0.006 + 0.024 * yieldDice, newSharesPerShare };
}

/** Events of every stock. They have draws of their own: who has none trades as without them. */
export function stockEventsCn(
  seed: Seed,
  stocks: readonly StockCn[],
  days: number,
): StockEventsCn[] {
  const random = createRandom(`${seed}/cn/events`);
  const last = days - 1;
  let hasNewest = false;
  return stocks.map(({ limitPercent }): StockEventsCn => {
    const isSt = random.uniform() < ST_SHARE && limitPercent === 10;
    const isNew = random.uniform() < NEW_SHARE && !isSt;
    const ago = Math.floor(random.uniform() * (hasNewest ? NEW_WITHIN : NEWEST_WITHIN));
    const [today, some, when, dice, yieldDice] = Array.from({ length: 5 }, () => random.uniform());
    const listedFrom = isNew ? Math.max(0, last - ago) : 0;
    if (isNew) hasNewest = true;
    const exDates = new Map<number, GiftCn>();
    const gift = giftOf(dice!, yieldDice!);
    if (today! < EX_TODAY) exDates.set(last, gift);
    else if (some! < (EX_SHARE * days) / EX_YEAR) exDates.set(Math.floor(when! * last), gift);
    for (const day of exDates.keys()) if (day <= listedFrom) exDates.delete(day);
    return { isSt, listedFrom, exDates };
  });
}

/** Terms of an ex-date in cents a share, and the close before on its basis, half up, as the exchange states it. */
export function goEx(
  closeCents: number,
  gift: GiftCn,
): { readonly cashCents: number; readonly closeCents: number } {
  const cashCents = Math.max(1, Math.round(closeCents * gift.cashShare));
  const worth = (closeCents - cashCents) / (1 + gift.newSharesPerShare);
  return { cashCents, closeCents: Math.max(1, Math.round(worth + 1e-9)) };
}
