import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSessionTape, refillTape } from '#app/session-tape.ts';
import { appDesk } from '../support/app-desk.ts';
import { bar, bars, ny, planned, QQQM, quoteOf } from '../support/builders.ts';

const MINUTE = 60_000;

test('CX-05 the tape keeps each closed minute once, and a new session begins it anew', () => {
  const tape = createSessionTape();
  assert.equal(tape.of(QQQM), null);
  tape.note(planned(ny('09:00')));
  for (const input of [...bars('10:00', '10:03'), bar(ny('10:02'))]) tape.note(input);
  const found = tape.of(QQQM)?.points.map(({ closedAt }) => closedAt) ?? [];
  assert.ok(found.length >= 3);
  assert.deepEqual(
    found,
    [...new Set(found)].sort((a, b) => a - b),
  );
  assert.ok(tape.of(QQQM)?.points.every(({ vwap, high, low }) => vwap !== null && high >= low));
  tape.note(planned(ny('09:00', '2026-11-23')));
  assert.equal(tape.of(QQQM), null);
});

test('CX-05 where nobody gives bars a minute is made of the prices seen in it', () => {
  const tape = createSessionTape();
  const at = ny('10:00');
  for (const [after, price] of [
    [0, 100],
    [20_000, 101],
    [40_000, 99],
    [MINUTE, 100.5],
  ] as const) {
    const quote = quoteOf(at + after, price - 0.01, price + 0.01);
    tape.note({ kind: 'quote_seen', at: at + after, quote });
  }
  const [first, second] = tape.of(QQQM)?.points ?? [];
  assert.equal(first?.closedAt, at + MINUTE);
  for (const [value, expected] of [
    [first?.open, 100],
    [first?.high, 101],
    [first?.low, 99],
    [first?.close, 99],
    [second?.close, 100.5],
  ] as const)
    assert.ok(Math.abs((value ?? 0) - expected) < 1e-9);
  // a bar is worth more than what was looked at
  tape.note(bar(at + 2 * MINUTE));
  assert.deepEqual(
    tape.of(QQQM)?.points.map(({ closedAt }) => closedAt),
    [at + 2 * MINUTE],
  );
});

test('CX-05 after a restart the tape is told the session again, and nothing before it', async () => {
  const h = appDesk();
  const desk = h.open();
  for (const input of [...bars('09:00', '09:02'), planned(ny('09:05')), ...bars('10:00', '10:02')])
    await desk.submit(input);
  await desk.flushInputs();
  const whole = createSessionTape();
  for (const input of bars('10:00', '10:02')) whole.note(input);
  const tape = createSessionTape();
  await refillTape(tape, desk.stream, h.store);
  assert.ok((tape.of(QQQM)?.points.length ?? 0) > 0);
  assert.deepEqual(tape.of(QQQM), whole.of(QQQM));
});
