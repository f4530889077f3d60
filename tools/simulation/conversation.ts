import type { AnswerSources } from '#app/answer-question.ts';
import { createIntake, type Intake } from '#app/chat-intake.ts';
import { type Deliverer, USUAL_RATE } from '#app/deliver-deps.ts';
import { createDeliverer } from '#app/deliver-messages.ts';
import type { Desk } from '#app/desk.ts';
import { createReplyHandler } from '#app/handle-reply.ts';
import { jobBodyOf, takeJobRow } from '#app/job-inputs.ts';
import type { Clock, InboxRow, Outbox, OutboxRow } from '#app/ports.ts';
import { createReachWatch, needsOperator, type ReachWatch } from '#app/reach-watch.ts';
import type { Reconciler } from '#app/reconcile-loop.ts';
import { createSecondConfirms } from '#app/second-confirm.ts';
import { ticketShown } from '#app/ticket-shown.ts';
import { type OnTrouble, type ProcessDeps, RUN_ID } from './process-parts.ts';

/** Distance of two looks whether people can be reached; a minute in the product. */
export const PROBE_EVERY_MS = 120_000;

/** Looks whether people can be reached, and tells the desk. */
function watchReach({ clock, parts, speaker }: ProcessDeps, desk: Desk): ReachWatch {
  const { access } = parts;
  return createReachWatch({
    clock,
    channels: parts.channels,
    chats: () => access.chats('operator'),
    statusCard: (name, chatId) =>
      speaker.answer({ at: clock.now(), kind: 'status', desks: [] }, name, chatId),
    isWatched: () => needsOperator(desk.state(), clock.now()),
    onSeen(isReached, name) {
      const at = clock.now();
      if (needsOperator(desk.state(), at))
        desk.post({ kind: 'reach_seen', at, isReached, channel: name });
    },
    everyMs: PROBE_EVERY_MS,
  });
}

/** What the chat may be asked of beside the desk: nothing in a simulated day, the account excepted. */
function noSources(reconciler: Reconciler): AnswerSources {
  return {
    jobs: async () => [],
    audit: { newest: async () => [] },
    version: async () => ({}),
    dataSources: async () => [],
    health: async () => [],
    logs: async () => [],
    report: async () => null,
    days: async () => [],
    checkpoints: async () => [],
    exDates: async () => [],
    calendarOf: () => null,
    eventsOf: () => null,
    accounts: () => [],
    ping: () => ({}),
    reconcile: (_deskId, by) => reconciler.now(by),
  };
}

/** The conversation, wired as the product does it, over cards that an observer can read. */
export function converse(
  deps: ProcessDeps,
  desk: Desk,
  outbox: Outbox,
  reconciler: Reconciler,
  onTrouble: OnTrouble,
): { deliverer: Deliverer; intake: Intake; reach: ReachWatch } {
  const { clock, parts, speaker } = deps;
  const { tables, access } = parts;
  const onFailure = (error: unknown): void => onTrouble('chat', error);
  const channel = (name: string) => parts.channels.find((one) => one.name === name) ?? null;
  const deliverer = createDeliverer({
    runId: RUN_ID,
    clock,
    wall: clock,
    outbox,
    files: tables.files,
    channel,
    rateOf: () => USUAL_RATE,
    render: (message, name, chatId) => speaker.message(message, name, chatId),
    isOver: (message) => parts.isOver(message, [desk]),
    onDelivered: (row) => onDelivered(desk, clock, row),
    onFailure,
    sweepEveryMs: deps.sweepMs,
    onReach: (name, chatId, isReached) => reach.delivered(name, chatId, isReached),
  });
  const reach = watchReach(deps, desk);
  const answer = createReplyHandler({
    runId: RUN_ID,
    clock,
    access,
    desks: () => [desk],
    inbox: tables.inbox,
    outbox: tables.outbox,
    files: tables.files,
    speaker,
    sources: noSources(reconciler),
    confirms: createSecondConfirms({
      clock,
      newNonce: deps.newNonce,
      newDigits: () => '4172',
      codes: parts.codes,
    }),
    codeOfMessage: (name, chatId, messageId) => deliverer.messages.codeOf(name, chatId, messageId),
    wasDecided: (name, updateId) => intake.wasDecided(name, updateId),
    handOver: (rows) => {
      deps.onRows(rows);
      deliverer.handOver(rows);
    },
    onFailure,
  });
  const handle = async (row: InboxRow): Promise<void> => {
    const body = jobBodyOf(row);
    if (body !== null && (await takeJobRow(row, body, [desk], () => clock.now()))) return;
    await answer(row);
  };
  const intake = createIntake({
    runId: RUN_ID,
    clock,
    access,
    desks: () => [desk],
    inbox: tables.inbox,
    speaker,
    channel,
    handle,
    onFailure,
  });
  return { deliverer, intake, reach };
}

/** A ticket's card that stands in a chat is an input, as in the product's wiring. */
function onDelivered(desk: Desk, clock: Clock, row: OutboxRow): void {
  const shown = ticketShown(row, clock.now());
  if (shown !== null) desk.post(shown.input);
}
