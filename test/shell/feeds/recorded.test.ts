import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FeedError } from '#app/errors.ts';
import type { Bar, BarColumns } from '#core/market/bar.ts';
import { columnsOf } from '#core/market/bar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import { createRecordedFeed } from '#shell/feeds/recorded.ts';
import { createVirtualClock } from '#shell/lib/virtual-clock.ts';

const SPY: InstrumentId = 'SPY.US';
const QQQM: InstrumentId = 'QQQM.US';
const OPEN_AT = Date.parse('2026-11-20T14:30:00Z');
const MINUTE = 60_000;

/** Minute bars at the given minutes of the session; open 100 + minute, range ±0.5. */
function barsAt(minutes: readonly number[], shift = 0): BarColumns {
  return columnsOf(
    minutes.map((minute) => ({
      openedAt: OPEN_AT + minute * MINUTE,
      closedAt: OPEN_AT + (minute + 1) * MINUTE,
      open: 100 + minute + shift,
      high: 100.5 + minute + shift,
      low: 99.5 + minute + shift,
      close: 100.25 + minute + shift,
      volume: 1_000 + minute,
    })),
  );
}

function seconds(at: number): number {
  return (at - OPEN_AT) / 1_000;
}

function play(options: {
  series: { instrument: InstrumentId; bars: BarColumns }[];
  startAt?: number;
  usualDelayMs?: number;
}) {
  const clock = createVirtualClock({ startAt: options.startAt ?? OPEN_AT });
  const feed = createRecordedFeed({
    clock,
    series: options.series,
    usualDelayMs: options.usualDelayMs ?? 0,
  });
  const log: string[] = [];
  const raw: (Bar | Quote)[] = [];
  const subscription = feed.subscribe(
    options.series.map((one) => one.instrument),
    {
      bar(bar, receivedAt) {
        assert.equal(receivedAt, clock.now());
        log.push(`${seconds(clock.now())} bar ${bar.instrument} ${bar.close}`);
        raw.push(bar);
      },
      quote(quote) {
        assert.equal(quote.at, clock.now());
        log.push(`${seconds(clock.now())} quote ${quote.instrument} ${quote.bid}/${quote.ask}`);
        raw.push(quote);
      },
    },
  );
  return { clock, feed, log, raw, subscription };
}

test('tells an open as a quote one second in, and the bar at its close', () => {
  const { clock, log } = play({ series: [{ instrument: SPY, bars: barsAt([0, 1]) }] });
  while (clock.runNext());
  assert.deepEqual(log, [
    '1 quote SPY.US 99.99/100.01',
    '60 bar SPY.US 100.25',
    '61 quote SPY.US 100.99/101.01',
    '120 bar SPY.US 101.25',
  ]);
});

test('plays several instruments in time order and sets one timer at a time', () => {
  const { clock, log } = play({
    series: [
      { instrument: SPY, bars: barsAt([0, 1]) },
      { instrument: QQQM, bars: barsAt([0], 100) },
    ],
  });
  assert.notEqual(clock.nextDue(), null);
  clock.advanceTo(OPEN_AT + 60_000);
  assert.deepEqual(
    log.map((line) => line.split(' ').slice(0, 3).join(' ')),
    ['1 quote SPY.US', '1 quote QQQM.US', '60 bar SPY.US', '60 bar QQQM.US'],
  );
});

test('delivers nothing for a missing minute', () => {
  const { clock, log } = play({ series: [{ instrument: SPY, bars: barsAt([0, 3]) }] });
  clock.advanceTo(OPEN_AT + 3 * MINUTE);
  assert.equal(log.length, 2);
});

test('a source with a delay tells bars later but opens at once, in time order', () => {
  const { clock, log } = play({
    series: [{ instrument: SPY, bars: barsAt([0, 1]) }],
    usualDelayMs: 5_000,
  });
  while (clock.runNext());
  assert.deepEqual(
    log.map((line) => line.split(' ').slice(0, 2).join(' ')),
    ['1 quote', '61 quote', '65 bar', '125 bar'],
  );
});

test('a subscription begins with what is due at or after now', () => {
  const { log, clock } = play({
    series: [{ instrument: SPY, bars: barsAt([0, 1, 2]) }],
    startAt: OPEN_AT + MINUTE,
  });
  clock.advanceTo(OPEN_AT + MINUTE + 1_000);
  assert.deepEqual(
    log.map((line) => line.split(' ').slice(0, 2).join(' ')),
    ['60 bar', '61 quote'],
  );
});

test('stops when told to', () => {
  const { clock, log, subscription } = play({
    series: [{ instrument: SPY, bars: barsAt([0, 1]) }],
  });
  clock.advanceTo(OPEN_AT + 2_000);
  subscription.stop();
  assert.equal(clock.nextDue(), null);
  assert.equal(log.length, 1);
});

test('a fetched quote is the open of the bar in progress once seen, else the last close', async () => {
  const { clock, feed } = play({ series: [{ instrument: SPY, bars: barsAt([0, 1]) }] });
  assert.equal(await feed.fetchQuote(SPY, 1_000), null);
  clock.advanceTo(OPEN_AT + 30_000);
  assert.deepEqual(await feed.fetchQuote(SPY, 1_000), {
    instrument: SPY,
    bid: 99.99,
    ask: 100.01,
    bidSize: 400,
    askSize: 400,
    at: OPEN_AT + 30_000,
  });
  assert.equal(feed.standingQuote(SPY)?.at, OPEN_AT + 1_000);
  clock.advanceTo(OPEN_AT + 60_500);
  const between = await feed.fetchQuote(SPY, 1_000);
  assert.equal(between?.bid, 100.24);
  assert.equal(between?.at, OPEN_AT + 60_500);
  assert.equal(feed.standingQuote(SPY), null);
});

test('I9 a quote goes stale when the next minute brings no open', async () => {
  const { clock, feed } = play({ series: [{ instrument: SPY, bars: barsAt([0, 9]) }] });
  clock.advanceTo(OPEN_AT + 3 * MINUTE);
  assert.equal((await feed.fetchQuote(SPY, 1_000))?.at, OPEN_AT + MINUTE);
});

test('an instrument without bars is a failure, not an empty market', async () => {
  const { feed } = play({ series: [{ instrument: SPY, bars: barsAt([0]) }] });
  await assert.rejects(
    async () => feed.fetchQuote('MU.US', 1_000),
    (error: unknown) => (error as FeedError).code === 'unknown_instrument',
  );
});

test('I7 nothing but the open of a bar in progress is ever told before its close', async () => {
  const minutes = Array.from({ length: 12 }, (_, i) => i).filter((i) => i !== 5);
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 12 * MINUTE }),
      fc.double({ min: 1, max: 900, noNaN: true }),
      async (cut, factor) => {
        const at = OPEN_AT + cut;
        const told = async (bars: BarColumns): Promise<unknown> => {
          const run = play({ series: [{ instrument: SPY, bars }] });
          run.clock.advanceTo(at);
          return [run.raw, await run.feed.fetchQuote(SPY, 1_000), run.feed.standingQuote(SPY)];
        };
        const changed = barsAt(minutes);
        for (let i = 0; i < changed.length; i += 1) {
          if ((changed.closedAt[i] ?? 0) <= at) continue;
          for (const column of [changed.high, changed.low, changed.close, changed.volume]) {
            column[i] = (column[i] ?? 0) * factor;
          }
          if ((changed.openedAt[i] ?? 0) + 1_000 > at) changed.open[i] = 7;
        }
        assert.deepEqual(await told(changed), await told(barsAt(minutes)));
      },
    ),
  );
});
