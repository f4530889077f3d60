import type { FetchAsk, MarketDataCn } from '#app/ports.ts';
import type { Anomaly } from '#core/quality/anomaly.ts';
import type { Attempt, ChainDeps, GateCn } from '#shell/feeds/cn/chain.ts';
import { createMarketDataCn } from '#shell/feeds/cn/chain.ts';
import type { SourceCn } from '#shell/feeds/cn/source.ts';
import { DATA_KINDS_CN } from '#shell/feeds/cn/source.ts';

/** A gate that lets everything through. */
export const OPEN_GATE: GateCn = async (_kind, _ask, data) => ({
  kept: data,
  anomalies: [],
  refusal: null,
  note: [],
});

/** The entry point over given sources, asked in their order, with what it told on the way. */
export function chainOf(
  sources: readonly SourceCn[],
  change: Partial<ChainDeps> = {},
): { data: MarketDataCn; attempts: Attempt[]; anomalies: Anomaly[]; clock: { at: number } } {
  const clock = { at: Date.now() };
  const attempts: Attempt[] = [];
  const anomalies: Anomaly[] = [];
  const order = Object.fromEntries(
    DATA_KINDS_CN.map((kind) => [kind, sources.map(({ name }) => name)]),
  ) as unknown as ChainDeps['order'];
  const data = createMarketDataCn({
    sources,
    order,
    attemptMs: () => 5_000,
    breaker: { failures: 2, openMs: 60_000, maxOpenMs: 600_000, trialMs: 30_000 },
    gate: OPEN_GATE,
    now: () => clock.at,
    onAnomalies: (_kind, found) => anomalies.push(...found),
    onAttempt: (attempt) => attempts.push(attempt),
    ...change,
  });
  return { data, attempts, anomalies, clock };
}

/** An ask with `ms` of time from the chain's own now. */
export function askIn(clock: { at: number }, ms = 20_000, more: Partial<FetchAsk> = {}): FetchAsk {
  return { deadlineAt: clock.at + ms, ...more };
}
