import type { BacktestAsk } from '#core/replies/act.ts';
import type { BacktestStep, Notice } from '#core/replies/notice.ts';
import { pictureRows } from './picture-rows.ts';
import type { Backtests, NewOutboxRow, WaitingChat } from './ports.ts';
import { auditOf, finish, outboxRow, type ReplyDeps, type Turn } from './reply-rows.ts';

/** A result is worth reading all day. */
const RESULT_LIFE_MS = 24 * 3_600_000;

/** What telling needs. */
type TellDeps = Pick<ReplyDeps, 'runId' | 'clock' | 'speaker' | 'outbox' | 'handOver'>;

/** What is told of one backtest: one message edited while it is played, then the result as its own. */
function tellerOf(chat: WaitingChat, key: string, deps: TellDeps) {
  let count = 0;
  const row = (notice: Notice, kind: string, replyTo: string | null): NewOutboxRow => {
    count += 1;
    const card = deps.speaker.notice(notice, chat.channel, chat.chatId);
    return outboxRow(deps, chat, { kind, dedupeKey: `${key}:${count}`, card, replyTo });
  };
  return {
    key,
    step: (ask: BacktestAsk, step: BacktestStep, replyTo: string | null = null): NewOutboxRow => ({
      ...row({ kind: 'backtest_progress', ...ask, ...step }, 'reply', replyTo),
      priority: 2,
      editKey: key,
    }),
    result: (notice: Notice): NewOutboxRow => ({
      ...row(notice, 'backtest_done', null),
      priority: 2,
      expiresAt: deps.clock.now() + RESULT_LIFE_MS,
    }),
  };
}

async function hand(rows: readonly NewOutboxRow[], deps: TellDeps): Promise<void> {
  deps.handOver(await deps.outbox.enqueue(rows));
}

/**
 * Answers `/backtest`: refused while another is played, otherwise begun in a process of its own. The
 * chat goes on meanwhile; steps edit one message, the result is a message of its own. Throws StoreError
 * before anything was begun.
 */
export async function respondBacktest(
  turn: Turn,
  question: BacktestAsk,
  deps: ReplyDeps,
): Promise<void> {
  const { row, incoming, who } = turn;
  const { strategy, from, to } = question;
  const ask = { strategy, from, to };
  const backtests = deps.backtests ?? null;
  const running = backtests?.running() ?? null;
  if (backtests === null || running !== null) {
    const notice: Notice =
      running === null
        ? { kind: 'backtest_failed', ...ask, cause: 'not from this run' }
        : { kind: 'backtest_busy', running };
    return await finish(turn, notice.kind, ask, [notice], deps);
  }
  const teller = tellerOf(incoming, `${deps.runId}:backtest:${row.id}`, deps);
  const replyTo = incoming.chatKind === 'group' ? incoming.messageId : null;
  const begun = teller.step(ask, { stage: 'begun', done: 0, of: 0 }, replyTo);
  await hand([begun], deps);
  const audit = auditOf(row, incoming, ask, null, 'backtest', deps, who.actor);
  await deps.inbox.markDone(row.id, { kind: 'backtest' }, [audit]);
  void playTold(backtests, ask, incoming, teller, deps).catch((error: unknown) =>
    deps.onFailure(error, row),
  );
}

async function playTold(
  backtests: Backtests,
  ask: BacktestAsk,
  { channel, chatId }: WaitingChat,
  teller: ReturnType<typeof tellerOf>,
  deps: ReplyDeps,
): Promise<void> {
  let told = Promise.resolve();
  const tell = (rows: readonly NewOutboxRow[]): Promise<void> => {
    const next = told.then(() => hand(rows, deps));
    told = next.catch(() => undefined);
    return next;
  };
  const played = backtests.play(ask, { channel, chatId }, (step) => {
    // a step that cannot be told is not missed: the next one says more
    tell([teller.step(ask, step)]).catch(() => undefined);
  });
  if (played === null) {
    const running = backtests.running() ?? ask;
    return await hand([teller.result({ kind: 'backtest_busy', running })], deps);
  }
  const end = await played;
  if (end.kind === 'stopped') return;
  if (end.kind === 'failed')
    return await tell([teller.result({ kind: 'backtest_failed', ...ask, cause: end.cause })]);
  const all = end.result.days;
  const last = teller.step(ask, { stage: 'done', done: all, of: all });
  await tell([last, teller.result({ kind: 'backtest_done', ...ask, ...end.result })]);
  const { curves = null } = end;
  const { charts = null } = deps;
  if (curves === null || charts === null) return;
  const picture = { picture: curves, kind: 'backtest_done', key: `${teller.key}:curves` };
  const expiresAt = deps.clock.now() + RESULT_LIFE_MS;
  const letter = { ...picture, expiresAt, replyTo: null };
  await hand(await pictureRows(letter, [{ channel, chatId }], { ...deps, ...charts }), deps);
}

/** Tells the chat of a backtest that an earlier process was playing when it ended. Throws StoreError. */
export async function tellLeftBacktest(backtests: Backtests, deps: TellDeps): Promise<void> {
  const left = backtests.left();
  if (left === null) return;
  const key = `${deps.runId}:backtest:left:${deps.clock.now()}`;
  const teller = tellerOf(left.chat, key, deps);
  await hand([teller.result({ kind: 'backtest_failed', ...left.ask, cause: null })], deps);
}
