import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { BrokerError, FeedError } from '#app/errors.ts';
import type { Broker } from '#app/ports.ts';
import { unreadable } from '#core/engine/report-check.ts';
import { createRandom, type Random } from '#core/lib/random.ts';
import { TradingApi } from '#shell/brokers/alpaca/trading-api.ts';
import { createAlpacaFeed } from '#shell/feeds/us/alpaca.ts';
import { readAccount } from '#shell/lib/alpaca/account.ts';
import { AlpacaRest } from '#shell/lib/alpaca/rest.ts';
import { createSystemClock } from '#shell/lib/system-clock.ts';
import { brokerOn } from '#test/support/alpaca-contract.ts';
import { contractOrder as order } from '#test/support/broker-harness.ts';
import { eventually } from '#test/support/eventually.ts';
import { FAKE_KEYS, FakeAlpaca } from '#test/support/fake-alpaca.ts';
import { FakeAlpacaData } from '#test/support/fake-alpaca-data.ts';
import { needsShared, sharedPath } from '#test/support/shared-data.ts';

/*
 * Answers and events as they may come on a bad day: fields gone, numbers for texts and texts for
 * numbers, words nobody knows, error pages, cut frames, everything twice and out of order. Nothing may
 * crash, nothing may be told that did not happen, and what cannot be read is named.
 */

const { keyId, secretKey } = FAKE_KEYS;

function below(random: Random, limit: number): number {
  return Math.floor(random.uniform() * limit);
}

type Node = { readonly holder: Record<string, unknown> | unknown[]; readonly key: string | number };

/** Every place of a JSON value that could be damaged. */
function placesOf(value: unknown): Node[] {
  if (value === null || typeof value !== 'object') return [];
  const holder = value as Record<string, unknown>;
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return keys.flatMap((key) => [{ holder, key }, ...placesOf(holder[key])]);
}

/** Names: a wrong one would be another truth, and damage never makes that. */
const NAMES = /(^|_)(id|symbol|S|by|replaces)$/;

/** No figure, no word and no instant of the vendor is any of these. */
const NONSENSE = ['mystery', '-7', 'NaN', '1e309', '\ufffd', ' '] as const;

/** The text with one thing wrong with it; what it says is never another truth, only less or nonsense. */
function damaged(text: string, random: Random): string {
  const kind = below(random, 8);
  if (kind === 0) return '<html><head><title>502 Bad Gateway</title></head></html>';
  if (kind === 1) return text.slice(0, below(random, Math.max(1, text.length)));
  if (kind === 2) return '';
  const value: unknown = JSON.parse(text === '' ? 'null' : text);
  const places = placesOf(value);
  const place = places[below(random, Math.max(1, places.length))];
  if (place === undefined) return 'null';
  const holder = place.holder as Record<string | number, unknown>;
  const old = holder[place.key];
  const isName = NAMES.test(`${place.key}`);
  if (kind === 3 || (isName && kind > 6)) delete holder[place.key];
  else if (kind === 4) holder[place.key] = null;
  else if (kind === 5 && !isName)
    holder[place.key] = typeof old === 'string' ? Number(old) : String(old);
  else if (kind === 6) holder[place.key] = { [secretKey]: keyId };
  else if (typeof old !== 'string' || isName) holder[place.key] = [old];
  else holder[place.key] = NONSENSE[below(random, NONSENSE.length)];
  return JSON.stringify(value);
}

/** Asserts that a call ends as an answer or as a named failure of the right class. */
async function tame(call: Promise<unknown>, kind = BrokerError): Promise<void> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof kind, String((error as Error).stack));
    assert.match(error.message, /^(alpaca|feed)/);
    assertNoKey(error.message);
    assertNoKey(JSON.stringify(error.context));
  }
}

function assertNoKey(text: string | undefined): void {
  assert.equal(text?.includes(secretKey) === true || text?.includes(keyId) === true, false);
}

function restOf(text: string, status = 200): AlpacaRest {
  return new AlpacaRest({
    name: 'alpaca test',
    baseUrl: 'http://127.0.0.1:1',
    keys: FAKE_KEYS,
    clock: createSystemClock(),
    fetch: async () => new Response(status === 204 ? null : text, { status }),
    timeoutMs: 1_000,
    Failure: BrokerError,
    onCall: (line) => assertNoKey(JSON.stringify(line)),
  });
}

const FIXTURES = ['data', 'api_fixtures', 'alpaca'] as const;

function fixture(name: string): string {
  return readFileSync(sharedPath(...FIXTURES, name) ?? '', 'utf8');
}

describe('recorded answers', needsShared(...FIXTURES, 'account.json'), () => {
  const READ: readonly (readonly [string, (rest: AlpacaRest) => Promise<unknown>])[] = [
    ['account.json', (rest) => readAccount(rest)],
    ['orders.json', (rest) => new TradingApi(rest).orders({ status: 'all' })],
    ['positions.json', (rest) => new TradingApi(rest).positions()],
  ];

  test('AL-01 the recorded answers of a real paper account are read', async () => {
    assert.equal((await readAccount(restOf(fixture('account.json')))).cash, '99694.41');
    const [bought] = await new TradingApi(restOf(fixture('orders.json'))).orders({ status: 'all' });
    assert.deepEqual(
      [bought?.status, bought?.filled_qty, bought?.filled_avg_price],
      ['filled', 1, 305.59],
    );
    const [held] = await new TradingApi(restOf(fixture('positions.json'))).positions();
    assert.deepEqual([held?.symbol, held?.qty, held?.avg_entry_price], ['AAPL', 1, 305.59]);
  });

  test('AL-01 every order of the vendor’s own examples is read', async () => {
    const path = sharedPath(...FIXTURES, 'trading-api_schema_examples.json.gz') ?? '';
    const text = gunzipSync(readFileSync(path)).toString();
    const found: { readonly id: string }[] = [];
    JSON.parse(text, (_key, value: unknown) => {
      const isOrder = typeof value === 'object' && value !== null && 'client_order_id' in value;
      if (isOrder && 'filled_qty' in value && typeof value.filled_qty === 'string')
        found.push(value as { readonly id: string } & typeof value);
      return value;
    });
    assert.ok(found.length > 0);
    for (const one of found) {
      const answer = await new TradingApi(restOf(JSON.stringify(one))).orderById(one.id);
      assert.equal(answer.kind, 'answered');
    }
  });

  test('AL-01 a damaged recording is an answer or a failure that names its place', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.constantFrom(...READ), async (seed, [name, read]) => {
        const text = damaged(fixture(name), createRandom(seed));
        await tame(read(restOf(text)));
      }),
      { numRuns: 400 },
    );
  });
});

/** A trade update as it was recorded, of an order that the broker was given under this id. */
function recordedUpdate(change: Record<string, unknown>): string {
  const data = JSON.parse(fixture('trade_update_fill.json')) as Record<string, unknown>;
  const order = data['order'] as Record<string, unknown>;
  return JSON.stringify({
    stream: 'trade_updates',
    data: { ...data, order: { ...order, ...change } },
  });
}

describe('recorded trade updates', needsShared(...FIXTURES, 'trade_update_fill.json'), () => {
  test('AL-01 ID-09 mutated, repeated and reordered they tell only what the core can read, and no share twice', async () => {
    const fake = new FakeAlpaca();
    const url = await fake.listen();
    const { broker, reports } = brokerOn(url, { wordMs: 50 });
    try {
      await broker.start();
      // nothing fills by itself: whatever is told comes from the recording
      fake.quote('AAPL', 399, 400);
      const wanted = { instrument: 'AAPL.US', quantity: 1, limitPrice: 306 } as const;
      await broker.submit(order({ orderId: 'c1.entry-1', ...wanted }));
      await eventually(() => reports.some((one) => one.kind === 'accepted'));
      const theirs = [...fake.exchange.orders.values()].at(-1);
      const whole = recordedUpdate({ client_order_id: 'c1.entry-1', id: theirs?.id });
      const random = createRandom(11);
      for (let frame = 0; frame < 300; frame += 1) {
        const say = below(random, 6) === 0 ? whole : damaged(whole, random);
        fake.say(say);
        if (below(random, 3) === 0) fake.say(say);
      }
      await fake.quiet();
      await broker.openOrders().catch((error: unknown) => assert.ok(error instanceof BrokerError));
      const sum = reports.reduce((total, one) => total + one.lastQuantity, 0);
      assert.ok(sum <= 1, `${sum} shares were told of an order for one`);
      for (const report of reports) {
        assert.equal(unreadable(report), null);
        assert.ok(report.lastPrice === null || report.lastPrice === 305.59);
      }
    } finally {
      await broker.stop();
      await fake.close();
    }
  });
});

type Step =
  | 'submit'
  | 'bracket'
  | 'cancel'
  | 'replace'
  | 'find'
  | 'list'
  | 'quote'
  | 'drop'
  | 'flatten';
const STEPS: readonly Step[] = [
  'submit',
  'bracket',
  'bracket',
  'cancel',
  'replace',
  'find',
  'list',
  'quote',
  'quote',
  'quote',
  'drop',
  'flatten',
];

function someId(count: number, random: Random): string {
  return `c${below(random, Math.max(1, count))}.${['entry', 'stop', 'target'][below(random, 3)]}-1`;
}

async function badDay(seed: number, steps: readonly Step[]): Promise<void> {
  const random = createRandom(seed);
  const fake = new FakeAlpaca();
  const url = await fake.listen();
  const isBad = { now: false };
  const viaTrouble: typeof globalThis.fetch = async (input, init) => {
    const response = await fetch(input, init);
    if (!isBad.now || below(random, 4) > 0) return response;
    const text = damaged(await response.text(), random);
    const { headers, status } = response;
    return new Response(status === 204 ? null : text, { headers, status });
  };
  const late: string[] = [];
  fake.frames = (frame) => {
    const before = late.splice(0);
    if (!isBad.now) return [frame, ...before];
    const kind = below(random, 7);
    if (kind === 0) return [damaged(frame, random), ...before];
    if (kind === 1) return before;
    if (kind === 2) return [frame, frame, ...before];
    if (kind === 3) late.push(frame);
    return kind === 3 ? before : [frame, ...before];
  };
  const { broker, notes, reports } = brokerOn(url, { fetch: viaTrouble, wordMs: 50 });
  try {
    await broker.start();
    fake.quote('QQQM', 99.98, 99.99);
    isBad.now = true;
    let count = 0;
    for (const step of steps) {
      const some = someId(count, random);
      if (step === 'submit' || step === 'bracket') {
        const name = `c${count}`;
        count += 1;
        const stop = { orderId: `${name}.stop-1`, stopPrice: 99 };
        const target = { orderId: `${name}.target-1`, limitPrice: 102 };
        const bracket = step === 'bracket' ? { stop, target } : null;
        await tame(broker.submit(order({ orderId: `${name}.entry-1`, bracket })));
      } else if (step === 'cancel') await tame(broker.cancel(some));
      else if (step === 'replace') await tame(broker.replace(some, { stopPrice: 99.5 }));
      else if (step === 'find') await tame(broker.find(some));
      else if (step === 'flatten') await tame(broker.flattenAll());
      else if (step === 'drop') fake.dropStreams();
      else if (step === 'quote') {
        const bid = 98.5 + below(random, 400) / 100;
        fake.quote('QQQM', bid, Number((bid + 0.02).toFixed(2)), 1 + below(random, 20));
      } else {
        await tame(broker.openOrders());
        await tame(broker.positions());
        await tame(broker.fills(0));
        await tame(broker.cashMinor());
      }
    }
    isBad.now = false;
    await agree(fake, broker, reports);
    for (const note of notes) assertNoKey(note);
    assertNoKey(JSON.stringify(reports));
    // what the core could not read is not told
    for (const report of reports) assert.equal(unreadable(report), null);
  } finally {
    await broker.stop();
    await fake.close();
  }
}

type Reports = ReturnType<typeof brokerOn>['reports'];

/** Once answers are whole again, what was told adds up to what the exchange did. */
async function agree(fake: FakeAlpaca, broker: Broker, reports: Reports): Promise<void> {
  fake.dropStreams();
  const filledBy = new Map<string, number>();
  for (const fill of fake.exchange.fills) {
    const orderId = (await broker.fills(0)).find((one) => one.fillId === fill.id)?.orderId;
    const key = orderId ?? fake.exchange.orders.get(fill.orderId)?.clientOrderId ?? '';
    filledBy.set(key, (filledBy.get(key) ?? 0) + fill.quantity);
  }
  for (const [orderId, quantity] of filledBy) {
    const found = await broker.find(orderId);
    assert.equal(found?.filledQuantity, quantity, orderId);
    if (isOurs(orderId)) await eventually(() => told(reports, orderId) === quantity);
  }
  // what closes a position after a kill whose answer was lost may be met half filled, as it stands
  for (const [orderId] of Map.groupBy(reports, (one) => one.orderId))
    assert.ok(told(reports, orderId) <= (filledBy.get(orderId) ?? 0), orderId);
  assert.equal(new Set(reports.map((one) => one.reportId)).size, reports.length);
}

function isOurs(orderId: string): boolean {
  return /^c\d+\./.test(orderId);
}

/** Shares told of an order: the sum of its fills, which is also its last cumulative figure. */
function told(reports: Reports, orderId: string): number {
  const own = reports.filter((one) => one.orderId === orderId);
  const sum = own.reduce((total, one) => total + one.lastQuantity, 0);
  const last = Math.max(0, ...own.map((one) => one.filledQuantity));
  assert.ok(sum === last || (!isOurs(orderId) && sum < last), orderId);
  return sum;
}

test('AL-01 ID-09 damaged answers and events never crash the broker, and once they end all shares were told once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer(),
      fc.array(fc.constantFrom(...STEPS), { minLength: 4, maxLength: 14 }),
      badDay,
    ),
    { numRuns: 40 },
  );
});

test('ID-01 ID-09 damaged frames never crash the feed: a bar is told as it was or not at all', async () => {
  const fake = new FakeAlpacaData();
  const urls = await fake.listen();
  const notes: string[] = [];
  const feed = createAlpacaFeed({
    feed: 'iex',
    ...urls,
    keys: FAKE_KEYS,
    clock: createSystemClock(),
    pauseMs: 5,
    timeoutMs: 500,
    onNote: (line) => void notes.push(line),
  });
  const closes: number[] = [];
  const { stop } = feed.subscribe(['QQQM.US'], {
    bar: (bar) => void closes.push(bar.close),
    quote: ({ ask, bid }) => assert.ok(ask >= bid && bid > 0),
  });
  try {
    await eventually(() => fake.symbolsOf('bars').length > 0);
    const random = createRandom(7);
    const start = Date.parse('2026-11-20T14:30:00Z');
    for (let minute = 0; minute < 300; minute += 1) {
      const t = new Date(start + minute * 60_000).toISOString();
      const bar = { T: 'b', S: 'QQQM', o: 100, h: 101, l: 99, c: 100.5, v: 900, n: 1, vw: 100, t };
      const quote = { T: 'q', S: 'QQQM', bp: 100, bs: 1, ap: 100.1, as: 1, t };
      const frame = JSON.stringify([bar, quote]);
      fake.say(below(random, 2) === 0 ? frame : damaged(frame, random));
    }
    await eventually(() => fake.symbolsOf('bars').length > 0);
    fake.quotes.set('QQQM', { bp: 'x' });
    await tame(feed.fetchQuote('QQQM.US', 300), FeedError as never);
    assert.ok(closes.every((close) => close === 100.5));
    for (const note of notes) assertNoKey(note);
  } finally {
    stop();
    await fake.close();
  }
});
