import type { AppendBatch, EventContext, NewEvent, NewOutboxRow } from '#app/ports.ts';

export const AT = Date.UTC(2026, 10, 20, 15, 0, 0, 123);

export const CONTEXT: EventContext = {
  market: 'US',
  tradingDay: '2026-11-20',
  occurredAt: AT,
  runId: 'run-1',
  correlationId: 'c-1',
  causationId: null,
  configHash: 'cfg',
  codeVersion: 'v1',
};

export function event(n: number): NewEvent {
  return { type: 'consent_given', data: { n, by: 'operator' } };
}

export function outboxRow(key: string, change: Partial<NewOutboxRow> = {}): NewOutboxRow {
  return {
    runId: 'run-1',
    lane: 'chat:terminal:1',
    kind: 'ticket',
    priority: 1,
    dedupeKey: key,
    editKey: null,
    payload: { text: key },
    createdAt: AT,
    notBefore: AT,
    expiresAt: null,
    ...change,
  };
}

export function batch(
  stream: string,
  expectedVersion: number,
  events: readonly NewEvent[],
  change: Partial<AppendBatch> = {},
): AppendBatch {
  return { stream, expectedVersion, context: CONTEXT, events, outbox: [], ...change };
}
