import { type Reason, reason } from '#core/gates/reason.ts';
import { resultInR } from '#core/risk/r-multiple.ts';
import { openResultMinor } from './evolve-position.ts';
import type { Policy } from './policy.ts';
import { instrumentDayOf, saleQuoteOf } from './select-cn.ts';
import type { DeskState } from './state.ts';
import { type MarketView, seenOf } from './view.ts';

/** The desk and the prices it has seen. */
type Seen = { readonly state: DeskState; readonly view: MarketView; readonly policy: Policy };

/**
 * What a share of a held name is worth when it is sold now: the bid (at a sealed limit-down the limit), else the newest
 * bar's close; null unknown. One that is suspended all day is worth what the exchange says: its previous close.
 */
export function worthOf({ state, view }: Omit<Seen, 'policy'>, instrument: string): number | null {
  const { quote, evaluation } = seenOf(view, instrument);
  const sale = quote === null ? null : saleQuoteOf(state, quote);
  if (sale !== null) return sale;
  if (evaluation !== null) return evaluation.bar.close;
  const facts = instrumentDayOf(state, instrument);
  return facts?.isSuspended === true ? facts.previousClose : null;
}

/** The day's result: closed trades plus open positions at the bid, net of fees, in minor units; null when a bid is missing. */
export function dayResultMinor(draft: Seen): number | null {
  let total = draft.state.day?.realizedMinor ?? 0;
  for (const position of Object.values(draft.state.positions)) {
    const bid = worthOf(draft, position.instrument);
    if (bid === null) return null;
    total += openResultMinor(position, bid);
  }
  return total;
}

/**
 * The day's loss in R judged once more at the moment of confirming, with the prices known then; a figure that
 * cannot be computed is an objection too. A sector-pulse desk counts it against the equity of its morning
 * (pulse-confirm.ts). Source: intraday.md "Locks".
 */
export function dayLossObjection(draft: Seen): Reason | null {
  const { day } = draft.state;
  const { pulse, risk } = draft.policy;
  if (day === null || pulse !== null) return null;
  const resultMinor = dayResultMinor(draft);
  if (resultMinor === null || !Number.isFinite(resultMinor) || !(day.unitRMinor > 0))
    return reason('risk_not_computable', { figure: 'day_result' });
  const resultR = resultInR(resultMinor, day.unitRMinor);
  if (resultR > -risk.dayLossLimitR) return null;
  return reason('day_loss_limit', { resultR, limitR: -risk.dayLossLimitR });
}
