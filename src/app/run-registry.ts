import type { Input } from '#core/engine/input.ts';
import type { Known } from './desk-deps.ts';
import type { EventContext, EventLog, InputLog, Outbox, OutboxRow } from './ports.ts';

/** A simulated run: new, or an interrupted one met again. */
export type RunSlot = {
  readonly runId: string;
  readonly isResumed: boolean;
};

const RUN_STREAM = '/run';

/** The stream that says when a run began and ended. */
function runStream(runId: string): string {
  return `${runId}${RUN_STREAM}`;
}

/**
 * Finds the run of a key (a hash of everything that makes it what it is): the newest one when it
 * never ended, else the next number.
 */
export async function findRun(events: EventLog, key: string): Promise<RunSlot> {
  const streams = await events.streams(`${key}-`);
  const runs = streams
    .filter(({ stream }) => stream.endsWith(RUN_STREAM))
    .map(({ stream, version }) => ({ runId: stream.slice(0, -RUN_STREAM.length), version }))
    .map((run) => ({ ...run, number: Number(run.runId.slice(key.length + 1)) }))
    .filter((run) => Number.isInteger(run.number))
    .sort((a, b) => b.number - a.number);
  const [newest] = runs;
  if (newest !== undefined && newest.version < 2) return { runId: newest.runId, isResumed: true };
  return { runId: `${key}-${(newest?.number ?? 0) + 1}`, isResumed: false };
}

/** Notes the beginning or the end of a run. */
export async function noteRun(
  events: EventLog,
  context: EventContext,
  type: 'run_started' | 'run_ended',
  data: unknown,
): Promise<void> {
  await events.append({
    stream: runStream(context.runId),
    expectedVersion: type === 'run_started' ? 0 : 1,
    context,
    events: [{ type, data }],
    outbox: [],
  });
}

/** What a desk of an interrupted run has stored, and the acts that came from outside. */
export async function readKnown(
  store: { events: EventLog; inputs: InputLog; outbox: Outbox },
  runId: string,
  stream: string,
): Promise<{ known: Known; outside: { input: Input; inboxId: number | null }[] }> {
  const [events, inputs, rows] = [
    await store.events.read(stream),
    await store.inputs.read(stream),
    await store.outbox.ofRun(runId),
  ];
  const outside = inputs
    .map((row) => row.data as { input: Input; inboxId: number | null })
    .filter(
      ({ input }) =>
        input.kind === 'kill_file_seen' ||
        // a comparison that a person asked for; the others come again by themselves
        (input.kind === 'account_read' && input.by !== null) ||
        (input.kind === 'operator_acted' && input.actor.channel !== 'robot'),
    );
  return {
    known: {
      events,
      rows: new Map(rows.map((row): [string, OutboxRow] => [row.dedupeKey, row])),
      inputs: inputs.at(-1)?.ordinal ?? 0,
    },
    outside,
  };
}

/**
 * An outbox for the order lane of a resumed run: the simulated exchange is built anew, so rows that
 * were performed before are performed again on it; only their stored state is left as it is.
 */
export function forRebuiltExchange(outbox: Outbox, known: Known | null): Outbox {
  if (known === null) return outbox;
  const ids = new Set([...known.rows.values()].map((row) => row.id));
  return {
    ...outbox,
    markAttempting: async (id) => (ids.has(id) ? true : outbox.markAttempting(id)),
    markDropped: async (id, reason) => (ids.has(id) ? undefined : outbox.markDropped(id, reason)),
    markFailed: async (id, error, retryAt) =>
      ids.has(id) ? undefined : outbox.markFailed(id, error, retryAt),
  };
}

/** The envelope of a run's own events. */
export function runContext(
  configHash: string,
  codeVersion: string,
  runId: string,
  occurredAt: number,
): EventContext {
  return {
    market: 'US',
    tradingDay: null,
    occurredAt,
    runId,
    correlationId: null,
    causationId: null,
    configHash,
    codeVersion,
  };
}
