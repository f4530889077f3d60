import { oddFill, todoOf } from '#core/engine/decide-manual.ts';
import { flattenSheet } from '#core/engine/flatten-sheet.ts';
import { edgeInTheWay, openEntries } from '#core/engine/select.ts';
import type { Lock } from '#core/engine/state.ts';
import { heldOf, openOrdersOf } from '#core/engine/still-open.ts';
import { hasEnded } from '#core/machines/order.ts';
import { symbolOf } from '#core/market/instrument.ts';
import type { DeskAct, Mode } from '#core/replies/act.ts';
import type { CommandRole } from '#core/replies/command-table.ts';
import { commandOf } from '#core/replies/command-table.ts';
import { LATE_AFTER_MS } from '#core/replies/conversation.ts';
import type { Consequence, Notice, TicketChoice } from '#core/replies/notice.ts';
import { commandFor } from '#core/replies/reply-of.ts';
import { ruledOutRows } from '#core/risk/edge.ts';
import { ticketByCode } from './answer-question.ts';
import type { DeskHandle } from './desk-handle.ts';
import { deskScope, positionOf } from './find-desk.ts';
import { judgeAccount } from './judge-account.ts';
import { judgeEdit, judgeSnooze } from './judge-edit.ts';
import { judgePositionAct } from './judge-position.ts';
import { judgeSwitch } from './judge-switch.ts';
import { type ActFrom, ask, go, type Judged, late, refused } from './judged.ts';
import { mayActAs } from './roles.ts';

const BOLDNESS: Readonly<Record<Mode, number>> = { alert: 0, semi: 1, auto: 2 };

function neededRole(act: DeskAct): CommandRole {
  if (act.act === 'safe' && !act.on) return 'owner';
  return commandOf(commandFor(act.act))?.role ?? 'owner';
}

/**
 * Judges an act before any desk sees it: role, desk, lateness and the need of a second
 * confirmation. Asymmetric: what lowers risk passes late and at once, what raises it is asked
 * again or refused. The desk judges everything else once more.
 *
 * Source: the chat contract, "Late messages" and "Second confirm".
 */
export function judgeAct(act: DeskAct, desks: readonly DeskHandle[], from: ActFrom): Judged {
  const needed = neededRole(act);
  if (!mayActAs(from.role, needed)) {
    return refused({ kind: 'role_too_low', command: commandFor(act.act), role: from.role, needed });
  }
  const isLate = from.now - from.sentAt > LATE_AFTER_MS;
  const honored = isLate ? from.now - from.sentAt : null;
  switch (act.act) {
    case 'confirm':
    case 'half':
    case 'skip':
      return judgeAnswer(act, desks, from, honored);
    case 'snooze':
      return judgeSnooze(act, desks, from);
    case 'edit':
      return judgeEdit(act, desks, from);
    case 'exit':
      return judgeExit(act, desks, from, honored);
    case 'cancel':
      return judgeCancel(act, desks, from, honored);
    case 'mode':
      return judgeMode(act, desks, from, honored);
    case 'account':
      return judgeAccount(act, desks, from, honored);
    case 'fill':
      return judgeFill(act, desks, honored);
    case 'protected':
      return {
        kind: 'go',
        act,
        desks: desks.filter((desk) => desk.policy.execution.isPerson),
        lateMs: honored,
        ticketVersion: null,
        isConfirmed: false,
      };
    case 'stoploss':
    case 'breakeven':
    case 'stops':
    case 'adopt':
    case 'reconcile':
      return judgePositionAct(act, desks, from);
    case 'switch':
      return judgeSwitch(act, desks, from);
    case 'stop':
    case 'kill':
      return judgeHalt(act, desks, honored);
    case 'ack':
      return { kind: 'go', act, desks, lateMs: honored, ticketVersion: null, isConfirmed: false };
    case 'safe':
      if (act.on)
        return { kind: 'go', act, desks, lateMs: honored, ticketVersion: null, isConfirmed: false };
      return isLate ? late(act, from) : ask(act, desks, safeConsequence(desks));
    case 'drill':
      return isLate ? late(act, from) : judgeDrill(act, desks);
    case 'unlock':
      return isLate ? late(act, from) : judgeUnlock(act, desks);
    case 'allow':
    case 'flatten':
    case 'resume':
      return isLate ? late(act, from) : judgeScoped(act, desks, from);
  }
}

/** Never refused: a name nobody bears is a slip of the hand, and everything is meant. */
function judgeHalt(
  act: Extract<DeskAct, { act: 'stop' | 'kill' }>,
  desks: readonly DeskHandle[],
  lateMs: number | null,
): Judged {
  const scoped = deskScope(act.scope, desks);
  const isSlip = scoped.length === 0;
  return {
    kind: 'go',
    act: isSlip ? { ...act, scope: null } : act,
    desks: isSlip ? desks : scoped,
    lateMs,
    ticketVersion: null,
    isConfirmed: false,
  };
}

/** One desk, and none with real money behind it. */
function judgeDrill(act: Extract<DeskAct, { act: 'drill' }>, desks: readonly DeskHandle[]): Judged {
  const names = desks.map((desk) => desk.policy.deskId);
  const scoped = deskScope(act.scope, desks);
  if (scoped.length === 0)
    return refused({ kind: 'unknown_desk', found: act.scope ?? '', desks: names });
  const paper = scoped.filter((desk) => desk.policy.environment === 'paper');
  const [desk] = paper;
  if (desk === undefined) {
    const accounts = scoped.map(({ policy }) => policy.accountId);
    return refused({ kind: 'drill_refused', accounts });
  }
  if (paper.length > 1) {
    const several = paper.map(({ policy }) => policy.deskId);
    return refused({ kind: 'which_desk', command: 'drill', desks: several });
  }
  const state = desk.state();
  const entries = openEntries(state).length;
  return ask(act, [desk], { act: 'drill', entries, positions: Object.values(state.positions) });
}

function judgeScoped(
  act: Extract<DeskAct, { act: 'allow' | 'flatten' | 'resume' }>,
  desks: readonly DeskHandle[],
  from: ActFrom,
): Judged {
  const names = desks.map((desk) => desk.policy.deskId);
  const scoped = deskScope(act.scope, desks);
  if (scoped.length === 0)
    return refused({ kind: 'unknown_desk', found: act.scope ?? '', desks: names });
  if (act.act === 'allow') {
    if (act.scope === null && desks.length > 1) {
      return refused({ kind: 'which_desk', command: 'allow', desks: names });
    }
    if (from.day !== null) {
      const isOfToday = scoped.every((desk) => desk.state().day?.tradingDay === from.day);
      if (!isOfToday) return refused({ kind: 'button_outdated', command: 'allow' });
      const isPaper = scoped.every((desk) => desk.policy.environment === 'paper');
      if (from.isTap && isPaper) {
        return {
          kind: 'go',
          act,
          desks: scoped,
          lateMs: null,
          ticketVersion: null,
          isConfirmed: true,
        };
      }
    }
    return ask(act, scoped, { act: 'allow', until: act.until });
  }
  if (act.act === 'flatten')
    return ask(act, scoped, (some, viewOf) => ({
      act: 'flatten',
      sheets: some.map((desk) => flattenSheet(desk.state(), viewOf(desk), desk.policy, from.now)),
    }));
  return ask(act, scoped, (some) => ({
    act: 'resume',
    reason: act.reason,
    openOrders: some.flatMap((desk) => openOrdersOf(desk.state())),
    positions: some.flatMap((desk) => heldOf(desk.state())),
  }));
}

/** The desk that has the lock; one that nobody has is refused by the first. */
function judgeUnlock(
  act: Extract<DeskAct, { act: 'unlock' }>,
  desks: readonly DeskHandle[],
): Judged {
  const wanted = act.id.toLowerCase();
  const isMeant = (lock: Lock) => lock.id.toLowerCase() === wanted || lock.cause === wanted;
  const meant = desks.find((desk) => desk.state().locks.some(isMeant)) ?? desks[0];
  if (meant === undefined) return refused({ kind: 'no_ticket' });
  const lock = meant.state().locks.find(isMeant);
  // nothing to be asked about: the desk says that it has none
  if (lock === undefined) return go(act, [meant], null);
  const { id, untilAt } = lock;
  return ask({ act: 'unlock', id }, [meant], { act: 'unlock', id, untilAt });
}

function safeConsequence(desks: readonly DeskHandle[]): Consequence {
  const causes = desks
    .flatMap((desk) => desk.state().safeMode)
    .map(({ cause, subject }) => ({ cause, subject }));
  return { act: 'safe', causes };
}

function judgeAnswer(
  act: Extract<DeskAct, { act: 'confirm' | 'half' | 'skip' }>,
  desks: readonly DeskHandle[],
  from: ActFrom,
  honored: number | null,
): Judged {
  const code = act.code ?? soleTicket(act, desks, from);
  if (typeof code !== 'string') return refused(code);
  const found = ticketByCode(desks, code);
  const first = found?.desk ?? desks[0];
  if (first === undefined) return refused({ kind: 'no_ticket' });
  const named: DeskAct = { ...act, code };
  if (found !== null && act.act !== 'skip' && from.sentAt < found.ticket.createdAt) {
    return late(act, from);
  }
  return {
    kind: 'go',
    act: named,
    desks: [first],
    lateMs: act.act === 'skip' ? honored : null,
    ticketVersion: found?.ticket.version ?? null,
    isConfirmed: false,
  };
}

/** The only pending ticket, when a bare answer may mean it; else what to say instead. */
function soleTicket(
  act: Extract<DeskAct, { act: 'confirm' | 'half' | 'skip' }>,
  desks: readonly DeskHandle[],
  from: ActFrom,
): string | Notice {
  const pending = desks.flatMap((desk) =>
    Object.values(desk.state().tickets)
      .filter((ticket) => ticket.state === 'pending' && !ticket.isAdvice)
      .map((ticket) => ({ ticket, waitMs: desk.policy.ticket.bareConfirmMs })),
  );
  const only = pending[0];
  if (only === undefined) return { kind: 'no_ticket' };
  // a process that starts does not know what the messages of the one before it showed
  if (pending.length > 1 || (act.act !== 'skip' && from.isToUnknown)) {
    const candidates = pending.map(({ ticket }): TicketChoice => ticket);
    return { kind: 'which_ticket', command: act.act, candidates };
  }
  const { ticket, waitMs } = only;
  const isSeen = ticket.deliveredAt !== null && from.sentAt - ticket.deliveredAt >= waitMs;
  if (act.act !== 'skip' && !isSeen) return { kind: 'ticket_too_fresh', code: ticket.code };
  return ticket.code;
}

function judgeExit(
  act: Extract<DeskAct, { act: 'exit' }>,
  desks: readonly DeskHandle[],
  from: ActFrom,
  honored: number | null,
): Judged {
  const found = positionOf(act.target, desks);
  if (found === null) return refused({ kind: 'nothing_held', target: act.target });
  const { desk, position } = found;
  if (position.openedAt > from.sentAt)
    return refused({ kind: 'position_changed', target: act.target });
  const quantity = Math.max(1, Math.floor(Math.abs(position.quantity) * act.ratio));
  const meant: DeskAct = { ...act, target: position.instrument };
  const consequence: Consequence = {
    act: 'exit',
    target: symbolOf(position.instrument),
    quantity,
    ratio: act.ratio,
    lateMs: honored,
  };
  return ask(meant, [desk], consequence, position.ticketId);
}

function judgeCancel(
  act: Extract<DeskAct, { act: 'cancel' }>,
  desks: readonly DeskHandle[],
  from: ActFrom,
  honored: number | null,
): Judged {
  const upper = act.target.toUpperCase();
  const go = (meant: readonly DeskHandle[], value: DeskAct): Judged => ({
    kind: 'go',
    act: value,
    desks: meant,
    lateMs: honored,
    ticketVersion: null,
    isConfirmed: false,
  });
  if (upper === 'ALL') return go(desks, { act: 'cancel', target: 'all', isProtectionMeant: false });
  for (const desk of desks) {
    const order = desk.state().orders[act.target];
    if (order === undefined) continue;
    const isProtective = order.role !== 'entry' && !hasEnded(order);
    if (!isProtective) return go([desk], { ...act, isProtectionMeant: false });
    if (from.now - from.sentAt > LATE_AFTER_MS) return late(act, from);
    return ask({ ...act, isProtectionMeant: true }, [desk], { act: 'cancel', target: act.target });
  }
  const byCode = ticketByCode(desks, upper);
  const bySymbol = desks.filter((desk) =>
    desk.policy.instruments.some((id) => id === upper || symbolOf(id) === upper),
  );
  const meant =
    byCode !== null ? [byCode.desk] : bySymbol.length > 0 ? bySymbol : desks.slice(0, 1);
  const target = byCode !== null || bySymbol.length > 0 ? upper : act.target;
  return go(meant, { ...act, target, isProtectionMeant: false });
}

/** What a person executed is a fact, also late; what looks odd is asked once more before it counts. */
function judgeFill(
  act: Extract<DeskAct, { act: 'fill' }>,
  desks: readonly DeskHandle[],
  honored: number | null,
): Judged {
  const byHand = desks.filter((desk) => desk.policy.execution.isPerson);
  const meant = byHand.find((desk) => todoOf(desk.state(), act.target) !== null) ?? byHand[0];
  if (meant === undefined) return refused({ kind: 'nothing_to_report', target: act.target });
  const odd = oddFill(meant.state(), meant.policy, act);
  if (odd !== null && act.price !== null && act.quantity !== null) {
    const { target, price, quantity } = act;
    return ask(act, [meant], { act: 'fill', target, price, quantity, reason: odd });
  }
  return {
    kind: 'go',
    act,
    desks: [meant],
    lateMs: honored,
    ticketVersion: null,
    isConfirmed: false,
  };
}

function judgeMode(
  act: Extract<DeskAct, { act: 'mode' }>,
  desks: readonly DeskHandle[],
  from: ActFrom,
  honored: number | null,
): Judged {
  const names = desks.map((desk) => desk.policy.deskId);
  const scoped = act.desk === '' ? desks : deskScope(act.desk, desks);
  if (scoped.length === 0) return refused({ kind: 'unknown_desk', found: act.desk, desks: names });
  if (scoped.length > 1) return refused({ kind: 'which_desk', command: 'mode', desks: names });
  const desk = scoped[0]!;
  const current = desk.state().mode;
  const meant: DeskAct = { ...act, desk: desk.policy.deskId };
  const edge = act.mode === 'alert' ? null : edgeInTheWay(desk.state());
  const isBolder = BOLDNESS[act.mode] > BOLDNESS[current];
  if (!isBolder && (act.mode !== current || edge === null)) {
    return {
      kind: 'go',
      act: meant,
      desks: [desk],
      lateMs: honored,
      ticketVersion: null,
      isConfirmed: false,
    };
  }
  if (desk.policy.environment === 'live' && !mayActAs(from.role, 'owner')) {
    return refused({ kind: 'role_too_low', command: 'mode', role: from.role, needed: 'owner' });
  }
  if (from.now - from.sentAt > LATE_AFTER_MS) return late(act, from);
  const without = edge === null ? {} : { withoutEdge: ruledOutRows(edge) };
  return ask(meant, [desk], { act: 'mode', from: current, to: act.mode, ...without });
}
