import type { EventLog, Journal, NewAuditRow } from './ports.ts';

/** Stream of the journal under which a kill from the command line keeps what it did. */
const STREAM = 'kill:cli';

/**
 * Takes kills from the command line into the audit: nobody else was there to write them down. Answers how
 * many there were. Throws StoreError.
 */
export async function noteKills(journal: Journal, log: EventLog, runId: string): Promise<number> {
  const kept = journal.pending().filter((entry) => entry.stream === STREAM);
  for (const { id, at, input } of kept) {
    const { scope } = input as { scope?: string };
    const row: NewAuditRow = {
      occurredAt: at,
      channel: 'cli',
      actor: 'cli:owner',
      messageId: null,
      updateId: id,
      rawText: `centaur kill ${scope ?? ''}`.trim(),
      parsedAct: { act: 'kill', scope: scope ?? null },
      ticketVersion: null,
      result: JSON.stringify(input).slice(0, 2_000),
      latencyMs: 0,
    };
    await log.append({
      stream: `${runId}/audit`,
      expectedVersion: 0,
      context: {
        market: null,
        tradingDay: null,
        occurredAt: at,
        runId,
        correlationId: null,
        causationId: id,
        configHash: '',
        codeVersion: '',
      },
      events: [],
      outbox: [],
      audit: [row],
    });
    journal.markLoaded([id]);
  }
  return kept.length;
}
