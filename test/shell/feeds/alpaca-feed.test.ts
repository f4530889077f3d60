import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { loadHistory } from '#app/open-session.ts';
import type { ConnectionChange, Halt } from '#app/ports.ts';
import type { Bar } from '#core/market/bar.ts';
import { type CalendarTable, sessionOn } from '#core/market/calendar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import { type AlpacaFeedOptions, createAlpacaFeed } from '#shell/feeds/us/alpaca.ts';
import { createAlpacaHistory } from '#shell/feeds/us/alpaca-history.ts';
import type { AlpacaCallLine } from '#shell/lib/alpaca/rest.ts';
import { createSystemClock } from '#shell/lib/system-clock.ts';
import { eventually } from '#test/support/eventually.ts';
import { FAKE_KEYS } from '#test/support/fake-alpaca.ts';
import { FakeAlpacaData, type FakeBar } from '#test/support/fake-alpaca-data.ts';

const QQQM: InstrumentId = 'QQQM.US';
const AT = Date.parse('2026-11-20T15:00:00Z');
const MINUTE_MS = 60_000;

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

function barAt(minute: number, fields: Partial<FakeBar> = {}): FakeBar {
  const t = new Date(AT + minute * MINUTE_MS).toISOString();
  return { o: 100, h: 101, l: 99, c: 100.5, v: 900, n: 12, vw: 100.1, t, ...fields };
}

function quoteAt(second: number, fields: Record<string, unknown> = {}): Record<string, unknown> {
  const t = new Date(AT + second * 1_000).toISOString();
  return {
    bx: 'V',
    bp: 100.4,
    bs: 200,
    ax: 'V',
    ap: 100.45,
    as: 100,
    c: ['R'],
    z: 'C',
    t,
    ...fields,
  };
}

async function setUp(fields: Partial<AlpacaFeedOptions> = {}) {
  const fake = new FakeAlpacaData();
  const urls = await fake.listen();
  const notes: string[] = [];
  const lines: AlpacaCallLine[] = [];
  const options = {
    feed: 'iex' as const,
    ...urls,
    keys: FAKE_KEYS,
    clock: createSystemClock(),
    timeoutMs: 500,
    heartbeatMs: 300,
    pauseMs: 30,
    onCall: (line: AlpacaCallLine) => void lines.push(line),
    onNote: (line: string) => void notes.push(line),
    ...fields,
  };
  open.push(() => fake.close());
  return { fake, feed: createAlpacaFeed(options), options, notes, lines };
}

/** A listener that keeps all it hears. */
function listen(
  feed: ReturnType<typeof createAlpacaFeed>,
  instruments: readonly InstrumentId[] = [QQQM],
) {
  const heard = {
    bars: [] as Bar[],
    quotes: [] as Quote[],
    revised: [] as Bar[],
    halts: [] as Halt[],
    changes: [] as ConnectionChange[],
    beats: 0,
  };
  const { stop } = feed.subscribe(instruments, {
    bar: (bar) => void heard.bars.push(bar),
    quote: (quote) => void heard.quotes.push(quote),
    revised: (bar) => void heard.revised.push(bar),
    halt: (halt) => void heard.halts.push(halt),
    connection: (change) => void heard.changes.push(change),
    heartbeat: () => {
      heard.beats += 1;
    },
  });
  open.unshift(async () => stop());
  const minutes = () => heard.bars.map((bar) => (bar.openedAt - AT) / MINUTE_MS);
  return { ...heard, heard, stop, minutes };
}

describe('alpaca feed', () => {
  test('ID-01 a minute labelled by its start becomes a bar bounded by both its instants', async () => {
    const { fake, feed } = await setUp();
    const { bars, quotes } = listen(feed);
    await eventually(() => fake.symbolsOf('bars').length > 0);
    fake.tell({ T: 'b', S: 'QQQM', ...barAt(0) }, { T: 'q', S: 'QQQM', ...quoteAt(61) });
    await eventually(() => bars.length === 1 && quotes.length === 1);
    assert.deepEqual(bars[0], {
      instrument: QQQM,
      timeframe: '1m',
      openedAt: AT,
      closedAt: AT + MINUTE_MS,
      open: 100,
      high: 101,
      low: 99,
      close: 100.5,
      volume: 900,
    });
    assert.deepEqual(quotes[0], {
      instrument: QQQM,
      bid: 100.4,
      ask: 100.45,
      bidSize: 200,
      askSize: 100,
      at: AT + 61_000,
    });
  });

  test('ID-01 says how much of the tape it sees', async () => {
    const { feed } = await setUp();
    assert.deepEqual([feed.name, feed.quality], ['alpaca-iex', 'partial']);
    const whole = await setUp({ feed: 'sip' });
    assert.deepEqual([whole.feed.name, whole.feed.quality], ['alpaca-sip', 'consolidated']);
  });

  test('ID-01 each minute is told once, and a corrected one beside it', async () => {
    const { fake, feed } = await setUp();
    const { bars, minutes, revised } = listen(feed);
    await eventually(() => fake.symbolsOf('bars').length > 0);
    fake.tell({ T: 'b', S: 'QQQM', ...barAt(0) });
    fake.tell({ T: 'b', S: 'QQQM', ...barAt(1) });
    fake.tell({ T: 'u', S: 'QQQM', ...barAt(0, { v: 1_500 }) });
    fake.tell({ T: 'b', S: 'QQQM', ...barAt(0, { v: 7 }) }, { T: 'b', S: 'QQQM', ...barAt(2) });
    await eventually(() => bars.length === 3);
    assert.deepEqual(minutes(), [0, 1, 2]);
    assert.equal(bars[0]?.volume, 900);
    assert.deepEqual(
      revised.map((bar) => [bar.openedAt, bar.volume]),
      [[AT, 1_500]],
    );
  });

  test('ID-01 what cannot be read is left out and named, what follows goes on', async () => {
    const { fake, feed, notes } = await setUp();
    const { bars, quotes } = listen(feed);
    await eventually(() => fake.symbolsOf('bars').length > 0);
    fake.tell(
      { T: 'b', S: 'QQQM', ...barAt(0), c: '100.5' },
      { T: 'b', S: 'QQQM', ...barAt(0), h: 90 },
      { T: 'b', S: 'QQQM', ...barAt(0), t: '2026-11-20T15:00:30Z' },
      { T: 'q', S: 'QQQM', ...quoteAt(1), t: 'noon' },
      { T: 'q', S: 'QQQM', ...quoteAt(1), ap: 0 },
      { T: 'q', S: 'QQQM', ...quoteAt(1), ap: 100.3 },
      { T: 'b', S: 'QQQM', ...barAt(1) },
      { T: 'q', S: 'QQQM', ...quoteAt(3) },
      { T: 'q', S: 'QQQM', ...quoteAt(2) },
    );
    fake.say('{"T":"b"}');
    await eventually(() => notes.length >= 5);
    assert.deepEqual([bars.length, quotes.length], [1, 1]);
    assert.match(notes.join('\n'), /left out a bar: c: expected a price above 0/);
    assert.match(notes.join('\n'), /left out a bar of QQQM off the minute/);
    assert.match(notes.join('\n'), /left out a quote: t: expected an instant/);
  });

  test('ID-09 an instant of another year is left out and named, and ends nothing that follows', async () => {
    const { fake, feed, notes } = await setUp();
    const { bars, quotes } = listen(feed);
    await eventually(() => fake.symbolsOf('bars').length > 0);
    const far = '2099-01-01T00:00:00Z';
    const near = new Date(Date.now() + 60_000).toISOString();
    fake.tell(
      { T: 'b', S: 'QQQM', ...barAt(0, { t: far }) },
      { T: 'q', S: 'QQQM', ...quoteAt(1, { t: far }) },
      { T: 'b', S: 'QQQM', ...barAt(0) },
      { T: 'q', S: 'QQQM', ...quoteAt(1, { t: '1970-01-01T00:00:00Z' }) },
      { T: 'q', S: 'QQQM', ...quoteAt(1, { t: near }) },
    );
    await eventually(() => quotes.length === 2 && bars.length === 1);
    // a vendor whose clock is a minute ahead quotes now, not then
    assert.ok(quotes.every((quote) => quote.at <= Date.now()));
    assert.equal((await feed.fetchQuote(QQQM, 2_000))?.bid, 100.4);
    assert.match(notes.join(), /left out a bar of QQQM ahead.*left out a quote of QQQM ahead/);
    fake.quotes.set('MU', quoteAt(0, { t: far }));
    assert.equal(await feed.fetchQuote('MU.US', 5_000), null);
  });

  test('ID-01 halts and their end are told with the exchange’s words', async () => {
    const { fake, feed } = await setUp();
    const { halts } = listen(feed);
    await eventually(() => fake.symbolsOf('statuses').length > 0);
    const status = { T: 's', S: 'QQQM', sm: '', rc: '', rm: '', z: 'C', t: '2026-11-20T15:00:05Z' };
    fake.tell({ ...status, sc: 'P', sm: 'Volatility Trading Pause', rc: 'LUDP' });
    fake.tell({ ...status, sc: 'Q', sm: 'Quotation Resumption' });
    fake.tell({ ...status, sc: 'T', sm: 'Trading Resumption' });
    fake.tell(
      { ...status, sc: '2', sm: 'Trading Halt', z: 'A' },
      { ...status, sc: '3', sm: 'Resume' },
    );
    await eventually(() => halts.length === 4);
    assert.deepEqual(
      halts.map((halt) => [halt.kind, halt.cause]),
      [
        ['halted', 'P Volatility Trading Pause LUDP'],
        ['resumed', 'T Trading Resumption'],
        ['halted', '2 Trading Halt'],
        ['resumed', '3 Resume'],
      ],
    );
  });

  test('ID-09 after a lost connection it subscribes again and tells the missed minutes first', async () => {
    const { fake, feed } = await setUp();
    const { bars, changes, minutes } = listen(feed);
    await eventually(() => fake.symbolsOf('bars').length > 0);
    fake.tell({ T: 'b', S: 'QQQM', ...barAt(0) });
    await eventually(() => bars.length === 1);
    fake.cut();
    await eventually(() => changes[0]?.kind === 'lost');
    fake.bars.set('QQQM', [barAt(0), barAt(1), barAt(2)]);
    fake.mend();
    await eventually(() => fake.symbolsOf('quotes').length > 0);
    fake.tell({ T: 'b', S: 'QQQM', ...barAt(3) });
    await eventually(() => bars.length === 4);
    assert.deepEqual(minutes(), [0, 1, 2, 3]);
    await eventually(() => changes.at(-1)?.kind === 'restored');
    assert.equal(changes.at(-1)?.cause, 'connected again, 2 missed minutes read');
    assert.equal(fake.sessionCount, 1);
  });

  test('ID-09 a connection that breaks again while the missed minutes are read is not told as restored', async () => {
    const { fake, feed, notes } = await setUp({ timeoutMs: 150 });
    const { bars, changes, minutes } = listen(feed);
    await eventually(() => fake.symbolsOf('bars').length > 0);
    fake.tell({ T: 'b', S: 'QQQM', ...barAt(0) });
    await eventually(() => bars.length === 1);
    fake.isHanging = true;
    fake.cut();
    await eventually(() => changes[0]?.kind === 'lost');
    fake.mend();
    await eventually(() => fake.calls.length > 0);
    fake.cut();
    await eventually(() => notes.some((note) => note.includes('missed minutes')));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(changes.length, 1);
    fake.isHanging = false;
    fake.bars.set('QQQM', [barAt(1)]);
    fake.mend();
    await eventually(() => changes.at(-1)?.kind === 'restored');
    assert.deepEqual(minutes(), [0, 1]);
    assert.equal(changes.length, 2);
  });

  test('ID-09 minutes that cannot be read after a lost connection are a gap, named', async () => {
    const { fake, feed, notes } = await setUp();
    const { bars, changes, minutes } = listen(feed);
    await eventually(() => fake.symbolsOf('bars').length > 0);
    fake.tell({ T: 'b', S: 'QQQM', ...barAt(0) });
    await eventually(() => bars.length === 1);
    fake.cut();
    await eventually(() => changes[0]?.kind === 'lost');
    fake.faults.push({
      status: 403,
      text: '{"message":"subscription does not permit querying recent SIP data"}',
    });
    fake.mend();
    await eventually(() => changes.at(-1)?.kind === 'restored');
    fake.tell({ T: 'b', S: 'QQQM', ...barAt(3) });
    await eventually(() => bars.length === 2);
    assert.deepEqual(minutes(), [0, 3]);
    assert.match(
      notes.join('\n'),
      /missed minutes: .*subscription does not permit querying recent SIP/,
    );
  });

  test('ID-09 another session holds the only connection: waits and takes over when it is gone', async () => {
    const { fake, feed, options } = await setUp();
    const other = createAlpacaFeed({ ...options, feed: 'iex' });
    const holder = listen(other);
    await eventually(() => fake.sessionCount === 1);
    const { bars, changes } = listen(feed);
    await eventually(() => changes.length > 0);
    assert.match(changes[0]?.cause ?? '', /406 connection limit exceeded/);
    const before = fake.said.length;
    holder.stop();
    await eventually(() => changes.at(-1)?.kind === 'restored');
    // no storm of sign-ons meanwhile
    assert.ok(fake.said.length - before <= 3);
    fake.tell({ T: 'b', S: 'QQQM', ...barAt(0) });
    await eventually(() => bars.length === 1);
  });

  const FINAL = [
    [402, 'auth failed', /402 keys that are refused/],
    [409, 'insufficient subscription', /409 a feed the subscription does not hold/],
    [405, 'symbol limit exceeded', /405 more symbols than the subscription allows/],
  ] as const;
  for (const [code, msg, cause] of FINAL) {
    test(`ID-09 the refusal ${code} is named and not hammered at`, async () => {
      const { fake, feed, notes } = await setUp();
      fake.refuseWith = { code, msg };
      const { changes } = listen(feed);
      await eventually(() => changes.length > 0);
      assert.match(changes[0]?.cause ?? '', cause);
      assert.match(notes.join('\n'), /data stream: refused/);
      const before = fake.said.length;
      await new Promise((resolve) => setTimeout(resolve, 200));
      assert.equal(fake.said.length, before);
    });
  }

  test('ID-09 a connection that no longer answers is given up; one that is silent lives', async () => {
    const { fake, feed } = await setUp({ heartbeatMs: 50 });
    const { changes, heard } = listen(feed);
    await eventually(() => heard.beats >= 5);
    assert.equal(changes.length, 0);
    fake.isMute = true;
    await eventually(() => changes[0]?.kind === 'lost');
    assert.match(changes[0]?.cause ?? '', /no traffic for \d+ ms/);
  });

  test('ID-01 many listeners share one connection, which ends with the last', async () => {
    const { fake, feed } = await setUp();
    const first = listen(feed);
    const second = listen(feed, [QQQM, 'MU.US']);
    await eventually(() => fake.symbolsOf('bars').join() === 'MU,QQQM');
    assert.equal(fake.sessionCount, 1);
    fake.tell({ T: 'b', S: 'QQQM', ...barAt(0) }, { T: 'b', S: 'MU', ...barAt(0) });
    await eventually(() => second.bars.length === 2);
    assert.equal(first.bars.length, 1);
    second.stop();
    await eventually(() => fake.symbolsOf('bars').join() === 'QQQM');
    first.stop();
    await eventually(() => fake.sessionCount === 0);
  });

  test('ID-01 a quote is answered from the stream while fresh, else asked for', async () => {
    const { fake, feed } = await setUp();
    const { quotes } = listen(feed);
    await eventually(() => fake.symbolsOf('quotes').length > 0);
    fake.quotes.set('QQQM', quoteAt(0, { bp: 99.9 }));
    assert.equal((await feed.fetchQuote(QQQM, 400))?.bid, 99.9);
    assert.equal(fake.calls.at(-1)?.searchParams.get('feed'), 'iex');
    const now = new Date().toISOString();
    fake.tell({ T: 'q', S: 'QQQM', ...quoteAt(0, { t: now }) });
    await eventually(() => quotes.length === 1);
    const before = fake.calls.length;
    assert.equal((await feed.fetchQuote(QQQM, 400))?.bid, 100.4);
    assert.equal(fake.calls.length, before);
    fake.quotes.set('MU', quoteAt(0, { bp: 0 }));
    assert.equal(await feed.fetchQuote('MU.US', 400), null);
  });

  test('ID-01 a quote that does not come in time is a failure', async () => {
    const { fake, feed } = await setUp({ timeoutMs: 5_000 });
    fake.isHanging = true;
    await assert.rejects(feed.fetchQuote(QQQM, 60), { name: 'FeedError', code: 'timeout' });
  });

  test('ID-01 keys stand in no message, whatever the other side says', async () => {
    const { fake, feed, lines, notes } = await setUp();
    const { keyId, secretKey } = FAKE_KEYS;
    fake.refuseWith = { code: 402, msg: `bad key ${keyId} ${secretKey}` };
    fake.faults.push({ status: 400, text: JSON.stringify({ message: `what is ${secretKey}` }) });
    const { changes } = listen(feed);
    const error = await feed.fetchQuote(QQQM, 400).catch((found: unknown) => found as Error);
    await eventually(() => changes.length > 0);
    const everything = JSON.stringify([String(error), lines, notes, changes]);
    assert.equal(everything.includes(secretKey) || everything.includes(keyId), false);
    assert.match(String(error), /what is \[hidden\]/);
  });
});

const CALENDAR: CalendarTable = {
  market: 'US',
  zone: 'America/New_York',
  validFrom: '2026-11-19',
  validThrough: '2026-11-20',
  regularOpen: '09:30',
  regularClose: '16:00',
  holidays: [],
  earlyCloses: {},
  breaks: [],
  source: 'test',
};

describe('alpaca history', () => {
  const sessionOf = (tradingDay: string) => {
    const answer = sessionOn(CALENDAR, tradingDay);
    return answer.kind === 'session' ? answer.session : null;
  };

  async function history(now: string, fields: { pageSize?: number } = {}) {
    const fake = new FakeAlpacaData();
    fake.pageSize = fields.pageSize ?? 10_000;
    const { dataUrl } = await fake.listen();
    open.push(() => fake.close());
    const notes: string[] = [];
    const clock = createSystemClock();
    const loader = createAlpacaHistory({
      feed: 'iex',
      dataUrl,
      keys: FAKE_KEYS,
      clock: { ...clock, now: () => Date.parse(now) },
      sessionOf,
      onNote: (line) => void notes.push(line),
    });
    return { fake, loader, notes };
  }

  test('ID-01 minutes outside regular hours and bad ones are left out, pages are read to the end', async () => {
    const { fake, loader, notes } = await history('2026-11-21T00:00:00Z', { pageSize: 2 });
    fake.bars.set('QQQM', [
      barAt(0, { t: '2026-11-20T14:29:00Z' }),
      barAt(0, { t: '2026-11-20T14:30:00Z' }),
      barAt(0, { t: '2026-11-20T14:31:00Z', h: 1 }),
      barAt(0, { t: '2026-11-20T14:32:00Z' }),
      barAt(0, { t: '2026-11-20T14:32:00Z', v: 1 }),
      barAt(0, { t: '2026-11-20T20:59:00Z' }),
      barAt(0, { t: '2026-11-20T21:00:00Z' }),
    ]);
    const from = Date.parse('2026-11-20T00:00:00Z');
    const series = { instrument: QQQM, timeframe: '1m' } as const;
    const bars = await loader.bars(series, from, from + 86_400_000);
    assert.deepEqual(
      bars.map((bar) => new Date(bar.openedAt).toISOString().slice(11, 16)),
      ['14:30', '14:32', '20:59'],
    );
    assert.equal(bars[1]?.volume, 900);
    assert.equal(fake.calls.length, 4);
    assert.equal(fake.calls[0]?.searchParams.get('adjustment'), 'raw');
    assert.match(notes.join('\n'), /bars of QQQM: left out one/);
    const columns = await loader.load(series, from, from + 86_400_000, null);
    assert.equal(columns.length, 3);
  });

  test('ID-01 ID-16 a day counts once its session is over, adjusted for splits', async () => {
    const { fake, loader } = await history('2026-11-20T18:00:00Z');
    fake.dailyBars.set('QQQM', [
      barAt(0, { t: '2026-11-18T05:00:00Z' }),
      barAt(0, { t: '2026-11-19T05:00:00Z' }),
      barAt(0, { t: '2026-11-20T05:00:00Z' }),
    ]);
    const from = Date.parse('2026-11-10T00:00:00Z');
    const series = { instrument: QQQM, timeframe: '1d' } as const;
    const bars = await loader.bars(series, from, Date.parse('2026-11-20T14:30:00Z'));
    assert.deepEqual(
      bars.map((bar) => [bar.openedAt, bar.closedAt]),
      [[Date.parse('2026-11-19T14:30:00Z'), Date.parse('2026-11-19T21:00:00Z')]],
    );
    assert.equal(fake.calls[0]?.searchParams.get('adjustment'), 'split');
    const later = await loader.bars(series, from, Date.parse('2026-12-01T00:00:00Z'));
    assert.equal(later.length, 1);
  });

  test('ID-01 a minute under way is not read, another timeframe is refused', async () => {
    const { fake, loader } = await history('2026-11-20T14:31:30Z');
    fake.bars.set('QQQM', [
      barAt(0, { t: '2026-11-20T14:30:00Z' }),
      barAt(0, { t: '2026-11-20T14:31:00Z' }),
    ]);
    const from = Date.parse('2026-11-20T00:00:00Z');
    const bars = await loader.bars({ instrument: QQQM, timeframe: '1m' }, from, from + 86_400_000);
    assert.equal(bars.length, 1);
    await assert.rejects(loader.bars({ instrument: QQQM, timeframe: '5m' }, from, from + 1), {
      code: 'timeframe_unsupported',
    });
  });

  test('ID-01 the planner reads it like stored bars', async () => {
    const { fake, loader } = await history('2026-11-20T13:00:00Z');
    fake.dailyBars.set('QQQM', [barAt(0, { t: '2026-11-19T05:00:00Z' })]);
    fake.bars.set('QQQM', [barAt(0, { t: '2026-11-19T14:30:00Z' })]);
    const at = Date.parse('2026-11-20T14:30:00Z');
    const { dailyBars, minutesByDay } = await loadHistory(loader, CALENDAR, QQQM, at, at);
    assert.equal(dailyBars.length, 1);
    assert.equal(minutesByDay.get('2026-11-19')?.length, 1);
  });
});
