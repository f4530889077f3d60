import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bar } from '#core/market/bar.ts';
import { connectStore, type StoreHandle } from '#shell/store/client.ts';
import { openSql } from '#shell/store/sql-client.ts';
import { createStore } from '#shell/store/store.ts';

/*
 * What a durable commit costs: the store's append (event, outbox row, version check) beside a bare
 * insert of one row by the same driver, on the embedded server. Run: node bench/commit.ts
 */
export type Latency = { readonly p50Ms: number; readonly p99Ms: number };

export type CommitBench = {
  readonly coldStartMs: number;
  readonly warmStartMs: number;
  readonly adoptMs: number;
  readonly append: Latency;
  readonly plainInsert: Latency;
  readonly receive: Latency;
  readonly barsSavedPerSecond: number;
  readonly barsLoadedPerSecond: number;
};

const WARM_UP = 200;

async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; value: T }> {
  const startedAt = performance.now();
  const value = await work();
  return { ms: performance.now() - startedAt, value };
}

async function latencyOf(runs: number, work: (n: number) => Promise<unknown>): Promise<Latency> {
  const samples: number[] = [];
  for (let n = 0; n < runs + WARM_UP; n++) {
    const { ms } = await timed(() => work(n));
    if (n >= WARM_UP) samples.push(ms);
  }
  samples.sort((a, b) => a - b);
  const at = (q: number) => samples[Math.floor(q * (samples.length - 1))] ?? Number.NaN;
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}

const CONTEXT = {
  market: 'US',
  tradingDay: '2024-05-01',
  occurredAt: 1_714_570_000_000,
  runId: 'bench',
  correlationId: null,
  causationId: null,
  configHash: 'bench',
  codeVersion: 'bench',
} as const;

function outboxRow(n: number) {
  return {
    runId: 'bench',
    lane: 'chat:bench',
    kind: 'bench',
    priority: 1,
    dedupeKey: `bench-${n}`,
    editKey: null,
    payload: { text: 'a line of text as long as a short message usually is' },
    createdAt: CONTEXT.occurredAt,
    notBefore: CONTEXT.occurredAt,
    expiresAt: null,
  } as const;
}

function makeBars(count: number): Bar[] {
  return Array.from({ length: count }, (_, i) => ({
    instrument: 'SPY.US',
    timeframe: '1m',
    openedAt: 1_500_000_000_000 + i * 60_000,
    closedAt: 1_500_000_060_000 + i * 60_000,
    open: 500 + (i % 97) / 7,
    high: 501 + (i % 97) / 7,
    low: 499 + (i % 97) / 7,
    close: 500.5 + (i % 97) / 7,
    volume: 1000 + i,
  }));
}

async function measureCommits(handle: StoreHandle, runs: number) {
  const store = createStore(handle);
  const owner = openSql(handle.ownerAccess, { purpose: 'bench', max: 1, isOwner: true });
  await owner`create table bench_plain (id int primary key, data json)`;
  const data = { kind: 'allow', by: 'operator', at: CONTEXT.occurredAt };
  const plainInsert = await latencyOf(runs, (n) =>
    owner`insert into bench_plain values (${n}, ${JSON.stringify(data)}::text::json)`.execute(),
  );
  const append = await latencyOf(runs, (n) =>
    store.events.append({
      stream: 'bench',
      expectedVersion: n,
      context: CONTEXT,
      events: [{ type: 'consent_given', data }],
      outbox: [outboxRow(n)],
    }),
  );
  const receive = await latencyOf(runs, (n) =>
    store.inbox.receive([
      { runId: 'bench', channel: 'bench', updateId: String(n), body: data, receivedAt: n },
    ]),
  );
  await owner.end();
  return { append, plainInsert, receive };
}

async function measureBars(handle: StoreHandle, count: number) {
  const { bars } = createStore(handle);
  const rows = makeBars(count);
  const saved = await timed(() => bars.save(rows, 'bench'));
  const series = { instrument: 'SPY.US', timeframe: '1m' } as const;
  const loaded = await timed(() => bars.load(series, 0, 9e12, 'bench'));
  if (saved.value.inserted !== count || loaded.value.length !== count) {
    throw new Error(`bench: found ${loaded.value.length} bars, expected ${count}`);
  }
  return {
    barsSavedPerSecond: (count / saved.ms) * 1000,
    barsLoadedPerSecond: (count / loaded.ms) * 1000,
  };
}

/** Measures starts, commits and bulk rows on an embedded server of its own. */
export async function runCommitBench(options: {
  readonly runs: number;
  readonly bars: number;
}): Promise<CommitBench> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'centaur-bench-'));
  chmodSync(dataFolder, 0o755);
  const connect = () =>
    timed(() => connectStore({ dataFolder, databaseUrl: null, purpose: 'bench' }));
  try {
    const cold = await connect();
    await cold.value.closeAndStop();
    const warm = await connect();
    const adopted = await connect();
    await adopted.value.close();
    const commits = await measureCommits(warm.value, options.runs);
    const bulk = await measureBars(warm.value, options.bars);
    await warm.value.closeAndStop();
    return {
      coldStartMs: cold.ms,
      warmStartMs: warm.ms,
      adoptMs: adopted.ms,
      ...commits,
      ...bulk,
    };
  } finally {
    rmSync(dataFolder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const result = await runCommitBench({ runs: 2000, bars: 1_000_000 });
  const text = ({ p50Ms, p99Ms }: Latency) =>
    `p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`;
  console.log(
    `start    cold ${result.coldStartMs.toFixed(0)} ms, warm ${result.warmStartMs.toFixed(0)} ms, adopted ${result.adoptMs.toFixed(0)} ms`,
  );
  console.log(`insert   ${text(result.plainInsert)} (one row, bare driver)`);
  console.log(`append   ${text(result.append)} (event + outbox row + version check)`);
  console.log(`receive  ${text(result.receive)} (inbox row + notify)`);
  console.log(
    `bars     saved ${(result.barsSavedPerSecond / 1000).toFixed(0)} k/s, loaded ${(result.barsLoadedPerSecond / 1000).toFixed(0)} k/s`,
  );
}
