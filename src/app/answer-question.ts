import { type HeldFacts, heldFactsOf } from '#core/engine/held-facts.ts';
import type { Message } from '#core/engine/message.ts';
import { pendingTickets } from '#core/engine/select.ts';
import type { Ticket } from '#core/machines/ticket.ts';
import { symbolOf } from '#core/market/instrument.ts';
import type { Question, StopAct } from '#core/replies/act.ts';
import type {
  AccountLine,
  Answer,
  BothSides,
  DeskView,
  HealthLine,
  JobLine,
} from '#core/replies/answer.ts';
import type { ChatChoice } from '#core/replies/chat-choice.ts';
import type { Notice } from '#core/replies/notice.ts';
import type { ModelSpent } from '#core/replies/system.ts';
import type { PeriodReport } from '#core/reports/period.ts';
import { type CalendarSource, calendarAnswer } from './answer-calendar.ts';
import { type ExDateSource, exDatesBehind } from './answer-ex-dates.ts';
import {
  type CheckpointSource,
  checkpointBehind,
  gatesAnswer,
  sectorsAnswer,
} from './answer-gates.ts';
import { lookAnswer } from './answer-look.ts';
import { menu } from './answer-menu.ts';
import { dayMeant, reportOf, scoreOf } from './answer-report.ts';
import { type SystemSources, systemAnswer } from './answer-system.ts';
import type { DeskHandle } from './desk-handle.ts';
import { viewOf } from './desk-view.ts';
import { deskScope } from './find-desk.ts';
import { quotesOfHeld } from './held-quotes.ts';
import type { Access, ChatSettings, Identity } from './ports.ts';
import { stopLines } from './stop-lines.ts';

/** What questions ask outside the desks. Every method may throw StoreError. */
export interface AnswerSources
  extends CheckpointSource,
    ExDateSource,
    CalendarSource,
    SystemSources {
  jobs(limit: number): Promise<readonly JobLine[]>;
  health(): Promise<readonly HealthLine[]>;
  /** Lines of the log as text, oldest first. */
  logs(count: number, level: string | null): Promise<readonly string[]>;
  /** The daily report of a desk; `day` is `today`, `yesterday` or 'YYYY-MM-DD'. Null: there is none. */
  report(deskId: string, day: string): Promise<Message | null>;
  /** Reads the account of a desk, gives the desk the reading and answers both sides. */
  reconcile(deskId: string, by: string): Promise<BothSides>;
  /** Every account of the settings, whether a desk runs on it or not. */
  accounts(): readonly AccountLine[];
  /** Figures of /ping, e.g. `{ pollingLagMs, uptimeMs }`. */
  ping(): Readonly<Record<string, number | string>>;
}

export type AnswerDeps = {
  readonly access: Pick<Access, 'choiceOf' | 'hearingOf' | 'zoneOf' | 'users'>;
  readonly now: () => number;
  readonly desks: () => readonly DeskHandle[];
  readonly sources: AnswerSources;
  /** What /config shows; null: nothing. */
  readonly settings: ChatSettings | null;
  /** What the language model was asked today; null: none is in use. */
  readonly spent: () => ModelSpent | null;
};

/** What is said to a question: an answer, a choice, or desks' own messages (reports). */
export type Answered =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'notice'; readonly notice: Notice }
  | { readonly kind: 'messages'; readonly messages: readonly Message[] };

type Known = Extract<Identity, { kind: 'known' }>;

const USUAL_TRADES = 10;
const USUAL_LOG_LINES = 10;

/** The newest version of a ticket by its code, over the given desks. */
export function ticketByCode(
  desks: readonly DeskHandle[],
  code: string,
): { desk: DeskHandle; ticket: Ticket } | null {
  let found: { desk: DeskHandle; ticket: Ticket } | null = null;
  for (const desk of desks) {
    for (const ticket of Object.values(desk.state().tickets)) {
      if (ticket.code !== code) continue;
      if (found === null || ticket.version > found.ticket.version) found = { desk, ticket };
    }
  }
  return found;
}

/** Answers a question from committed state; changes nothing. Throws StoreError from the sources. */
export async function answerQuestion(
  question: Exclude<Question, { ask: 'backtest' | 'chart' | 'export' }>,
  who: Known,
  deps: AnswerDeps,
): Promise<Answered> {
  const at = deps.now();
  const handles = deps.desks();
  const desks = handles.map((desk) => viewOf(desk, at));
  const answer = (value: Answer): Answered => ({ kind: 'answer', answer: value });
  switch (question.ask) {
    case 'help':
      return answer({ at, kind: 'help', topic: question.topic });
    case 'start':
    case 'status':
    case 'pending':
    case 'locks':
    case 'todo':
    case 'pnl':
      return answer({ at, kind: question.ask, desks });
    case 'positions':
      return answer({ at, kind: 'positions', desks, held: heldOf(at, handles, deps) });
    case 'balance':
    case 'plan':
    case 'strategy':
    case 'quote':
    case 'watch':
      return await lookAnswer(at, question, choiceOf(who, deps), handles);
    case 'gates':
    case 'sectors':
      return answer(await judgedAnswer(at, question, handles, deps.sources));
    case 'ticket':
      return answer(ticketAnswer(at, question.code, handles));
    case 'why':
      return answer(await whyAnswer(at, question.target, deps));
    case 'orders':
    case 'trades':
    case 'regime':
      return answer(listAnswer(at, question, desks));
    case 'report':
    case 'score':
      return await answerReport(at, question, handles, deps);
    case 'reconcile':
      return await reconcileAnswer(at, question.scope, who.actor.id, handles, deps);
    case 'calendar':
      return answer(calendarAnswer(at, question, handles, deps.sources));
    case 'jobs':
    case 'health':
      return answer(await processAnswer(at, question.ask, handles, deps.sources));
    case 'logs':
      return answer({ at, kind: 'logs', lines: await logLines(question, deps.sources) });
    case 'users':
    case 'settings':
    case 'accounts':
    case 'ping':
    case 'whoami':
      return answer(ownAnswer(at, question.ask, who, deps));
    case 'stops':
      return { kind: 'notice', notice: await dryStops(question.of, handles, deps) };
    case 'exit_list':
    case 'kill_menu':
    case 'mode_menu':
      return { kind: 'notice', notice: menu(question.ask, handles) };
    default: {
      const facts = { at, role: who.actor.role, desks: handles };
      return answer({ at, ...(await systemAnswer(question, facts, deps)) });
    }
  }
}

function choiceOf({ actor }: Known, { access }: AnswerDeps): ChatChoice {
  return access.choiceOf(actor.channel, actor.chatId);
}

function listAnswer(
  at: number,
  question: Extract<Question, { ask: 'orders' | 'trades' | 'regime' }>,
  desks: readonly DeskView[],
): Answer {
  switch (question.ask) {
    case 'orders':
      return { at, kind: 'orders', desks, filter: question.filter };
    case 'trades': {
      const { count, symbol } = question;
      return { at, kind: 'trades', desks, count: count ?? USUAL_TRADES, symbol };
    }
    case 'regime':
      return { at, kind: 'regime', desks, symbol: question.symbol };
  }
}

async function dryStops(
  of: StopAct,
  handles: readonly DeskHandle[],
  { now }: AnswerDeps,
): Promise<Notice> {
  const rows = stopLines(of, handles, await quotesOfHeld(handles), now());
  if (rows.length > 0) return { kind: 'stops', isDry: true, rows };
  return { kind: 'nothing_held', target: of.act === 'stops' ? null : of.target };
}

/** How the process is: its jobs, or its health. */
async function processAnswer(
  at: number,
  ask: 'jobs' | 'health',
  handles: readonly DeskHandle[],
  sources: AnswerSources,
): Promise<Answer> {
  if (ask === 'health') return { at, kind: 'health', lines: await sources.health() };
  const zone = handles[0]?.policy.zone ?? 'UTC';
  return { at, kind: 'jobs', jobs: await sources.jobs(20), zone };
}

async function judgedAnswer(
  at: number,
  question: Extract<Question, { ask: 'gates' | 'sectors' }>,
  handles: readonly DeskHandle[],
  sources: AnswerSources,
): Promise<Answer> {
  return question.ask === 'gates'
    ? await gatesAnswer(at, question, handles, sources)
    : await sectorsAnswer(at, question.scope, handles, sources);
}

async function logLines(
  { count, level }: Extract<Question, { ask: 'logs' }>,
  sources: AnswerSources,
): Promise<readonly string[]> {
  return await sources.logs(count ?? USUAL_LOG_LINES, level);
}

/** What is known without asking a desk. */
function ownAnswer(
  at: number,
  ask: 'accounts' | 'ping' | 'whoami' | 'settings' | 'users',
  { actor, language }: Known,
  { access, sources }: AnswerDeps,
): Answer {
  switch (ask) {
    case 'users': {
      const users = access.users().map(({ channel, userId, name, role, person = null }) => {
        return { id: `${channel}:${userId}`, name, role, person };
      });
      return { at, kind: 'users', users };
    }
    case 'settings': {
      const hearing = access.hearingOf(actor.channel, actor.chatId);
      const chatZone = access.zoneOf(actor.channel, actor.chatId);
      return { at, kind: 'settings', hearing, language, chatZone };
    }
    case 'accounts':
      return { at, kind: 'accounts', accounts: sources.accounts() };
    case 'ping':
      return { at, kind: 'ping', figures: sources.ping() };
    case 'whoami':
      return { at, kind: 'whoami', actor, language };
  }
}

function ticketAnswer(at: number, code: string | null, handles: readonly DeskHandle[]): Answer {
  const pending = handles.flatMap((desk) =>
    Object.values(desk.state().tickets).filter((t) => t.state === 'pending'),
  );
  const meant = code ?? (pending.length === 1 ? pending[0]!.code : null);
  const found = meant === null ? null : ticketByCode(handles, meant);
  if (found === null) return { at, kind: 'ticket_unknown', code: meant };
  const orders = Object.values(found.desk.state().orders).filter(
    (order) => order.ticketId === found.ticket.id,
  );
  return {
    at,
    kind: 'ticket',
    ticket: found.ticket,
    orders,
    desk: viewOf(found.desk, at),
  };
}

/** The one ticket that waits, when it is the only one: what a bare "why" is about. */
function onlyPending(handles: readonly DeskHandle[]): { desk: DeskHandle; ticket: Ticket } | null {
  const waiting = handles.flatMap((desk) =>
    pendingTickets(desk.state()).map((ticket) => ({ desk, ticket })),
  );
  return waiting.length === 1 ? (waiting[0] ?? null) : null;
}

/** What is held by the desks of the Chinese market, by desk. */
function heldOf(
  at: number,
  handles: readonly DeskHandle[],
  deps: AnswerDeps,
): Readonly<Record<string, readonly HeldFacts[]>> {
  const ofChina = handles.filter(({ policy }) => policy.market === 'CN');
  return Object.fromEntries(
    ofChina.map((desk) => [
      desk.policy.deskId,
      heldFactsOf(desk.state(), desk.view(), desk.policy, deps.sources.calendarOf('CN'), at),
    ]),
  );
}

async function whyAnswer(at: number, target: string | null, deps: AnswerDeps): Promise<Answer> {
  const handles = deps.desks();
  const first = handles[0];
  if (first === undefined) return { at, kind: 'ticket_unknown', code: target };
  const wanted = target === null || target === 'NOW' ? null : target;
  const byCode = wanted === null ? onlyPending(handles) : ticketByCode(handles, wanted);
  if (byCode !== null) return await whyTicket(at, wanted, byCode, deps);
  const bySymbol = handles
    .flatMap((desk) => Object.values(desk.state().tickets).map((ticket) => ({ desk, ticket })))
    .filter(({ ticket }) => symbolOf(ticket.instrument) === wanted || ticket.instrument === wanted)
    .sort((a, b) => b.ticket.createdAt - a.ticket.createdAt)[0];
  if (bySymbol !== undefined) return await whyTicket(at, wanted, bySymbol, deps);
  return {
    at,
    kind: 'why',
    desk: viewOf(first, at),
    target: wanted,
    ticket: null,
    checkpoint: await checkpointBehind(first, null, deps.sources),
    exDates: await exDatesBehind(first, { target: wanted, since: 0 }, deps.sources),
  };
}

async function whyTicket(
  at: number,
  target: string | null,
  { desk, ticket }: { readonly desk: DeskHandle; readonly ticket: Ticket },
  { sources }: AnswerDeps,
): Promise<Answer> {
  const { instrument, createdAt } = ticket;
  return {
    at,
    kind: 'why',
    desk: viewOf(desk, at),
    target,
    ticket,
    checkpoint: await checkpointBehind(desk, ticket, sources),
    exDates: await exDatesBehind(desk, { target: instrument, since: createdAt }, sources),
  };
}

/** A day as it was told; a week, a month and a score as they add up. */
async function answerReport(
  at: number,
  question: Extract<Question, { ask: 'report' | 'score' }>,
  handles: readonly DeskHandle[],
  deps: AnswerDeps,
): Promise<Answered> {
  const { sources } = deps;
  if (question.ask === 'report' && question.span === 'day')
    return await reportAnswer(at, question.day, handles, deps);
  const reports: PeriodReport[] = [];
  for (const desk of handles) {
    const report =
      question.ask === 'score'
        ? await scoreOf(desk, question.days, at, sources)
        : ((await reportOf(desk, question.span, dayMeant(desk, question.day, at), sources))
            ?.report ?? null);
    if (report !== null) reports.push(report);
  }
  return { kind: 'answer', answer: { at, kind: 'period', reports } };
}

async function reportAnswer(
  at: number,
  day: string | null,
  handles: readonly DeskHandle[],
  deps: AnswerDeps,
): Promise<Answered> {
  const messages: Message[] = [];
  for (const desk of handles) {
    const message = await deps.sources.report(desk.policy.deskId, day ?? 'today');
    if (message !== null) messages.push(message);
  }
  if (messages.length === 0) return { kind: 'answer', answer: { at, kind: 'report_missing', day } };
  return { kind: 'messages', messages };
}

async function reconcileAnswer(
  at: number,
  scope: string | null,
  by: string,
  handles: readonly DeskHandle[],
  deps: AnswerDeps,
): Promise<Answered> {
  const scoped = deskScope(scope, handles);
  if (scoped.length === 0) {
    const desks = handles.map((desk) => desk.policy.deskId);
    return { kind: 'notice', notice: { kind: 'unknown_desk', found: scope ?? '', desks } };
  }
  const accounts = await Promise.all(
    scoped.map((desk) => deps.sources.reconcile(desk.policy.deskId, by)),
  );
  return { kind: 'answer', answer: { at, kind: 'reconcile', accounts } };
}
