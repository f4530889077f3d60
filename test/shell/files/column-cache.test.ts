import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { columnsOf } from '#core/market/bar.ts';
import { readColumnCache, writeColumnCache } from '#shell/files/column-cache.ts';

const folder = mkdtempSync(join(tmpdir(), 'centaur-columns-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'deep', 'bars.cols');

const price = fc.double({ min: 0.01, max: 1e6, noNaN: true });
const rows = fc.array(fc.tuple(price, price, fc.nat()), { maxLength: 60 }).map((drawn) =>
  columnsOf(
    drawn.map(([open, close, volume], n) => ({
      openedAt: n * 60_000,
      closedAt: (n + 1) * 60_000,
      open,
      high: Math.max(open, close),
      low: Math.min(open, close),
      close,
      volume,
    })),
  ),
);

test('ID-13 columns come back from the cache as they were, with what was said of them', () => {
  fc.assert(
    fc.property(rows, fc.array(fc.string()), (bars, notes) => {
      assert.ok(writeColumnCache(file, { bars, notes }));
      const found = readColumnCache(file);
      assert.deepEqual(found?.notes, notes);
      assert.deepEqual(found?.bars, bars);
    }),
    { numRuns: 50 },
  );
});

test('ID-13 a cache that is not whole, changed in one byte, or not there is no cache', () => {
  const bars = columnsOf([
    { openedAt: 0, closedAt: 60_000, open: 1, high: 2, low: 1, close: 2, volume: 3 },
  ]);
  assert.ok(writeColumnCache(file, { bars, notes: ['one row'] }));
  const whole = readFileSync(file);
  for (let at = 0; at < whole.length; at += 1) {
    const changed = Buffer.from(whole);
    changed[at] = changed[at]! ^ 1;
    writeFileSync(file, changed);
    assert.equal(readColumnCache(file), null, `byte ${at}`);
  }
  writeFileSync(file, whole.subarray(0, whole.length - 1));
  assert.equal(readColumnCache(file), null);
  assert.equal(readColumnCache(join(folder, 'none.cols')), null);
  assert.equal(writeColumnCache(join(file, 'below-a-file', 'x'), { bars, notes: [] }), false);
});
