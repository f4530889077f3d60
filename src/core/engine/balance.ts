import { notionalMinor } from '#core/market/money.ts';
import type { DeskView } from '#core/replies/answer.ts';
import { freeCashMinor } from '#core/risk/review.ts';
import { dayResultMinor, worthOf } from './day-loss.ts';
import type { Environment } from './policy.ts';

/** What an account is worth by the desk's own book. Minor units; null: not known. */
export type Balance = {
  readonly deskId: string;
  readonly accountId: string;
  readonly environment: Environment;
  readonly currency: string;
  readonly cashMinor: number;
  /** Cash that no working entry can still take. */
  readonly freeCashMinor: number;
  /** What is held, at the price a sale would find. */
  readonly positionsMinor: number | null;
  readonly totalMinor: number | null;
  /** Names held of which no price is known. */
  readonly unpriced: readonly string[];
  /** Closed trades and open positions of the day, after fees. */
  readonly dayMinor: number | null;
  readonly openRiskMinor: number;
  /** One R, and how much may be at risk at once; null: no session is planned. */
  readonly unitRMinor: number | null;
  readonly openRiskLimitMinor: number | null;
  /** A person executes, and nobody has said yet what the account holds. */
  readonly isUnattested: boolean;
};

/** Cash and holdings of a desk's account at the prices seen last. */
export function balanceOf({ state, view, policy, axes, openRiskMinor }: DeskView): Balance {
  const { cashMinor, day } = state;
  const held = Object.values(state.positions).map(({ instrument, quantity }) => {
    const price = worthOf({ state, view }, instrument);
    return { instrument, worthMinor: price === null ? null : notionalMinor(price, quantity) };
  });
  const unpriced = held.filter(({ worthMinor }) => worthMinor === null);
  const sumMinor = held.reduce((sum, { worthMinor }) => sum + (worthMinor ?? 0), 0);
  const positionsMinor = unpriced.length > 0 ? null : sumMinor;
  return {
    deskId: policy.deskId,
    accountId: policy.accountId,
    environment: policy.environment,
    currency: policy.currency,
    cashMinor,
    freeCashMinor: freeCashMinor(state),
    positionsMinor,
    totalMinor: positionsMinor === null ? null : cashMinor + positionsMinor,
    unpriced: unpriced.map(({ instrument }) => instrument),
    dayMinor: day === null ? null : dayResultMinor({ state, view, policy }),
    openRiskMinor,
    unitRMinor: day === null ? null : day.unitRMinor,
    openRiskLimitMinor:
      day === null ? null : Math.round(day.riskBudgetMinor * policy.risk.openRiskLimitR),
    isUnattested: axes.isUnattested === true,
  };
}
