import { type MarketView, observe } from '#core/engine/view.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import { phaseAtUs } from '#core/market/sale-ways-us.ts';
import type { DeskAct, Reply } from '#core/replies/act.ts';
import type { Notice } from '#core/replies/notice.ts';
import { commandFor } from '#core/replies/reply-of.ts';
import { ticketByCode } from './answer-question.ts';
import { actFor, chosenAccount, chosenFirst } from './chosen-desk.ts';
import type { DeskHandle } from './desk-handle.ts';
import { runDrill } from './drill.ts';
import { StoreError } from './errors.ts';
import { positionOf } from './find-desk.ts';
import { freshQuote, quotesOfHeld } from './held-quotes.ts';
import { judgeAct } from './judge-act.ts';
import { nameAt } from './judge-switch.ts';
import type { Judged } from './judged.ts';
import { applyConfig } from './perform-system.ts';
import {
  auditOf,
  finish,
  type ReplyDeps,
  say,
  sayLater,
  type Turn,
  updateKeyOf,
} from './reply-rows.ts';
import type { PendingAct } from './second-confirm.ts';
import { stopLines } from './stop-lines.ts';

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
  const account = chosenAccount(incoming, deps.desks(), deps.access);
  const desks = chosenFirst(account, deps.desks());
  const judged = judgeAct(actFor(reply.act, account), desks, {
    sentAt: incoming.sentAt,
    now: deps.clock.now(),
    day: reply.day,
    isTap: incoming.callback !== null,
    isToUnknown: incoming.replyTo !== null && incoming.callback === null && !turn.isReplyKnown,
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
const LIVE = { environment: 'live' } as const;
/** What leaves a position or reports a fact is asked with one tap, on live accounts too. */
const ONE_TAP_ON_LIVE: ReadonlySet<DeskAct['act']> = new Set(['exit', 'fill', 'adopt', 'edit']);

async function askAgain(
  turn: Turn,
  judged: Extract<Judged, { kind: 'ask' }>,
  deps: ReplyDeps,
): Promise<void> {
  const { incoming, who } = turn;
  const isFact =
    ONE_TAP_ON_LIVE.has(judged.act.act) ||
    (judged.act.act === 'reconcile' && judged.act.verb === 'attest');
  // what leads to real money is asked as on real money
  const goesLive = judged.act.act === 'account' && judged.act.environment === 'live';
  const questions = questionsOf(judged.desks, isFact);
  if (questions.length === 0)
    return await finish(turn, 'no_desk', judged.act, [{ kind: 'no_ticket' }], deps);
  // the sheet of a kill is priced by what can be had within a second
  const isSheet = judged.act.act === 'flatten';
  const quotes = isSheet ? await quotesOfHeld(judged.desks) : [];
  const viewOf = (desk: DeskHandle): MarketView => {
    const own = quotes.filter((quote) => desk.state().positions[quote.instrument] !== undefined);
    const see = (view: MarketView, quote: Quote) =>
      observe(view, { kind: 'quote_seen', at: quote.at, quote });
    return own.reduce(see, desk.view());
  };
  const notices = questions.map((desks): Notice => {
    const { environment } = goesLive ? LIVE : desks[0].policy;
    const accountId = desks.map(({ policy }) => policy.accountId).join(', ');
    const asked = deps.confirms.ask({
      act: judged.act,
      command: commandFor(judged.act.act),
      deskIds: desks.map((desk) => desk.policy.deskId),
      saidAt: incoming.sentAt,
      actorId: who.actor.id,
      channel: incoming.channel,
      chatId: incoming.chatId,
      positionTicketId: judged.positionTicketId,
      liveAccount: environment === 'live' && !isFact ? accountId : null,
      raisesRisk: !LOWERS_RISK.has(judged.act.act),
    });
    return {
      kind: 'second_confirm',
      nonce: asked.nonce,
      phrase: asked.phrase,
      needsCode: asked.needsCode,
      deskId: desks.map((desk) => desk.policy.deskId).join(', '),
      accountId,
      environment,
      validMs: asked.validMs,
      consequence: judged.consequenceOf(desks, viewOf),
    };
  });
  await finish(turn, 'second_confirm_asked', judged.act, notices, deps);
}

type Some = readonly [DeskHandle, ...DeskHandle[]];

/**
 * One question a live account, since each is answered with its own phrase, and one for all the simulated
 * ones together.
 */
function questionsOf(desks: readonly DeskHandle[], isFact: boolean): Some[] {
  const [first, ...rest] = desks.filter((desk) => isFact || desk.policy.environment === 'paper');
  const live = desks.filter((desk) => !isFact && desk.policy.environment === 'live');
  const alone = live.map((desk): Some => [desk]);
  return first === undefined ? alone : [...alone, [first, ...rest]];
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
  if (pending.act.act === 'config') return await applyConfig(turn, pending.act, deps);
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
    case 'edit':
      return act.code === null ? undefined : ticketByCode([desk], act.code)?.ticket.instrument;
    case 'switch':
      return act.verb === 'propose' ? (nameAt(desk, act.to) ?? undefined) : undefined;
    case 'adopt':
      return desk.state().externals.find((one) => one.id === act.target)?.instrument;
    default:
      return undefined;
  }
}

async function quoteFor(act: DeskAct, desk: DeskHandle): Promise<Quote | null> {
  const instrument = instrumentOf(act, desk);
  return instrument === undefined ? null : await freshQuote(desk, instrument);
}

/**
 * Fresh quotes of what is held, where an act of several positions needs them: all stops at once; stage 2 where
 * it sells by limits, since a market order waits for none.
 */
async function showPrices(act: DeskAct, desk: DeskHandle, at: number): Promise<void> {
  const session = desk.state().day?.session;
  const isAtMarket =
    desk.policy.market === 'US' && session !== undefined && phaseAtUs(session, at) === 'regular';
  if (act.act !== 'stops' && (act.act !== 'flatten' || isAtMarket)) return;
  for (const quote of await quotesOfHeld([desk]))
    await desk.submit({ kind: 'quote_seen', at, quote });
}

/**
 * SAFE_MODE is left only after a comparison of book and account made now; null where none is needed.
 * Source: centaur.md "SAFE_MODE".
 */
async function compareFor(
  act: DeskAct,
  desk: DeskHandle,
  by: string,
  deps: ReplyDeps,
): Promise<'clean' | 'differs' | 'failed' | null> {
  if (act.act !== 'safe' || act.on) return null;
  const sides = await deps.sources.reconcile(desk.policy.deskId, by);
  if (sides.failure !== null) return 'failed';
  return sides.isClean ? 'clean' : 'differs';
}

/** Acts whose outcome the desk itself does not push to the chat. */
const TOLD_HERE: ReadonlySet<DeskAct['act']> = new Set([
  'ack',
  'edit',
  'snooze',
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
  if (act.act === 'drill') return await performDrill(turn, go, act, deps);
  const last = go.desks[go.desks.length - 1];
  await Promise.all(go.desks.map((desk) => showPrices(act, desk, deps.clock.now())));
  const rows = act.act === 'stops' ? stopLines(act, go.desks, [], deps.clock.now()) : null;
  let isRefused = false;
  for (const desk of go.desks) {
    const quote = await quoteFor(act, desk);
    const comparison = await compareFor(act, desk, who.actor.id, deps);
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
        ...(comparison === null ? {} : { comparison }),
      },
      desk === last
        ? { inboxDone: { id: row.id, result: { kind: 'submitted', act: act.act } }, audit: [audit] }
        : { row: row.id, audit: [audit] },
    );
    isRefused ||= outcome.events.some((event) => event.type === 'act_refused');
  }
  if (last === undefined) return await finish(turn, 'no_desk', act, [{ kind: 'no_ticket' }], deps);
  const notices: Notice[] = rows === null ? [] : [{ kind: 'stops', isDry: false, rows }];
  if (!isRefused && TOLD_HERE.has(act.act)) {
    notices.push({ kind: 'accepted', command: commandFor(act.act), subject: subjectOf(act) });
  }
  if (!isRefused && go.lateMs !== null) {
    notices.push({
      kind: 'late_honored',
      command: commandFor(act.act),
      sentAt: incoming.sentAt,
      lateMs: go.lateMs,
    });
  }
  await sayDone(notices, turn, deps);
}

/** The first wait before an answer is said again; it doubles up to the longest. Milliseconds. */
const SAY_AGAIN_MS = 1_000;
const LONGEST_SAY_AGAIN_MS = 30_000;

/**
 * Says what came of an act that is in the log with its row done. A store that fails now is asked again for the
 * answer alone: drained again, the row would act once more, and a reported fill would be booked twice.
 */
async function sayDone(
  notices: readonly Notice[],
  { row, incoming }: Turn,
  deps: ReplyDeps,
): Promise<void> {
  const { clock } = deps;
  for (let waitMs = SAY_AGAIN_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_SAY_AGAIN_MS)) {
    try {
      return await say(notices, row, incoming, deps);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      deps.onFailure(error, row);
      await new Promise<void>((resolve) => void clock.at(clock.now() + waitMs, () => resolve()));
    }
  }
}

function subjectOf(act: DeskAct): string {
  if (act.act === 'ack') return act.id ?? '';
  if (act.act === 'account') return `${act.account} ${act.environment}`;
  if (act.act === 'reconcile' && act.verb === 'attest') return 'cash';
  if (act.act === 'reconcile') return `${act.verb} ${act.id}`;
  if (act.act === 'edit' || act.act === 'snooze') return act.code ?? '';
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

/** The chat goes on meanwhile; the report comes when the drill is over. */
async function performDrill(
  turn: Turn,
  go: Extract<Judged, { kind: 'go' }>,
  act: DeskAct,
  deps: ReplyDeps,
): Promise<void> {
  const [desk] = go.desks;
  if (desk === undefined) return await finish(turn, 'no_desk', act, [{ kind: 'no_ticket' }], deps);
  const { deskId } = desk.policy;
  await finish(turn, 'drill', act, [{ kind: 'drill_begun', deskId }], deps);
  void runDrill(desk, turn.who.actor, deps.clock)
    .then((report) => sayLater({ kind: 'drill_done', report }, turn, 'drill', deps))
    .catch((error: unknown) => deps.onFailure(error, turn.row));
}
