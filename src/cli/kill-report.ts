import type { AccountFlatten, AccountKill } from '#app/kill-account.ts';

function ms(value: number | null): string {
  return value === null ? '' : `${Math.max(0, Math.round(value))} ms`;
}

/** What stage 1 did at an account past its desk, in lines. */
export function stageOneLines(kill: AccountKill): string[] {
  const { accountId, canceled, failed, firstCancelMs, allOutMs, kept, placedAgain, standing } =
    kill;
  const out =
    canceled.length === 0
      ? 'no entry order stood'
      : `${canceled.length} entry order(s) cancelled at the broker, first out after ` +
        `${ms(firstCancelMs)}, all gone after ${ms(allOutMs)}`;
  const lines = [`${accountId}: ${out}; ${kept.length} protective order(s) kept`];
  if (placedAgain.length > 0)
    lines.push(
      `${accountId}: entries and stops could not be told apart: everything was cancelled, ` +
        `${placedAgain.length} stop(s) placed again`,
    );
  for (const { orderId, cause } of failed)
    lines.push(`${accountId}: ${orderId} was NOT cancelled: ${cause}`);
  if (standing.length > 0)
    lines.push(`${accountId}: STILL STANDING after the last look: ${standing.join(', ')}`);
  return lines;
}

/** What stage 2 did at an account past its desk, in lines. */
export function flattenLines(accountId: string, { legs, left }: AccountFlatten): string[] {
  const lines = legs.map(({ instrument, quantity, outcome, reason }) => {
    const why = reason === null ? '' : ` (${reason})`;
    return `${accountId}: ${instrument} ${quantity}: ${outcome === 'sent' ? 'sold at the broker' : `NOT sold${why}`}`;
  });
  if (left.length === 0) return [...lines, `${accountId}: flat`];
  const rest = left.map(({ instrument, quantity }) => `${instrument} ${quantity}`).join(', ');
  return [...lines, `${accountId}: NOT flat after the last look: ${rest}`];
}

/** What became of orders at the broker that the desk did not know; an answer of an earlier version says nothing. */
export function strangerLines(ids: readonly string[] | null | undefined): string[] {
  if (ids === null)
    return ['desk: the broker is still asked for orders that are not the desk’s; see /status'];
  if (ids === undefined || ids.length === 0) return [];
  return [`desk: ${ids.length} order(s) that are not the desk’s cancelled, too: ${ids.join(', ')}`];
}
