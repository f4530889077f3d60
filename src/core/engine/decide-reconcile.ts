import type {
  AccountReading,
  Difference,
  External,
  ReadCharge,
} from '#core/portfolio/account-reading.ts';
import { explainedBy } from '#core/portfolio/charges.ts';
import { doubtedHoldings } from '#core/portfolio/holding-doubts.ts';
import { unreadableFigures } from '#core/portfolio/reading-check.ts';
import {
  CASH_TOLERANCE_MINOR,
  compareAccount,
  fillCorrections,
  type Movement,
  missedFills,
  movedPrices,
  movedSince,
  orderNews,
  workingThoughEnded,
} from '#core/portfolio/reconcile.ts';
import { isLeft } from './decide-environment.ts';
import { requestCancel, startExit, wasOnlyDenied } from './decide-orders.ts';
import { onDoubt, onNotFound, onReport } from './decide-reports.ts';
import { causePassed, enterSafeMode, raiseAlarm } from './decide-safety.ts';
import { type Draft, emit } from './draft.ts';
import { goOnWith, heirOf, takeHandedDown } from './handed-down.ts';
import type { Input } from './input.ts';
import { isAnyHeldBack, isExposed, isSweepPending } from './select.ts';

type Read = Extract<Input, { kind: 'account_read' }>;
type Reconciled = Extract<Input, { kind: 'account_reconciled' }>;
type Verdict = Omit<Reconciled, 'kind' | 'at'> &
  Pick<ReturnType<typeof compareAccount>, 'mismatches'>;

/** An order that the broker does not know this long after it was meant to leave never arrived. */
const NEVER_ARRIVED_MS = 3_000;

/**
 * Takes a reading of the account: missed fills are booked once, orders settled, money corrected; what is
 * left is a difference. The broker is right about holdings, the log about intentions. A difference that
 * may be on its way (something moved during the reading) is no verdict yet.
 */
export function onAccountRead(draft: Draft, input: Read): void {
  const { reading } = input;
  // what stage 2 of a kill closed has no name yet: the book is compared once the broker has answered
  if (isSweepPending(draft.state) || isLeft(draft.state, draft.policy)) return;
  const heirs = new Set(
    reading.orders
      .filter((one) => heirOf(draft.state, one.orderId, one.instrument) !== null)
      .map((one) => one.orderId),
  );
  const isOurs = (orderId: string): boolean =>
    draft.state.orders[orderId] !== undefined || heirs.has(orderId);
  const unreadable = unreadableFigures(reading, isOurs);
  if (unreadable.length > 0) {
    const { cashMinor } = draft.state;
    const verdict = { isClean: false, cashMinor, differences: unreadable, mismatches: [] };
    return input.isLast ? conclude(draft, verdict) : undefined;
  }
  const moved = movedSince(draft.state, reading.beganAt);
  const handedDown = takeHandedDown(draft, reading);
  for (const report of missedFills(draft.state, reading)) onReport(draft, report, 'listed');
  for (const report of orderNews(draft.state, reading, moved, draft.at)) onReport(draft, report);
  goOnWith(draft, handedDown);
  settleMissing(draft, input, moved);
  takeOrders(draft, input, moved);
  for (const correction of fillCorrections(draft.state, reading))
    emit(draft, { type: 'fills_corrected', ...correction });
  takeCharges(draft, input, moved);
  takeCash(draft, input, moved);
  noteDoubts(draft, reading);
  const compared = compareAccount(draft.state, reading, moved, draft.at);
  noteExternals(draft, compared.externals);
  const { differences, mismatches, isRacing } = compared;
  const isClean = differences.length === 0;
  if (!isClean && (isRacing || !input.isLast)) return;
  conclude(draft, { isClean, cashMinor: reading.cashMinor, differences, mismatches });
}

/** Takes a comparison that was made outside the desk. */
export function onReconciled(draft: Draft, input: Reconciled): void {
  const { isClean, cashMinor, differences } = input;
  // what the side says that was left is about another account
  if (isLeft(draft.state, draft.policy)) return;
  conclude(draft, { isClean, cashMinor, differences, mismatches: [] });
}

function settleMissing(draft: Draft, input: Read, moved: Movement): void {
  for (const orderId of input.reading.missing) {
    const order = draft.state.orders[orderId];
    if (order === undefined || moved.orders.has(orderId)) continue;
    const isOld = draft.at - (order.submittedAt ?? order.intendedAt) >= NEVER_ARRIVED_MS;
    if (!isOld) continue;
    if (order.state === 'unknown') onNotFound(draft, orderId);
    else onDoubt(draft, orderId, 'the broker does not know it');
  }
}

/**
 * Orders that work though the book ended them work again, and entries of that kind are taken back; moved prices are
 * facts. Where a person executes the list is the log's own, as far as it was stored: it reopens nothing.
 */
function takeOrders(draft: Draft, input: Read, moved: Movement): void {
  const { isPerson } = draft.policy.execution;
  const odd = isPerson ? [] : workingThoughEnded(draft.state, input.reading);
  for (const order of odd) {
    emit(draft, { type: 'order_found_working', orderId: order.orderId });
    const found = draft.state.orders[order.orderId];
    const isNeeded =
      order.role !== 'entry' && draft.state.positions[order.instrument] !== undefined;
    if (found !== undefined && !isNeeded) requestCancel(draft, found, 'found working');
  }
  for (const { orderId, stopPrice, limitPrice } of movedPrices(draft.state, input.reading, moved))
    emit(draft, { type: 'order_replaced', orderId, stopPrice, limitPrice });
}

/**
 * What the broker charged apart from executions is booked once, by its id, when it explains why cash differs.
 * The first list of a desk, and one while cash agrees, says what lies before; an unexplained difference
 * leaves it open, so that a charge and its cash may come in either order.
 */
function takeCharges(draft: Draft, input: Read, moved: Movement): void {
  const { cashMinor, charges } = input.reading;
  if (charges === undefined || moved.instruments.size > 0) return;
  const { cashMinor: fromMinor, charges: known } = draft.state;
  const chargeIds = charges.map(({ chargeId }) => chargeId);
  if (known !== undefined && chargeIds.every((id) => known.includes(id))) return;
  const differenceMinor = cashMinor - fromMinor;
  const booked =
    known === undefined ? 0 : explainedBy(charges, known, differenceMinor, CASH_TOLERANCE_MINOR);
  if (booked === null) return;
  const isEarly = known !== undefined && booked === 0 && !isSmall(charges, known);
  if (isEarly) return;
  emit(draft, { type: 'charges_noted', chargeIds, fromMinor, toMinor: fromMinor + booked });
}

/** True when charges that are news come to no more than the tolerance: whether cash has moved cannot be told. */
function isSmall(charges: readonly ReadCharge[], known: readonly string[]): boolean {
  const sum = charges
    .filter(({ chargeId }) => !known.includes(chargeId))
    .reduce((total, { amountMinor }) => total + amountMinor, 0);
  return Math.abs(sum) <= CASH_TOLERANCE_MINOR;
}

/** Interest or a fee booked at night: a small difference of cash that nothing else explains is taken over. */
function takeCash(draft: Draft, input: Read, moved: Movement): void {
  const { cashMinor: fromMinor } = draft.state;
  const { cashMinor: toMinor } = input.reading;
  const isSmall = Math.abs(toMinor - fromMinor) <= CASH_TOLERANCE_MINOR;
  if (fromMinor === toMinor || !isSmall || moved.instruments.size > 0) return;
  emit(draft, { type: 'cash_corrected', fromMinor, toMinor, by: 'reconciliation' });
}

/** Remembers which shares the reading did not show, also before that is a verdict; said when it changes. */
function noteDoubts(draft: Draft, reading: AccountReading): void {
  const doubts = doubtedHoldings(draft.state, reading);
  const known = draft.state.doubts ?? [];
  const isSame =
    doubts.length === known.length &&
    doubts.every((doubt) =>
      known.some((one) => one.instrument === doubt.instrument && one.missing === doubt.missing),
    );
  if (!isSame) emit(draft, { type: 'holdings_doubted', doubts });
}

function noteExternals(draft: Draft, externals: readonly External[]): void {
  const standing = new Set(externals.map((external) => external.id));
  for (const known of draft.state.externals)
    if (!standing.has(known.id)) emit(draft, { type: 'external_gone', id: known.id });
  for (const external of externals) {
    const known = draft.state.externals.find((one) => one.id === external.id);
    if (known !== external && external.state === 'found')
      emit(draft, { type: 'external_found', external });
  }
}

/** The verdict of a comparison: an event when it is news, SAFE_MODE while the sides differ. */
function conclude(draft: Draft, verdict: Verdict): void {
  const { isClean, cashMinor, differences } = verdict;
  const { isReconciled } = draft.state;
  const isNews = isClean
    ? !isReconciled ||
      cashMinor !== draft.state.cashMinor ||
      draft.state.differences.length > 0 ||
      draft.state.doubts !== undefined ||
      isAnyHeldBack(draft.state)
    : isReconciled || !isKnown(draft, differences);
  if (isNews) emit(draft, { type: 'reconciled', ...verdict });
  if (isClean) {
    for (const entry of draft.state.safeMode)
      if (entry.cause === 'position_mismatch')
        causePassed(draft, 'position_mismatch', entry.subject);
    return resumeExits(draft);
  }
  if (!isNews) return;
  enterSafeMode(draft, 'position_mismatch', draft.policy.accountId, figuresOf(differences));
  if (isExposed(draft.state))
    raiseAlarm(draft, 'recon_blocked', draft.policy.accountId, { differences: differences.length });
}

/** An account that answers again takes the exits that could not be sent to it. */
function resumeExits(draft: Draft): void {
  for (const position of Object.values(draft.state.positions)) {
    const { exiting } = position;
    if (exiting === null || !wasOnlyDenied(draft.state, position)) continue;
    startExit(draft, position, exiting.reason, exiting.by, exiting.quantity, true);
  }
}

function figuresOf(differences: readonly Difference[]): { differences: number; first: string } {
  const [first] = differences;
  const words =
    first === undefined
      ? 'unknown'
      : `${first.subject}: ours ${first.ours}, broker ${first.theirs}`;
  return { differences: differences.length, first: words };
}

/** True when the same differences already hold the desk in SAFE_MODE. */
function isKnown(draft: Draft, differences: readonly Difference[]): boolean {
  const known = draft.state.differences;
  return (
    known.length === differences.length &&
    known.every((line, i) => {
      const other = differences[i];
      return (
        line.subject === other?.subject && line.ours === other.ours && line.theirs === other.theirs
      );
    })
  );
}
