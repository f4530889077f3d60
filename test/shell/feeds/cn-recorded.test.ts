import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import type { InstrumentId } from '#core/market/instrument.ts';
import { instantAt } from '#core/market/session.ts';
import { derivedSectors } from '#shell/feeds/cn-recorded/derived-sectors.ts';
import { type RecordingCn, recordingOf } from '#shell/feeds/cn-recorded/recorded-days-cn.ts';
import { indexAt } from '#shell/feeds/cn-recorded/recorded-inputs.ts';
import { recordedMarketDay } from '#shell/feeds/cn-recorded/recorded-market-day.ts';
import { readBook } from '#shell/files/book-file.ts';
import { shanghaiSession } from '../../support/cn-desk.ts';

const NAMES: readonly InstrumentId[] = ['600001.SH', '600002.SH', '600003.SH'];
const DAYS = ['2025-03-31', '2025-04-01', '2025-04-02'];
/** Days with daily bars only, so that the stocks are past the first days of a listing. */
const EARLIER = [
  '2025-03-21',
  '2025-03-24',
  '2025-03-25',
  '2025-03-26',
  '2025-03-27',
  '2025-03-28',
];
const CLOSES = ['09:45', '10:00'];

const at = (time: string, day: string) => instantAt(day, time, 'Asia/Shanghai');

/**
 * Three stocks at 10.00, two bars a day. The second one goes ex on the last day (its older prices are
 * adjusted by 0.9), the third is padded with zeros that day, as suspended stocks are.
 */
function recording(lastCloses: readonly number[] = [10.5, 11]): RecordingCn {
  const slots = DAYS.flatMap((day) => CLOSES.map((time) => at(time, day)));
  const cells = () => new Float64Array(NAMES.length * slots.length);
  const bars = {
    instruments: NAMES,
    source: 'recorded',
    openedAt: Float64Array.from(slots, (close) => close - 900_000),
    closedAt: Float64Array.from(slots),
    open: cells().fill(10),
    high: cells().fill(10),
    low: cells().fill(10),
    close: cells().fill(10),
    volume: cells().fill(1000),
    amount: cells().fill(10_000),
  };
  for (let row = 0; row < NAMES.length; row += 1) {
    for (const [k, close] of lastCloses.entries()) {
      const cell = row * slots.length + 4 + k;
      bars.close[cell] = row === 1 ? 9 : close;
      bars.high[cell] = row === 1 ? 9 : close;
      if (row === 2)
        for (const name of ['open', 'high', 'low', 'close', 'volume', 'amount'] as const)
          bars[name][cell] = 0;
    }
  }
  const last = lastCloses.at(-1)!;
  const rows = [
    [10, 10, last],
    [9, 9, 9],
    [10, 10, Number.NaN],
  ];
  const close = Float64Array.from(rows.flatMap((row) => [...EARLIER.map(() => row[0]!), ...row]));
  const daily = {
    instruments: NAMES,
    days: [...EARLIER, ...DAYS],
    open: close,
    high: close,
    low: close,
    close,
    volume: close.map(() => 2000),
    amount: close.map(() => Number.NaN),
  };
  return recordingOf({
    daily,
    intraday: bars,
    composite: null,
    csi300: null,
    margin: null,
    sectorOf: (id) => (id === '600003.SH' ? null : 'one'),
    universe: 'three stocks',
  });
}

function lastDay(rec: RecordingCn) {
  const [day] = rec.days.slice(-1);
  return recordedMarketDay(rec, day!, shanghaiSession(DAYS[2]!), ['10:00']);
}

suite('a recorded A-share day', () => {
  test('nothing later than the instant is told', () => {
    const first = lastDay(recording([10.5, 11]));
    const other = lastDay(recording([10.5, 9.1]));
    for (const time of ['09:00', '09:26', '09:45', '09:59']) {
      const now = at(time, DAYS[2]!);
      const [a, b] = [first.inputsAt(now), other.inputsAt(now)];
      assert.deepEqual(a.snapshot, b.snapshot);
      assert.deepEqual(a.history, b.history);
      assert.deepEqual(a.concentrations, b.concentrations);
      for (const name of NAMES) {
        assert.deepEqual(first.quoteAt(name, now), other.quoteAt(name, now));
        assert.deepEqual(
          first.buyPointLookAt(name, now)?.last,
          other.buyPointLookAt(name, now)?.last,
        );
      }
    }
    assert.equal(first.inputsAt(at('09:00', DAYS[2]!)).snapshot, null);
    assert.equal(first.inputsAt(at('10:00', DAYS[2]!)).snapshot?.last[0], 11);
    assert.ok(first.inputsAt(at('10:00', DAYS[2]!)).history!.days.every((day) => day < DAYS[2]!));
  });

  test('on an ex-date the previous close and the history are those of the day', () => {
    const day = lastDay(recording());
    assert.equal(day.factsOf('600002.SH')?.previousClose, 9);
    assert.equal(day.factsOf('600001.SH')?.previousClose, 10);
    const { history } = day.inputsAt(at('09:45', DAYS[2]!));
    const width = history!.days.length;
    assert.equal(history!.close[width + width - 1], 9);
  });

  test('a stock padded with zeros is suspended and has no price', () => {
    const day = lastDay(recording());
    const now = at('10:00', DAYS[2]!);
    assert.equal(day.factsOf('600003.SH')?.isSuspended, true);
    assert.equal(day.quoteAt('600003.SH', now), null);
    assert.equal(day.barAt('600003.SH', now), null);
    assert.deepEqual(day.heldPriceAt('600003.SH', now), { last: 10, asOf: now, isSuspended: true });
    assert.ok(Number.isNaN(day.inputsAt(now).snapshot!.last[2]));
  });

  test('SP-01 at the auction, before any turnover, the index follows from the plain mean of the opening prices', () => {
    const series = {
      days: DAYS.slice(0, 2),
      closes: Float64Array.of(3000, 3100),
      now: null,
      asOf: 0,
      fetchedAt: 0,
      source: 'store',
      degraded: false,
    };
    const day = lastDay(recording());
    const of = (time: string) => {
      const now = at(time, DAYS[2]!);
      return indexAt(series, day.inputsAt(now).snapshot, DAYS[2]!, now);
    };
    // opens of 10.00 and 10.00 on previous closes of 10.00 and, ex its dividend, 9.00; the third is suspended
    const auction = of('09:26');
    assert.equal(auction?.now?.toFixed(4), (3100 * (1 + 1 / 9 / 2)).toFixed(4));
    assert.equal(auction?.degraded, true);
    // from the first bar on by turnover: 10.50 and 9.00
    assert.equal(of('09:45')?.now?.toFixed(4), (3100 * 1.025).toFixed(4));
    assert.equal(of('09:00')?.now, null);
  });

  test('a price at its limit has an empty side', () => {
    const day = lastDay(recording([10.5, 11]));
    const quote = day.quoteAt('600001.SH', at('10:00', DAYS[2]!));
    assert.deepEqual([quote?.bid, quote?.ask, quote?.askSize], [11, 0, 0]);
  });
});

suite('what a recording lacks', () => {
  test('sectors are derived from what moved alike, the same for the same prices', () => {
    const days = Array.from({ length: 60 }, (_, k) => `2025-01-${k}`);
    const names = Array.from({ length: 20 }, (_, k): InstrumentId => `6000${10 + k}.SH`);
    const close = new Float64Array(20 * 60);
    for (let row = 0; row < 20; row += 1)
      for (let d = 0; d < 60; d += 1)
        close[row * 60 + d] = 10 + Math.sin(d * (row % 2 === 0 ? 1 : 2.3)) + row * 0.01;
    const empty = close.map(() => Number.NaN);
    const daily = {
      instruments: names,
      days,
      open: empty,
      high: empty,
      low: empty,
      close,
      volume: empty,
      amount: empty,
    };
    const found = derivedSectors(daily, 60);
    assert.deepEqual(found, derivedSectors(daily, 60));
    assert.equal(new Set(found).size, 2);
    assert.ok(found.every((name, row) => name === found[row % 2]));
  });
});

suite('a book of positions', () => {
  const file = (text: string): string => {
    const path = join(mkdtempSync(join(tmpdir(), 'book-')), 'book.yaml');
    writeFileSync(path, text);
    return path;
  };

  test('positions are read with the instant they are entered at', () => {
    const path = file(
      "positions:\n  - { symbol: 600036.SH, quantity: 200, price: 43.5, boughtOn: 2025-04-01, enteredAt: '2025-04-03T09:00:00+08:00' }\n",
    );
    assert.deepEqual(readBook(path), [
      {
        symbol: '600036.SH',
        quantity: 200,
        price: 43.5,
        boughtOn: '2025-04-01',
        enteredAt: at('09:00', '2025-04-03'),
      },
    ]);
  });

  test('what is wrong is named with its place', () => {
    const entry =
      "symbol: 600036.SH, quantity: 1.5, price: 1, boughtOn: 2025-04-01, enteredAt: '2025-04-03T09:00:00+08:00'";
    assert.throws(
      () => readBook(file(`positions:\n  - { ${entry} }\n`)),
      /positions\.0\.quantity: expected whole shares/,
    );
    assert.throws(() => readBook('/nowhere/book.yaml'), /found ENOENT/);
  });
});
