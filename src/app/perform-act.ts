import type { InstrumentId } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import type { DeskAct, Reply } from '#core/replies/act.ts';
import type { Notice } from '#core/replies/notice.ts';
import { ticketByCode } from './answer-question.ts';
import type { DeskHandle } from './desk-handle.ts';
import { positionOf } from './find-desk.ts';
import { judgeAct } from './judge-act.ts';
import type { Judged } from './judged.ts';
import { auditOf, finish, type ReplyDeps, say, type Turn, updateKeyOf } from './reply-rows.ts';
import type { PendingAct } from './second-confirm.ts';

/** Longest wait for a quote after a tap. Milliseconds; centaur.md, "Confirming". */
const QUOTE_WAIT_MS = 1000;

/** Judges an act and refuses it, asks once more or performs it. Throws StoreError. */
export async function respondAct(
  turn: Turn,
  reply: Extract<Reply, { kind: 'act' }>,
  deps: ReplyDeps,
): Promise<void> {
  const { who, incoming } = turn;
  const lowersRisk = reply.act.act === 'kill' || reply.act.act === 'stop';
  if (!who.canAct && !lowersRisk) {
    return await finish(turn, 'chat_read_only', reply.act, [{ kind: 'chat_read_only' }], deps);
  }
  const judged = judgeAct(reply.act, deps.desks(), {
    sentAt: incoming.sentAt,
    now: deps.clock.now(),
    day: reply.day,
    isTap: incoming.callback !== null,
    role: who.actor.role,
  });
  switch (judged.kind) {
    case 'refused':
      return await finish(turn, judged.notice.kind, reply.act, [judged.notice], deps);
    case 'ask':
      return await askAgain(turn, judged, deps);
    case 'go':
      return await perform(turn, judged, deps);
  }
}

/** What lowers risk, so that no lost phone is in its way. */
const LOWERS_RISK: ReadonlySet<DeskAct['act']> = new Set(['flatten']);
/** What leaves a position or reports a fact is asked with one tap, on live accounts too. */
const ONE_TAP_ON_LIVE: ReadonlySet<DeskAct['act']> = new Set(['exit', 'fill', 'adopt']);

async function askAgain(
  turn: Turn,
  judged: Extract<Judged, { kind: 'ask' }>,
  deps: ReplyDeps,
): Promise<void> {
  const { incoming, who } = turn;
  const live = judged.desks.find((desk) => desk.policy.environment === 'live');
  const isFact =
    ONE_TAP_ON_LIVE.has(judged.act.act) ||
    (judged.act.act === 'reconcile' && judged.act.verb === 'attest');
  const needsPhrase = live !== undefined && !isFact;
  const first = live ?? judged.desks[0];
  if (first === undefined)
    return await finish(turn, 'no_desk', judged.act, [{ kind: 'no_ticket' }], deps);
  const asked = deps.confirms.ask({
    act: judged.act,
    command: judged.act.act,
    deskIds: judged.desks.map((desk) => desk.policy.deskId),
    saidAt: incoming.sentAt,
    actorId: who.actor.id,
    channel: incoming.channel,
    chatId: incoming.chatId,
    positionTicketId: judged.positionTicketId,
    liveAccount: needsPhrase ? first.policy.accountId : null,
    raisesRisk: !LOWERS_RISK.has(judged.act.act),
  });
  const notice: Notice = {
    kind: 'second_confirm',
    nonce: asked.nonce,
    phrase: asked.phrase,
    needsCode: asked.needsCode,
    deskId: judged.desks.map((desk) => desk.policy.deskId).join(', '),
    accountId: first.policy.accountId,
    environment: first.policy.environment,
    validMs: asked.validMs,
    consequence: judged.consequence,
  };
  await finish(turn, 'second_confirm_asked', judged.act, [notice], deps);
}

/** Answers a second confirmation: performs the act it was asked for, or says why not. */
export async function respondSecondConfirm(
  turn: Turn,
  reply: Extract<Reply, { kind: 'second_confirm' }>,
  deps: ReplyDeps,
): Promise<void> {
  const { row, incoming, who } = turn;
  const taken = deps.confirms.take(reply.nonce, reply.agreed, {
    actorId: who.actor.id,
    channel: incoming.channel,
    chatId: incoming.chatId,
    rowId: row.id,
  });
  if (taken.kind === 'dead') {
    return await finish(
      turn,
      `second_confirm_${taken.cause}`,
      null,
      [{ kind: 'second_confirm_dead', cause: taken.cause }],
      deps,
    );
  }
  if (taken.kind === 'code_refused') {
    const notice: Notice = { kind: 'code_refused', answer: taken.answer };
    return await finish(turn, `code_${taken.answer.kind}`, null, [notice], deps);
  }
  const { pending } = taken;
  if (taken.kind === 'dropped') {
    const notice: Notice = { kind: 'second_confirm_dropped', command: pending.command };
    return await finish(turn, 'second_confirm_dropped', pending.act, [notice], deps);
  }
  const gone = changedPosition(pending, deps.desks());
  if (gone !== null) return await finish(turn, 'position_changed', pending.act, [gone], deps);
  const desks = deps.desks().filter((desk) => pending.deskIds.includes(desk.policy.deskId));
  await perform(
    turn,
    { kind: 'go', act: pending.act, desks, lateMs: null, ticketVersion: null, isConfirmed: true },
    deps,
    pending.saidAt,
  );
}

function changedPosition(pending: PendingAct, desks: readonly DeskHandle[]): Notice | null {
  if (pending.act.act !== 'exit') return null;
  const found = positionOf(pending.act.target, desks);
  if (found !== null && found.position.ticketId === pending.positionTicketId) return null;
  return { kind: 'position_changed', target: pending.act.target };
}

function instrumentOf(act: DeskAct, desk: DeskHandle): InstrumentId | undefined {
  switch (act.act) {
    case 'exit':
    case 'stoploss':
    case 'breakeven':
      return positionOf(act.target, [desk])?.position.instrument;
    case 'confirm':
    case 'half':
      return act.code === null ? undefined : ticketByCode([desk], act.code)?.ticket.instrument;
    case 'adopt':
      return desk.state().externals.find((one) => one.id === act.target)?.instrument;
    default:
      return undefined;
  }
}

async function quoteFor(act: DeskAct, desk: DeskHandle): Promise<Quote | null> {
  const instrument = instrumentOf(act, desk);
  if (instrument === undefined) return null;
  try {
    return await desk.fetchQuote(instrument, QUOTE_WAIT_MS);
  } catch {
    // No quote is an answer here: the desk refuses an entry without one and still lets an exit pass.
    return null;
  }
}

/** Acts whose outcome the desk itself does not push to the chat. */
const TOLD_HERE: ReadonlySet<DeskAct['act']> = new Set([
  'ack',
  'exit',
  'cancel',
  'fill',
  'protected',
  'reconcile',
  'stoploss',
  'breakeven',
]);

async function perform(
  turn: Turn,
  go: Extract<Judged, { kind: 'go' }>,
  deps: ReplyDeps,
  saidAt: number = turn.incoming.sentAt,
): Promise<void> {
  const { row, incoming, who } = turn;
  const { act } = go;
  if (act.act === 'kill' || act.act === 'stop') return await performAtOnce(turn, go, act, deps);
  const last = go.desks[go.desks.length - 1];
  let isRefused = false;
  for (const desk of go.desks) {
    const quote = await quoteFor(act, desk);
    const audit = auditOf(row, incoming, act, go.ticketVersion, 'submitted', deps, who.actor);
    const outcome = await desk.submit(
      {
        at: deps.clock.now(),
        kind: 'operator_acted',
        act,
        actor: who.actor,
        sentAt: saidAt,
        quote,
        isConfirmed: go.isConfirmed,
      },
      desk === last
        ? { inboxDone: { id: row.id, result: { kind: 'submitted', act: act.act } }, audit: [audit] }
        : { audit: [audit] },
    );
    isRefused ||= outcome.events.some((event) => event.type === 'act_refused');
  }
  if (last === undefined) return await finish(turn, 'no_desk', act, [{ kind: 'no_ticket' }], deps);
  const notices: Notice[] = [];
  if (!isRefused && TOLD_HERE.has(act.act)) {
    notices.push({ kind: 'accepted', command: act.act, subject: subjectOf(act) });
  }
  if (!isRefused && go.lateMs !== null) {
    notices.push({
      kind: 'late_honored',
      command: act.act,
      sentAt: incoming.sentAt,
      lateMs: go.lateMs,
    });
  }
  await say(notices, row, incoming, deps);
}

function subjectOf(act: DeskAct): string {
  if (act.act === 'ack') return act.id ?? '';
  if (act.act === 'reconcile' && act.verb === 'attest') return 'cash';
  if (act.act === 'reconcile') return `${act.verb} ${act.id}`;
  return 'target' in act ? act.target : '';
}

/** Kill and stop that did not come through the immediate lane (recorded by another process, or before a restart). */
async function performAtOnce(
  turn: Turn,
  go: Extract<Judged, { kind: 'go' }>,
  act: Extract<DeskAct, { act: 'kill' | 'stop' }>,
  deps: ReplyDeps,
): Promise<void> {
  const { incoming, who } = turn;
  const key = updateKeyOf(incoming.channel, incoming.updateId);
  const receipts = go.desks.map((desk) =>
    act.act === 'kill'
      ? desk.killNow(who.actor, act.scope ?? 'all', incoming.sentAt, key)
      : desk.stopNow(who.actor, act.reason, incoming.sentAt, key),
  );
  // the row is done only when the act can no longer be lost
  await Promise.all(receipts.map((receipt) => receipt.decided));
  await Promise.all(go.desks.map((desk) => desk.stored()));
  const notices: Notice[] =
    go.lateMs === null
      ? []
      : [{ kind: 'late_honored', command: act.act, sentAt: incoming.sentAt, lateMs: go.lateMs }];
  await finish(turn, 'acted', act, notices, deps);
}
