import { boardOfCn } from './board-cn.ts';
import type { InstrumentDayCn } from './instrument-day.ts';
import type { PhaseCn } from './phases-cn.ts';
import { canSubmitCn } from './phases-cn.ts';
import type { Quote } from './quote.ts';
import { tradabilityCn } from './seal-cn.ts';
import type { Session } from './session.ts';

/** How a part of a holding can leave, or why it stays. Quantities in shares. */
export type SaleWayCn =
  | {
      readonly kind: 'now';
      readonly quantity: number;
      readonly phase: PhaseCn;
      /** False when the facts that would make it certain are missing: it is tried all the same. */
      readonly isCertain: boolean;
    }
  | { readonly kind: 'queue'; readonly quantity: number; readonly reason: 'sealed_down' }
  | {
      readonly kind: 'later';
      readonly quantity: number;
      readonly phase: PhaseCn;
      readonly opensAt: number;
    }
  | {
      readonly kind: 'stays';
      readonly quantity: number;
      readonly reason: 'day_over' | 'halted' | 'suspended' | 't_plus_one';
    };

/**
 * What can be done now to sell a holding, for the sheet before a liquidation: parts of `held`
 * that add up to it. `sellable` are the shares that T+1 lets go. A sale is never withheld because
 * a fact is missing; then it is marked as not certain.
 */
export function saleWaysCn(input: {
  readonly facts: InstrumentDayCn;
  readonly session: Session;
  readonly at: number;
  readonly quote: Quote | null;
  readonly held: number;
  readonly sellable: number;
}): SaleWayCn[] {
  const { facts, session, at, quote, held } = input;
  const sellable = Math.min(held, Math.max(0, input.sellable));
  const ways: SaleWayCn[] = [];
  if (sellable > 0) ways.push(wayOf(facts, session, at, quote, sellable));
  if (held > sellable) {
    ways.push({ kind: 'stays', quantity: held - sellable, reason: 't_plus_one' });
  }
  return ways;
}

function wayOf(
  facts: InstrumentDayCn,
  session: Session,
  at: number,
  quote: Quote | null,
  quantity: number,
): SaleWayCn {
  const tradable = tradabilityCn('sell', facts, quote, at);
  if (tradable.kind === 'blocked') return { kind: 'stays', quantity, reason: tradable.reason };
  const board = boardOfCn(facts.instrument);
  if (board === null) return { kind: 'now', quantity, phase: 'continuous', isCertain: false };
  const window = canSubmitCn(session, board, at);
  if (window.kind === 'shut') {
    const { phase, opensAt } = window;
    return opensAt === null
      ? { kind: 'stays', quantity, reason: 'day_over' }
      : { kind: 'later', quantity, phase, opensAt };
  }
  const isAfter = window.phase === 'after_close' || window.phase === 'after_hours';
  if (tradable.kind === 'queues' && !isAfter) {
    return { kind: 'queue', quantity, reason: 'sealed_down' };
  }
  return { kind: 'now', quantity, phase: window.phase, isCertain: tradable.kind === 'open' };
}
