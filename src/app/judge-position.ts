import { wantedStop } from '#core/engine/decide-stops.ts';
import { seenOf } from '#core/engine/view.ts';
import { type InstrumentId, parseInstrumentId, symbolOf } from '#core/market/instrument.ts';
import { instrumentOfSymbolCn } from '#core/market/symbol-cn.ts';
import type { External } from '#core/portfolio/account-reading.ts';
import type { DeskAct } from '#core/replies/act.ts';
import { LATE_AFTER_MS } from '#core/replies/conversation.ts';
import type { DeskHandle } from './desk-handle.ts';
import { deskScope, positionOf } from './find-desk.ts';
import { type ActFrom, ask, go, type Judged, late, refused } from './judged.ts';
import { mayActAs } from './roles.ts';
import { stopLines } from './stop-lines.ts';

type PositionAct = Extract<
  DeskAct,
  { act: 'adopt' | 'reconcile' | 'stoploss' | 'breakeven' | 'stops' }
>;

/** Judges the acts about holdings and the account behind them; see `judgeAct`. */
export function judgePositionAct(
  act: PositionAct,
  desks: readonly DeskHandle[],
  from: ActFrom,
): Judged {
  switch (act.act) {
    case 'adopt':
      return judgeAdopt(act, desks, from);
    case 'stoploss':
    case 'breakeven':
      return judgeStop(act, desks, from);
    case 'stops':
      return judgeStops(act, desks, from);
    case 'reconcile':
      return judgeSettle(act, desks, from);
  }
}

/** As one stop after another; what would have to be asked about is left as it is, and said. */
function judgeStops(
  act: Extract<DeskAct, { act: 'stops' }>,
  desks: readonly DeskHandle[],
  from: ActFrom,
): Judged {
  const holding = desks.filter((desk) => Object.keys(desk.state().positions).length > 0);
  if (holding.length === 0) return refused({ kind: 'nothing_held', target: null });
  for (const desk of holding)
    for (const { instrument, openedAt } of Object.values(desk.state().positions))
      if (openedAt > from.sentAt)
        return refused({ kind: 'position_changed', target: symbolOf(instrument) });
  const rows = stopLines(act, holding, [], from.now);
  // a price that is missing is fetched before it is done
  const isOfUse = rows.some(({ change }) => change === 'tighten' || change === 'no_price');
  if (!isOfUse) return refused({ kind: 'stops', isDry: false, rows });
  return go(act, holding, isLate(from) ? from.now - from.sentAt : null);
}

function isLate(from: ActFrom): boolean {
  return from.now - from.sentAt > LATE_AFTER_MS;
}

/**
 * Tightening passes, also late when the position is the one that stood when it was said; widening is
 * asked for once more and refused late; at or beyond the market it is an exit and asked for as one.
 */
function judgeStop(
  act: Extract<DeskAct, { act: 'stoploss' | 'breakeven' }>,
  desks: readonly DeskHandle[],
  from: ActFrom,
): Judged {
  const found = positionOf(act.target, desks);
  if (found === null) return refused({ kind: 'nothing_held', target: act.target });
  const { desk, position } = found;
  if (position.openedAt > from.sentAt)
    return refused({ kind: 'position_changed', target: act.target });
  const stop = wantedStop(position, act);
  const { instrument, quantity } = position;
  const lateMs = isLate(from) ? from.now - from.sentAt : null;
  const bid = seenOf(desk.view(), instrument).quote?.bid ?? null;
  const target = symbolOf(instrument);
  if (bid !== null && bid > 0 && stop >= bid) {
    const exit: DeskAct = { act: 'exit', target: instrument, ratio: 1 };
    const consequence = { act: 'exit', target, quantity, ratio: 1, lateMs } as const;
    return ask(exit, [desk], consequence, position.ticketId);
  }
  if (stop >= position.stop) return go(act, [desk], lateMs);
  if (lateMs !== null) return late(act, from);
  return ask(act, [desk], { act: 'stoploss', target, from: position.stop, to: stop, quantity });
}

function externalOf(
  target: string,
  desks: readonly DeskHandle[],
): { desk: DeskHandle; external: External } | null {
  for (const desk of desks) {
    const external = desk
      .state()
      .externals.find((one) => one.id === target || symbolOf(one.instrument) === target);
    if (external !== undefined) return { desk, external };
  }
  return null;
}

function judgeAdopt(
  act: Extract<DeskAct, { act: 'adopt' }>,
  desks: readonly DeskHandle[],
  from: ActFrom,
): Judged {
  if (isLate(from)) return late(act, from);
  const found = externalOf(act.target, desks);
  if (found === null || found.external.kind !== 'position')
    return refused({ kind: 'nothing_external', target: act.target });
  const { desk, external } = found;
  return ask({ ...act, target: external.id }, [desk], {
    act: 'adopt',
    target: symbolOf(external.instrument),
    quantity: external.quantity,
    averagePrice: external.price,
    stop: act.stop,
  });
}

/** A list of an account is for the one desk whose orders a person executes; read back before it counts. */
function judgeAttest(
  act: Extract<DeskAct, { act: 'reconcile'; verb: 'attest' }>,
  desks: readonly DeskHandle[],
): Judged {
  const scoped = deskScope(act.scope, desks);
  const byHand = scoped.filter((desk) => desk.policy.execution.isPerson);
  const desk = byHand[0] ?? scoped[0];
  if (desk === undefined) {
    const names = desks.map(({ policy }) => policy.deskId);
    return refused({ kind: 'unknown_desk', found: act.scope ?? '', desks: names });
  }
  if (byHand.length > 1) {
    const names = byHand.map(({ policy }) => policy.deskId);
    return refused({ kind: 'which_desk', command: 'reconcile', desks: names });
  }
  // the desk itself says that nobody attests for it
  if (byHand.length === 0) return go(act, [desk], null);
  const holdings: { target: string; quantity: number }[] = [];
  for (const { target, quantity } of act.holdings) {
    const instrument = instrumentNamed(target, desk);
    if (instrument === null) return refused({ kind: 'nothing_external', target });
    holdings.push({ target: instrument, quantity });
  }
  const { cashMinor } = act;
  return ask({ ...act, holdings }, [desk], { act: 'attest', holdings, cashMinor });
}

/** An instrument as people name it at a desk; null when its market knows none of that name. */
function instrumentNamed(text: string, desk: DeskHandle): InstrumentId | null {
  if (desk.policy.market === 'CN') return instrumentOfSymbolCn(text);
  return parseInstrumentId(text) ?? parseInstrumentId(`${text}.US`);
}

/** Accepting the broker's side changes the book: the owner's, asked once more. Disowning leaves it as it is. */
function judgeSettle(
  act: Extract<DeskAct, { act: 'reconcile' }>,
  desks: readonly DeskHandle[],
  from: ActFrom,
): Judged {
  if (isLate(from)) return late(act, from);
  if (act.verb === 'attest') return judgeAttest(act, desks);
  const scoped = deskScope(act.scope, desks);
  if (scoped.length === 0) {
    const names = desks.map((desk) => desk.policy.deskId);
    return refused({ kind: 'unknown_desk', found: act.scope ?? '', desks: names });
  }
  const wanted = act.id.toUpperCase();
  const isMeant = (id: string) =>
    id.toUpperCase() === wanted || id.toUpperCase().startsWith(`${wanted}.`);
  const meant = scoped.find((desk) => {
    const { mismatches, externals } = desk.state();
    return [...mismatches, ...externals].some(({ id }) => isMeant(id));
  });
  if (meant === undefined) return refused({ kind: 'nothing_external', target: act.id });
  if (act.verb === 'disown') return go(act, [meant], null);
  if (!mayActAs(from.role, 'owner'))
    return refused({
      kind: 'role_too_low',
      command: 'reconcile',
      role: from.role,
      needed: 'owner',
    });
  const mismatch = meant.state().mismatches.find(({ id }) => isMeant(id));
  if (mismatch === undefined) return refused({ kind: 'nothing_external', target: act.id });
  const { id, ours, theirs, kind } = mismatch;
  return ask(act, [meant], { act: 'accept', id, ours, theirs, isCash: kind === 'cash' });
}
