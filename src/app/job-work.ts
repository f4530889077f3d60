import type { Input } from '#core/engine/input.ts';
import { canonicalJson } from '#core/lib/canonical-json.ts';
import { stableHash } from '#core/lib/hash.ts';
import type { Bar, BarColumns } from '#core/market/bar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { VwapReclaimParams } from '#core/strategies/vwap-reclaim/params.ts';
import { createSessionKernel, type SessionKernel } from './follow-session.ts';
import type { SessionPlan } from './open-session.ts';
import type { BarStore, Inbox } from './ports.ts';

/** Where a job hands its results in. */
export type JobDesk = { readonly runId: string; readonly deskId: string; readonly inbox: Inbox };

/** Hands an input to the desk's process: an inbox row, once by its key, and a wake-up. */
export async function handIn(
  desk: JobDesk,
  key: string,
  input: Input,
  receivedAt: number,
): Promise<void> {
  await desk.inbox.receive([
    {
      runId: desk.runId,
      channel: 'job',
      updateId: key,
      body: { deskId: desk.deskId, input },
      receivedAt,
    },
  ]);
}

function barsOf(instrument: InstrumentId, columns: BarColumns, afterOpenedAt: number): Bar[] {
  const bars: Bar[] = [];
  for (let i = 0; i < columns.length; i += 1) {
    const openedAt = columns.openedAt[i] ?? 0;
    if (openedAt <= afterOpenedAt) continue;
    bars.push({
      instrument,
      timeframe: '1m',
      openedAt,
      closedAt: columns.closedAt[i] ?? 0,
      open: columns.open[i] ?? Number.NaN,
      high: columns.high[i] ?? Number.NaN,
      low: columns.low[i] ?? Number.NaN,
      close: columns.close[i] ?? Number.NaN,
      volume: columns.volume[i] ?? 0,
    });
  }
  return bars;
}

/** Evaluates stored bars of a session as they come in; every closed bar is judged once. */
export type SessionReader = {
  /** Reads what is new and hands in its evaluations; answers how many bars there were. */
  read(now: number): Promise<number>;
  readonly kernel: SessionKernel;
};

/** Starts at the open of the session, whatever was evaluated before: handing in twice changes nothing. */
export function createSessionReader(
  plan: SessionPlan,
  params: VwapReclaimParams,
  bars: BarStore,
  source: string | null,
  desk: JobDesk,
): SessionReader {
  const { session, contexts } = plan;
  const kernel = createSessionKernel(session, contexts, params);
  const last = new Map<InstrumentId, number>(
    contexts.map((context) => [context.instrument, session.openAt - 1]),
  );
  return {
    kernel,
    async read(now) {
      const fresh: Bar[] = [];
      for (const [instrument, openedAt] of last) {
        const columns = await bars.load(
          { instrument, timeframe: '1m' },
          openedAt + 1,
          session.closeAt,
          source,
        );
        fresh.push(...barsOf(instrument, columns, openedAt));
      }
      fresh.sort((a, b) => a.closedAt - b.closedAt);
      for (const bar of fresh) {
        last.set(bar.instrument, bar.openedAt);
        const evaluation = kernel.evaluate(bar);
        if (evaluation === null) continue;
        const inputHash = stableHash(canonicalJson(bar));
        await handIn(
          desk,
          `us-intraday:${bar.instrument}:${bar.closedAt}`,
          { kind: 'bar_evaluated', at: now, evaluation, inputHash, quote: null },
          now,
        );
      }
      return fresh.length;
    },
  };
}
