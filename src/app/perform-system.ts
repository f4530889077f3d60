import { commandOf } from '#core/replies/command-table.ts';
import { LATE_AFTER_MS } from '#core/replies/conversation.ts';
import type { Notice } from '#core/replies/notice.ts';
import type { SettingChange, SystemAct } from '#core/replies/system.ts';
import { ConfigError } from './errors.ts';
import type { ChatSettings, Upkeep } from './ports.ts';
import { finish, outboxRow, type ReplyDeps, sayLater, type Turn } from './reply-rows.ts';
import { mayActAs } from './roles.ts';

type ConfigAct = Extract<SystemAct, { act: 'config' }>;

const NOT_HERE = 'settings: found none that this run may change, expected a desk of its own';

/**
 * Performs what a person wants of the process itself: role, chat and age of the message are judged as for an act
 * of a desk. What takes long is begun and told when it is over. Throws StoreError.
 */
export async function respondSystem(turn: Turn, act: SystemAct, deps: ReplyDeps): Promise<void> {
  const { incoming, who } = turn;
  const needed = commandOf(act.act)?.role ?? 'owner';
  const { role } = who.actor;
  const said = withoutValue(turn, act, deps);
  const refuse = (notice: Notice): Promise<void> =>
    finish(said.turn, notice.kind, said.act, [notice], deps);
  if (!mayActAs(role, needed))
    return await refuse({ kind: 'role_too_low', command: act.act, role, needed });
  if (!who.canAct) return await refuse({ kind: 'chat_read_only' });
  const { sentAt } = incoming;
  const lateMs = deps.clock.now() - sentAt;
  if (lateMs > LATE_AFTER_MS)
    return await refuse({ kind: 'late_refused', command: act.act, sentAt, lateMs });
  const { settings = null, upkeep = null } = deps;
  switch (act.act) {
    case 'config':
      return await askConfig(said.turn, act, settings, deps);
    case 'reload': {
      if (settings === null) return await refuse({ kind: 'config_refused', line: NOT_HERE });
      const done = told(() => settings.reload());
      if (done.kind === 'refused') return await refuse(done.notice);
      const notice: Notice = { kind: 'reloaded', changes: done.value };
      return await finish(turn, notice.kind, act, [notice], deps);
    }
    case 'job': {
      const known = upkeep?.jobs() ?? null;
      const { job } = act;
      if (upkeep === null || known?.includes(job) !== true)
        return await refuse({ kind: 'job_refused', job, known });
      const dueAt = upkeep.dueAt(job);
      if (dueAt !== null) return await refuse({ kind: 'job_early', job, dueAt });
      return await begin(turn, act, job, upkeep, deps);
    }
    case 'backup':
    case 'selftest':
      if (upkeep === null) return await refuse({ kind: 'job_refused', job: act.act, known: null });
      return await begin(turn, act, '', upkeep, deps);
  }
}

/** A value for a key that is none of the settings may be a secret: it is written down nowhere. */
function withoutValue(
  turn: Turn,
  act: SystemAct,
  { settings = null }: ReplyDeps,
): { readonly turn: Turn; readonly act: SystemAct } {
  if (act.act !== 'config') return { turn, act };
  const known = settings?.list().settings.some(({ key }) => key === act.key) ?? false;
  if (known) return { turn, act };
  const incoming = { ...turn.incoming, text: `/config set ${act.key} …` };
  return { turn: { ...turn, incoming }, act: { ...act, value: '…' } };
}

type Told<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'refused'; readonly notice: Notice };

/** What came of settings; what is wrong with them is said in its one line. */
function told<T>(work: () => T): Told<T> {
  try {
    return { kind: 'done', value: work() };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { kind: 'refused', notice: { kind: 'config_refused', line: error.message } };
  }
}

/** Names the account with real money where there is one: its phrase is asked for. */
async function askConfig(
  turn: Turn,
  act: ConfigAct,
  settings: ChatSettings | null,
  deps: ReplyDeps,
): Promise<void> {
  const { incoming, who } = turn;
  const judged =
    settings === null
      ? { kind: 'refused' as const, notice: { kind: 'config_refused' as const, line: NOT_HERE } }
      : told(() => settings.judge(act.key, act.value));
  if (judged.kind === 'refused')
    return await finish(turn, judged.notice.kind, null, [judged.notice], deps);
  const policies = deps.desks().map(({ policy }) => policy);
  const live = policies.find(({ environment }) => environment === 'live');
  const asked = deps.confirms.ask({
    act,
    command: 'config',
    deskIds: [],
    saidAt: incoming.sentAt,
    actorId: who.actor.id,
    channel: incoming.channel,
    chatId: incoming.chatId,
    positionTicketId: null,
    liveAccount: live?.accountId ?? null,
    raisesRisk: true,
  });
  const notice: Notice = {
    kind: 'second_confirm',
    ...asked,
    deskId: policies.map(({ deskId }) => deskId).join(', '),
    accountId: policies.map(({ accountId }) => accountId).join(', '),
    environment: live === undefined ? 'paper' : 'live',
    consequence: { act: 'config', change: judged.value },
  };
  await finish(turn, 'second_confirm_asked', act, [notice], deps);
}

/** Sets what was confirmed; every other owner is told. Throws StoreError. */
export async function applyConfig(turn: Turn, act: ConfigAct, deps: ReplyDeps): Promise<void> {
  const { settings = null } = deps;
  const done =
    settings === null
      ? { kind: 'refused' as const, notice: { kind: 'config_refused' as const, line: NOT_HERE } }
      : told(() => settings.set(act.key, act.value));
  if (done.kind === 'refused')
    return await finish(turn, done.notice.kind, act, [done.notice], deps);
  const { change, file } = done.value;
  const notice: Notice = { kind: 'config_set', change, file };
  await tellOwners(turn, notice, change, deps);
  await finish(turn, notice.kind, act, [notice], deps);
}

async function tellOwners(
  { row, incoming }: Turn,
  notice: Notice,
  change: SettingChange,
  deps: ReplyDeps,
): Promise<void> {
  const others = deps.access
    .chats('owner')
    .filter(({ channel, chatId }) => channel !== incoming.channel || chatId !== incoming.chatId);
  const rows = others.map((chat, index) =>
    outboxRow(deps, chat, {
      kind: 'config_changed',
      dedupeKey: `${deps.runId}:config:${row.id}:${change.key}:${index}`,
      card: deps.speaker.notice(notice, chat.channel, chat.chatId),
      replyTo: null,
    }),
  );
  if (rows.length > 0) deps.handOver(await deps.outbox.enqueue(rows));
}

/** Begins what takes long, one of a kind at a time; the chat goes on meanwhile. */
async function begin(
  turn: Turn,
  act: Exclude<SystemAct, { act: 'config' | 'reload' }>,
  subject: string,
  upkeep: Upkeep,
  deps: ReplyDeps,
): Promise<void> {
  const command = act.act;
  const name = act.act === 'job' ? act.job : act.act;
  if (upkeep.running().includes(name))
    return await finish(turn, 'task_busy', act, [{ kind: 'task_busy', command }], deps);
  const work = perform(act, upkeep);
  const end = work.catch((error: unknown): Notice => {
    const cause = error instanceof Error ? error.message : String(error);
    return { kind: 'task_failed', command, subject, cause };
  });
  await finish(turn, `${command}_begun`, act, [{ kind: 'task_begun', command, subject }], deps);
  void end
    .then((notice) => sayLater(notice, turn, command, deps))
    .catch((error: unknown) => deps.onFailure(error, turn.row));
}

async function perform(
  act: Exclude<SystemAct, { act: 'config' | 'reload' }>,
  upkeep: Upkeep,
): Promise<Notice> {
  switch (act.act) {
    case 'job':
      return { kind: 'job_done', job: act.job, ...(await upkeep.runJob(act.job)) };
    case 'backup':
      return { kind: 'backup_done', ...(await upkeep.backUp()) };
    case 'selftest':
      return { kind: 'selftest_done', ...(await upkeep.check()) };
  }
}
