import type { Input } from '#core/engine/input.ts';
import {
  AAPL,
  actOf,
  confirm,
  DAY,
  fill,
  ny,
  type PolicyChange,
  policyOf,
  quoteOf,
  ready,
  report,
  sent,
  signalBar,
  TICKET,
} from './builders.ts';
import type { Desk } from './engine.ts';

/** Room for one trade at a time, so that the setup of the second name was refused. */
export function onePolicy(change: PolicyChange = {}) {
  return policyOf({ ...change, risk: { openRiskLimitR: 0.5, ...change.risk } });
}

/** Ticket that a switch to AAPL opens. */
export const SECOND = `${DAY}.us-vwap.AAPL.US.long.1`;
export const PROPOSED_AT = ny('10:01:20');
export const AGREED_AT = ny('10:01:25');

/** A person asks to leave QQQM for AAPL; AAPL is quoted 99.98 to 100.00 unless told otherwise. */
export function propose(at = PROPOSED_AT, ratio = 1): Input {
  const act = { act: 'switch', verb: 'propose', from: 'QQQM', to: 'AAPL', ratio } as const;
  return actOf(at, act, { quote: quoteOf(at, 99.98, 100, AAPL) });
}

export const answer = (at: number, verb: 'keep' | 'sell', sentAt = at): Input =>
  ({
    ...actOf(at, { act: 'switch', verb, code: null }),
    sentAt,
  }) as Input;

/** The person takes the ticket of the switch. */
export function agree(desk: Desk, at = AGREED_AT): Input {
  const code = desk.state.rotation?.code ?? 'none';
  return confirm(at, { code, quote: quoteOf(at, 99.98, 100, AAPL) });
}

/** QQQM works with two entries of 100, and AAPL had a setup that it leaves no room for. */
export function withSetupOfBoth(): Input[] {
  return [
    ...ready(),
    signalBar(ny('10:01')),
    signalBar(ny('10:01'), { instrument: AAPL }),
    confirm(ny('10:01:10')),
    ...['entry-1', 'entry-2'].flatMap((name) => [
      sent(ny('10:01:11'), `${TICKET}.${name}`),
      report(ny('10:01:11'), `${TICKET}.${name}`, 'accepted'),
    ]),
  ];
}

/** The same with QQQM bought whole. */
export function withHeldAndSetup(): Input[] {
  return [
    ...withSetupOfBoth(),
    fill(ny('10:01:12'), `${TICKET}.entry-1`, 100, 100),
    report(ny('10:01:12'), `${TICKET}.stop-1`, 'accepted'),
    report(ny('10:01:12'), `${TICKET}.target-1`, 'accepted'),
    fill(ny('10:01:12'), `${TICKET}.entry-2`, 100, 100),
    report(ny('10:01:12'), `${TICKET}.stop-2`, 'accepted'),
  ];
}

/** Shares that orders at the broker may still buy, of both names. */
export function mayBuy(desk: Desk): number {
  return Object.values(desk.state.orders)
    .filter(({ role, state }) => role === 'entry' && !ENDED.has(state))
    .reduce((sum, order) => sum + order.quantity - order.filledQuantity, 0);
}

const ENDED: ReadonlySet<string> = new Set(['filled', 'canceled', 'rejected', 'denied', 'expired']);
