import type { ChatSetting, Question, Reply } from '#core/replies/act.ts';
import { commandOf } from '#core/replies/command-table.ts';
import { hearingWith } from '#core/replies/hearing.ts';
import type { Notice } from '#core/replies/notice.ts';
import { parseReply } from '#core/replies/parse.ts';
import { type AnswerDeps, answerQuestion } from './answer-question.ts';
import { respondBacktest } from './ask-backtest.ts';
import { respondChart } from './ask-chart.ts';
import { respondExport } from './ask-export.ts';
import { respondCalendarFile, respondReportFile } from './ask-report.ts';
import { chosenAccount, desksAsked } from './chosen-desk.ts';
import { StoreError } from './errors.ts';
import { respondAct, respondSecondConfirm } from './perform-act.ts';
import { respondSystem } from './perform-system.ts';
import type { Card, InboxRow, Incoming } from './ports.ts';
import {
  auditOf,
  type ChatBody,
  chatBodyOf,
  finish,
  outboxRow,
  type ReplyDeps,
  replyRows,
  say,
  type Turn,
} from './reply-rows.ts';
import { respondChoice } from './respond-choice.ts';
import { mayActAs } from './roles.ts';
import { tellInWords } from './tell-in-words.ts';

/**
 * Drains one inbox row into its effect, exactly once: the row is marked done in the transaction of
 * its effect. Throws StoreError when the store failed (nothing was kept; drain it again); every
 * other failure is reported and the row done.
 */
export function createReplyHandler(deps: ReplyDeps): (row: InboxRow) => Promise<void> {
  return async (row) => {
    const body = chatBodyOf(row.body);
    if (body === null) {
      await deps.inbox.markDone(row.id, { kind: 'not_a_chat_row' });
      return;
    }
    try {
      await respond(row, body, deps);
    } catch (error) {
      if (error instanceof StoreError) throw error;
      deps.onFailure(error, row);
      await say(
        [{ kind: 'act_failed', command: oneWord(body.incoming.text) }],
        row,
        body.incoming,
        deps,
      );
      await deps.inbox.markDone(row.id, { kind: 'failed' }, [
        auditOf(row, body.incoming, null, null, 'failed', deps),
      ]);
    }
  };
}

function oneWord(text: string): string {
  return (text.trim().split(/\s/)[0] ?? '').replace(/^\//, '').slice(0, 20);
}

async function respond(row: InboxRow, body: ChatBody, deps: ReplyDeps): Promise<void> {
  const { incoming } = body;
  const who = deps.access.identify(incoming);
  if (who.kind === 'stranger') return await respondStranger(row, incoming, deps);
  const replyToCode =
    incoming.replyTo === null
      ? null
      : deps.codeOfMessage(incoming.channel, incoming.chatId, incoming.replyTo);
  const turn: Turn = { row, incoming, who, isReplyKnown: replyToCode !== null };
  // the process that acted may have ended before its act was decided: then it is done again
  if (body.acted !== null && (await deps.wasDecided(row.channel, row.updateId))) {
    // the row stands for the act until the log has it: a machine that takes over reads no other's journal
    await Promise.all(deps.desks().map((desk) => desk.stored()));
    const lateMs = deps.clock.now() - incoming.sentAt;
    const notices: Notice[] =
      lateMs > 60_000
        ? [{ kind: 'late_honored', command: body.acted, sentAt: incoming.sentAt, lateMs }]
        : [];
    return await finish(turn, 'acted_at_once', { act: body.acted }, notices, deps);
  }
  if (incoming.callback !== null && incoming.text === '') {
    return await finish(turn, 'forged_button', null, [], deps);
  }
  const reply = parseReply(incoming.text, { replyToCode });
  switch (reply.kind) {
    case 'act':
      return await respondAct(turn, reply, deps);
    case 'second_confirm':
      return await respondSecondConfirm(turn, reply, deps);
    case 'question':
      return await respondQuestion(turn, reply, deps);
    case 'setting':
      return await respondSetting(turn, reply, deps);
    case 'system':
      return await respondSystem(turn, reply.act, deps);
    case 'unknown_command':
    case 'bad_arguments':
    case 'not_understood':
      return await finish(withoutSecret(turn, reply), reply.kind, null, [reply], deps);
  }
}

/** What was typed after /config may be a secret: the audit has none of it. */
function withoutSecret(turn: Turn, reply: Reply): Turn {
  if (reply.kind !== 'bad_arguments' || reply.command !== 'config') return turn;
  return { ...turn, incoming: { ...turn.incoming, text: '/config …' } };
}

async function respondStranger(row: InboxRow, incoming: Incoming, deps: ReplyDeps): Promise<void> {
  const reply = parseReply(incoming.text);
  if (reply.kind === 'setting' && reply.setting.set === 'pair') {
    const result = await deps.access.pair(incoming, reply.setting.pairingCode);
    const notices: Notice[] =
      result.kind === 'paired'
        ? [{ kind: 'paired', name: result.actor.name, role: result.actor.role }]
        : result.kind === 'refused'
          ? [{ kind: 'pair_refused' }]
          : [];
    await say(notices, row, incoming, deps);
    if (result.kind === 'paired') {
      const { actor, language } = result;
      deps.showMenu?.(incoming.channel, { chatId: incoming.chatId, role: actor.role, language });
    }
    const audit = auditOf(
      row,
      { ...incoming, text: '/pair' },
      null,
      null,
      `pair_${result.kind}`,
      deps,
    );
    await deps.inbox.markDone(row.id, { kind: `pair_${result.kind}` }, [audit]);
    return;
  }
  const count = deps.access.noteStranger(incoming);
  if (count !== null) await warnOwners(row, incoming, count, deps);
  const audit = auditOf(row, incoming, null, null, 'stranger', deps);
  await deps.inbox.markDone(row.id, { kind: 'stranger' }, [audit]);
}

async function warnOwners(
  row: InboxRow,
  incoming: Incoming,
  count: number,
  deps: ReplyDeps,
): Promise<void> {
  const notice: Notice = {
    kind: 'security_denied',
    channel: incoming.channel,
    userId: incoming.userId,
    chatId: incoming.chatId,
    count,
  };
  const rows = deps.access.chats('owner').map((chat, index) =>
    outboxRow(deps, chat, {
      kind: 'security_denied',
      dedupeKey: `${deps.runId}:security:${row.id}:${index}`,
      card: deps.speaker.notice(notice, chat.channel, chat.chatId),
      replyTo: null,
    }),
  );
  if (rows.length > 0) deps.handOver(await deps.outbox.enqueue(rows));
}

function askedOf(deps: ReplyDeps): AnswerDeps {
  const { access, clock, desks, sources, settings = null, narrator = null } = deps;
  const spent = () => narrator?.spent() ?? null;
  return { access, now: () => clock.now(), desks, sources, settings, spent };
}

/** The channel's own menu follows a person's role and language. */
function showMenu({ who, incoming }: Turn, deps: ReplyDeps): void {
  if (incoming.chatKind !== 'private') return;
  const { channel, chatId } = incoming;
  const language = deps.access.languageOf(channel, chatId);
  deps.showMenu?.(channel, { chatId, role: who.actor.role, language });
}

/** The cards with a line under the last one where they leave other accounts out. */
function narrowed(
  cards: readonly Card[],
  account: string | null,
  { channel, chatId }: Incoming,
  { speaker }: ReplyDeps,
): readonly Card[] {
  const last = cards.at(-1);
  if (account === null || last === undefined) return cards;
  const { lines } = speaker.notice({ kind: 'only_account', account }, channel, chatId);
  return [...cards.slice(0, -1), { ...last, lines: [...last.lines, ...lines] }];
}

/** What others wrote and what the desk runs on is not shown to a group that only reads. */
const OF_A_FEW: ReadonlySet<Question['ask']> = new Set(['audit', 'config']);

async function respondQuestion(
  turn: Turn,
  reply: Extract<Reply, { kind: 'question' }>,
  deps: ReplyDeps,
): Promise<void> {
  const { row, incoming, who } = turn;
  const { ask } = reply.question;
  const needed = commandOf(ask)?.role ?? 'viewer';
  if (!mayActAs(who.actor.role, needed)) {
    const notice: Notice = {
      kind: 'role_too_low',
      command: commandOf(ask)?.name ?? 'help',
      role: who.actor.role,
      needed,
    };
    return await finish(turn, notice.kind, null, [notice], deps);
  }
  if (OF_A_FEW.has(ask) && !who.canAct)
    return await finish(turn, 'chat_read_only', null, [{ kind: 'chat_read_only' }], deps);
  if (reply.question.ask === 'backtest') return await respondBacktest(turn, reply.question, deps);
  if (reply.question.ask === 'chart') return await respondChart(turn, reply.question, deps);
  if (reply.question.ask === 'export') return await respondExport(turn, reply.question, deps);
  if (reply.question.ask === 'menu') showMenu(turn, deps);
  if (reply.question.ask === 'calendar' && reply.question.isFile)
    return await respondCalendarFile(turn, reply.question, deps);
  if (reply.question.ask === 'report' && reply.question.format !== null)
    return await respondReportFile(turn, reply.question, deps);
  const account = chosenAccount(incoming, deps.desks(), deps.access);
  const desks = desksAsked(reply.question, account, deps.desks());
  const asked = { ...askedOf(deps), desks: () => desks };
  const answered = await answerQuestion(reply.question, who, asked);
  const { channel, chatId } = incoming;
  const whole =
    answered.kind === 'messages'
      ? answered.messages.map((message) => deps.speaker.message(message, channel, chatId))
      : answered.kind === 'answer'
        ? [deps.speaker.answer(answered.answer, channel, chatId)]
        : [deps.speaker.notice(answered.notice, channel, chatId)];
  const isNarrowed = desks.length < deps.desks().length;
  const cards = narrowed(whole, isNarrowed ? account : null, incoming, deps);
  const rows = await replyRows(cards, reply.question.ask, turn, deps);
  const done = { id: row.id, result: { kind: 'answered', ask: reply.question.ask } };
  deps.handOver(await deps.outbox.enqueue(rows, done));
  // the rows are said: words are worth no wait
  if (reply.question.ask === 'why')
    void tellInWords(cards, turn, deps).catch((error: unknown) => deps.onFailure(error, row));
}

async function respondSetting(
  turn: Turn,
  reply: Extract<Reply, { kind: 'setting' }>,
  deps: ReplyDeps,
): Promise<void> {
  const { setting } = reply;
  if (setting.set === 'lang') {
    await deps.access.setLanguage(turn.incoming, setting.language);
    showMenu(turn, deps);
    return await finish(
      turn,
      'language_set',
      setting,
      [{ kind: 'language_set', language: setting.language }],
      deps,
    );
  }
  if (setting.set === 'watch' || setting.set === 'use')
    return await respondChoice(turn, setting, deps);
  if (setting.set === 'role') return await respondRole(turn, setting, deps);
  if (setting.set === 'tz') return await respondZone(turn, setting, deps);
  if (setting.set !== 'pair') return await respondHearing(turn, setting, deps);
  const { name, role } = turn.who.actor;
  await finish(turn, 'already_paired', { set: 'pair' }, [{ kind: 'paired', name, role }], deps);
}

/** Gives or takes a role; every owner is told. Only an owner may, in a chat of his own. */
async function respondRole(
  turn: Turn,
  setting: Extract<ChatSetting, { set: 'role' }>,
  deps: ReplyDeps,
): Promise<void> {
  const { row, who } = turn;
  const { user, role } = setting;
  const command = role === null ? 'revoke' : 'role';
  if (!mayActAs(who.actor.role, 'owner')) {
    const notice: Notice = { kind: 'role_too_low', command, role: who.actor.role, needed: 'owner' };
    return await finish(turn, notice.kind, setting, [notice], deps);
  }
  if (!who.canAct)
    return await finish(turn, 'chat_read_only', setting, [{ kind: 'chat_read_only' }], deps);
  const done = await deps.access.setRole(user, role);
  if (done.kind !== 'set') {
    const notice: Notice = { kind: 'role_refused', user, reason: done.kind };
    return await finish(turn, 'role_refused', setting, [notice], deps);
  }
  const colon = user.indexOf(':');
  const [onChannel, chatId] = [user.slice(0, colon), user.slice(colon + 1)];
  const language = deps.access.languageOf(onChannel, chatId);
  deps.showMenu?.(onChannel, { chatId, role, language });
  const notice: Notice = { kind: 'role_set', user, name: done.name, role, by: who.actor.name };
  const others = deps.access
    .chats('owner')
    .filter(
      ({ channel, chatId }) => channel !== turn.incoming.channel || chatId !== turn.incoming.chatId,
    );
  const rows = others.map((chat, index) =>
    outboxRow(deps, chat, {
      kind: 'role_set',
      dedupeKey: `${deps.runId}:role:${row.id}:${index}`,
      card: deps.speaker.notice(notice, chat.channel, chat.chatId),
      replyTo: null,
    }),
  );
  if (rows.length > 0) deps.handOver(await deps.outbox.enqueue(rows));
  await finish(turn, 'role_set', setting, [notice], deps);
}

/** Shows all times of this chat by a clock of its own, or by the market's again. */
async function respondZone(
  turn: Turn,
  setting: Extract<ChatSetting, { set: 'tz' }>,
  deps: ReplyDeps,
): Promise<void> {
  if (!turn.who.canAct)
    return await finish(turn, 'chat_read_only', setting, [{ kind: 'chat_read_only' }], deps);
  const { zone } = setting;
  await deps.access.setZone(turn.incoming, zone);
  await finish(turn, 'zone_set', setting, [{ kind: 'zone_set', zone }], deps);
}

/** Changes what this chat hears and shows its settings as they stand now. */
async function respondHearing(
  turn: Turn,
  setting: Extract<ChatSetting, { set: 'notify' | 'mute' | 'quiet' }>,
  deps: ReplyDeps,
): Promise<void> {
  const { row, incoming, who } = turn;
  const { channel, chatId } = incoming;
  if (!who.canAct)
    return await finish(turn, 'chat_read_only', setting, [{ kind: 'chat_read_only' }], deps);
  const before = deps.access.hearingOf(channel, chatId);
  const change =
    setting.set === 'mute'
      ? { ...setting, untilAt: deps.clock.now() + setting.minutes * 60_000 }
      : setting;
  await deps.access.setHearing(incoming, hearingWith(before, change));
  const answered = await answerQuestion({ ask: 'settings' }, who, askedOf(deps));
  if (answered.kind !== 'answer') return;
  const card = deps.speaker.answer(answered.answer, channel, chatId);
  const rows = await replyRows([card], 'settings', turn, deps);
  const audit = auditOf(row, incoming, setting, null, 'hearing_set', deps, who.actor);
  const stored = await deps.outbox.enqueue(rows);
  await deps.inbox.markDone(row.id, { kind: 'hearing_set' }, [audit]);
  deps.handOver(stored);
}
