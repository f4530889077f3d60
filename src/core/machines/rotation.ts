import type { Reason } from '#core/gates/reason.ts';
import { reason } from '#core/gates/reason.ts';
import type { InstrumentId } from '#core/market/instrument.ts';

/**
 * How far a switch is. `proposed` waits for a person, `canceling` takes back what may still buy A,
 * `reconciling` asks what became of it, `asking` waits for a person because A was bought meanwhile,
 * `selling` leaves A, `freed` waits for a fresh price of B, `buying` has B at the broker.
 */
export type RotationStep =
  | 'proposed'
  | 'canceling'
  | 'reconciling'
  | 'asking'
  | 'selling'
  | 'freed'
  | 'buying'
  | 'ended';

/** `kept`: A stays and B is not bought; `stopped`: B is not bought for the reason given. */
export type RotationOutcome = 'bought' | 'kept' | 'stopped';

/** One switch from A to B. Quantities in shares, money in minor units. */
export type Rotation = {
  /** B's ticket; it waits until B is bought, so whatever ends it ends the switch. */
  readonly ticketId: string;
  readonly code: string;
  readonly from: InstrumentId;
  readonly to: InstrumentId;
  /** Of A, when it was proposed and again when a person agreed: held, and still to be bought. */
  readonly heldQuantity: number;
  readonly workingQuantity: number;
  /** Of A, what is to be sold by a person's word; 0: nothing of it was held. */
  readonly sellQuantity: number;
  /** Of A, what is to stay; what is held beyond it was bought while it was being canceled. */
  readonly keepQuantity: number;
  /** Of B, as agreed; what is bought is at most this, at most at this price per share. */
  readonly quantity: number;
  readonly limit: number;
  readonly by: string;
  readonly startedAt: number;
  /** Until when a person may agree; a proposal lives no longer than any other ticket. */
  readonly answerBy: number;
  readonly stepAt: number;
  readonly step: RotationStep;
  /** When a person was asked what is to become of A; null: not yet. */
  readonly askedAt: number | null;
  /** Of A, what was bought after its cancel was asked for. */
  readonly filledQuantity: number;
  /** Cash that no order could take any more once A was gone; null: not known yet. */
  readonly freedMinor: number | null;
  /** Of B, what was bought. */
  readonly boughtQuantity: number;
  readonly outcome: RotationOutcome | null;
  readonly reason: Reason | null;
};

/** What the book says of both sides of a switch. */
export type RotationFacts = {
  /** B's ticket; `over`: skipped, expired, superseded, void or gone. */
  readonly ticket: 'pending' | 'confirmed' | 'over';
  /** Why it is over; null while it is not. */
  readonly overBecause: Reason | null;
  readonly isKilled: boolean;
  /** The time to agree to it is over. */
  readonly isAnswerOver: boolean;
  /** An order may still buy A, also one in doubt. */
  readonly isWorking: boolean;
  /** Of one of them nobody knows what became of it, or its cancel was refused. */
  readonly isInDoubt: boolean;
  readonly heldQuantity: number;
  /** A is being left. */
  readonly isLeaving: boolean;
  /** The exit was given up. */
  readonly isExitGivenUp: boolean;
  /** Of A, what may be sold today. */
  readonly sellableQuantity: number;
  /** An order may still buy B. */
  readonly isBuying: boolean;
  readonly boughtQuantity: number;
};

export type RotationMove = {
  readonly to: RotationStep;
  readonly outcome: RotationOutcome | null;
  readonly reason: Reason | null;
};

function move(to: RotationStep): RotationMove {
  return { to, outcome: null, reason: null };
}

function end(outcome: RotationOutcome, why: Reason | null): RotationMove {
  return { to: 'ended', outcome, reason: why };
}

/** True while a switch is under way or waits for a person. */
export function isRunning(rotation: Rotation | null | undefined): rotation is Rotation {
  return rotation !== null && rotation !== undefined && rotation.step !== 'ended';
}

/**
 * The next step of a switch, or null where it is. Only the book decides: B's turn (`freed`) comes when
 * nothing may buy A any more and nothing of A is held beyond what is to stay. The step from `proposed`
 * and the answers to `asking` are a person's, the one from `freed` to `buying` needs every risk rule;
 * those three are not made here.
 *
 * Source: centaur.md "Rotation".
 */
export function nextMove(rotation: Rotation, facts: RotationFacts): RotationMove | null {
  const { step } = rotation;
  const isPast = step === 'buying' || step === 'ended';
  if (!isPast && facts.isKilled) return end('stopped', facts.overBecause ?? reason('killed'));
  if (!isPast && facts.ticket === 'confirmed') return move('buying');
  switch (step) {
    case 'proposed':
      return whileProposed(rotation, facts);
    case 'canceling':
    case 'reconciling':
      return whileCanceling(rotation, facts);
    case 'asking':
      return whileAsking(facts);
    case 'selling':
      return whileSelling(rotation, facts);
    case 'freed':
      return whileFreed(rotation, facts);
    case 'buying':
      return afterBuying(facts);
    case 'ended':
      return null;
  }
}

function whileProposed(rotation: Rotation, facts: RotationFacts): RotationMove | null {
  if (facts.ticket === 'over') return end('stopped', facts.overBecause);
  if (facts.isAnswerOver) return end('stopped', reason('life_over'));
  // what the person was shown is not what stands any more
  const { heldQuantity: quantity } = facts;
  if (quantity === rotation.heldQuantity) return null;
  return end('stopped', reason('changed_meanwhile', { before: rotation.heldQuantity, quantity }));
}

function whileCanceling(rotation: Rotation, facts: RotationFacts): RotationMove | null {
  const isOver = facts.ticket === 'over';
  if (facts.isWorking) {
    if (facts.isInDoubt) return rotation.step === 'reconciling' ? null : move('reconciling');
    if (!isOver) return rotation.step === 'canceling' ? null : move('canceling');
    return rotation.step === 'reconciling' ? null : end('stopped', facts.overBecause);
  }
  if (isOver) return end('stopped', facts.overBecause);
  if (rotation.sellQuantity > 0 && facts.heldQuantity > rotation.keepQuantity)
    return move('selling');
  return boughtMeanwhile(rotation, facts) ?? move('freed');
}

/** A was bought while it was being canceled: a person decides, unless it cannot be sold today anyway. */
function boughtMeanwhile(rotation: Rotation, facts: RotationFacts): RotationMove | null {
  const quantity = facts.heldQuantity - rotation.keepQuantity;
  if (quantity <= 0) return null;
  if (facts.sellableQuantity >= quantity) return move('asking');
  return end('kept', reason('not_sellable_today', { wanted: quantity }));
}

function whileAsking(facts: RotationFacts): RotationMove | null {
  if (facts.ticket === 'over') return end('kept', facts.overBecause);
  if (facts.heldQuantity > 0 || facts.isWorking) return null;
  return end('stopped', reason('closed_meanwhile'));
}

function whileSelling(rotation: Rotation, facts: RotationFacts): RotationMove | null {
  if (facts.ticket === 'over') return end('stopped', facts.overBecause);
  if (facts.isExitGivenUp) return end('stopped', reason('exit_not_filled'));
  if (facts.isWorking || facts.isLeaving) return null;
  return boughtMeanwhile(rotation, facts) ?? move('freed');
}

function whileFreed(rotation: Rotation, facts: RotationFacts): RotationMove | null {
  if (facts.ticket === 'over') return end('stopped', facts.overBecause);
  // an order that was thought gone works after all
  return facts.isWorking ? move('canceling') : boughtMeanwhile(rotation, facts);
}

function afterBuying(facts: RotationFacts): RotationMove | null {
  if (facts.isBuying) return null;
  return facts.boughtQuantity > 0 ? end('bought', null) : end('stopped', reason('order_failed'));
}
