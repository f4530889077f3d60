import type { Input } from '#core/engine/input.ts';
import type { Desk } from './desk.ts';
import type { InboxRow } from './ports.ts';

/** What a job puts into the inbox for a desk; `at` is replaced by the instant it is taken. */
export type JobBody = { readonly deskId: string; readonly input: Input };

const QUOTE_WAIT_MS = 1_000;

/** The body of a job's row, or null when it is not one. */
export function jobBodyOf(row: InboxRow): JobBody | null {
  if (row.channel !== 'job' || typeof row.body !== 'object' || row.body === null) return null;
  return 'deskId' in row.body && 'input' in row.body ? (row.body as JobBody) : null;
}

/**
 * Gives a job's result to its desk, once: the row is done in the transaction of the step. A signal gets
 * a quote fetched now. A result for a desk that does not run here is left for the one that does.
 */
export async function takeJobRow(
  row: InboxRow,
  body: JobBody,
  desks: readonly Desk[],
  now: () => number,
): Promise<boolean> {
  const desk = desks.find((candidate) => candidate.policy.deskId === body.deskId);
  if (desk === undefined) return false;
  const { input } = body;
  const isSignal = input.kind === 'bar_evaluated' && input.evaluation.signal !== null;
  const quote = isSignal
    ? await desk.fetchQuote(input.evaluation.instrument, QUOTE_WAIT_MS).catch(() => null)
    : null;
  const taken =
    input.kind === 'bar_evaluated' ? { ...input, at: now(), quote } : { ...input, at: now() };
  await desk.submit(taken, { inboxDone: { id: row.id, result: { kind: 'taken' } } });
  return true;
}
