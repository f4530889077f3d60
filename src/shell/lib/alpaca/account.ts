import { z } from 'zod';
import { decimal, instant } from './fields.ts';
import type { AlpacaRest } from './rest.ts';

const text = z.string({ error: 'a text' }).min(1, 'a text');

const wireAccount = z.object({
  status: text,
  cash: decimal,
  // fields of the day-trade rule that ended in 2026 are gone and are not read
  account_blocked: z.boolean().nullish(),
  trading_blocked: z.boolean().nullish(),
  trade_suspended_by_user: z.boolean().nullish(),
});

/** An account as the trading host shows it; `cash` is a decimal text. */
export type AlpacaAccount = z.infer<typeof wireAccount>;

const wireClock = z.object({ timestamp: instant });

/** The account of the keys. Throws the client's failure. */
export function readAccount(rest: AlpacaRest): Promise<AlpacaAccount> {
  return rest.ask({ method: 'GET', path: '/v2/account', lane: 'poll', answer: wireAccount });
}

/** Why the account may not trade, in the vendor's words; empty when it may. */
export function blocksOf(account: AlpacaAccount): string[] {
  return [
    ...(account.status === 'ACTIVE' ? [] : [`status ${account.status}`]),
    ...(account.account_blocked === true ? ['account_blocked'] : []),
    ...(account.trading_blocked === true ? ['trading_blocked'] : []),
    ...(account.trade_suspended_by_user === true ? ['trade_suspended_by_user'] : []),
  ];
}

/** How far this machine's clock is ahead of the vendor's, in milliseconds, to half a round trip. Throws the client's failure. */
export async function readSkewMs(rest: AlpacaRest, now: () => number): Promise<number> {
  const askedAt = now();
  const { timestamp } = await rest.ask({
    method: 'GET',
    path: '/v2/clock',
    lane: 'poll',
    answer: wireClock,
  });
  return Math.round((askedAt + now()) / 2 - timestamp);
}
