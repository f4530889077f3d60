import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { addCalendarDays } from '#core/market/trading-day.ts';
import { type CachedPanel, readPanelCache, writePanelCache } from '#shell/files/panel-cache.ts';

const folder = mkdtempSync(join(tmpdir(), 'panel-cache-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function panelOf(days: number, stocks: number): CachedPanel {
  const column = (scale: number) =>
    Float64Array.from({ length: days * stocks }, (_, at) =>
      at % 7 === 3 ? Number.NaN : at * scale,
    );
  return {
    days: Array.from({ length: days }, (_, d) => addCalendarDays('2024-01-01', d)),
    stocks: Array.from({ length: stocks }, (_, row) => `${600_000 + row}.SH`),
    columns: { close: column(0.01), volume: column(100) },
    byDay: { index: Float64Array.from({ length: days }, (_, d) => 3000 + d) },
    notes: ['停牌 rows left out: 3'],
  };
}

/** The last days of a panel, taken cell by cell. */
function lastOf(panel: CachedPanel, count: number): CachedPanel {
  const width = panel.days.length;
  const from = Math.max(0, width - count);
  const cut = (cells: Float64Array) => cells.filter((_, at) => at % width >= from);
  const { columns, byDay } = panel;
  return {
    ...panel,
    days: panel.days.slice(from),
    columns: { close: cut(columns['close']!), volume: cut(columns['volume']!) },
    byDay: { index: byDay['index']!.slice(from) },
  };
}

test('DH-05 a panel comes back to the last bit, whole or its newest days alone', () => {
  for (const days of [1, 60, 61, 62, 122, 250]) {
    const [panel, file] = [panelOf(days, 5), join(folder, `${days}.pan`)];
    assert.equal(writePanelCache(file, panel), true);
    assert.deepEqual(readPanelCache(file), panel);
    for (const count of [1, 60, 61, 62, 70, 400])
      assert.deepEqual(readPanelCache(file, count), lastOf(panel, count), `${count} of ${days}`);
  }
});

test('DH-05 a cache that is cut, changed or no cache is none; a changed old block does not touch the newest', () => {
  const [panel, file] = [panelOf(130, 4), join(folder, 'harm.pan')];
  writePanelCache(file, panel);
  const good = readFileSync(file);
  const harmed = (change: (bytes: Buffer) => Buffer, days?: number) => {
    writeFileSync(file, change(Buffer.from(good)));
    return readPanelCache(file, days);
  };
  const flip = (at: number) => (bytes: Buffer) => {
    bytes[at]! ^= 1;
    return bytes;
  };
  assert.equal(harmed(flip(good.length - 1)), null);
  assert.equal(harmed(flip(40)), null);
  assert.equal(
    harmed((bytes) => bytes.subarray(0, bytes.length - 8)),
    null,
  );
  assert.equal(
    harmed(() => Buffer.from('date,code\n')),
    null,
  );
  assert.equal(readPanelCache(join(folder, 'none.pan')), null);
  // the oldest block holds eight days: its first number lies behind the head
  const block = good.length - 8 * 130 * (2 * 4 + 1);
  assert.equal(harmed(flip(block)), null);
  assert.deepEqual(harmed(flip(block), 61), lastOf(panel, 61));
});

test('DH-05 where a cache cannot be written there is none', () => {
  writeFileSync(join(folder, 'plain'), '');
  assert.equal(writePanelCache(join(folder, 'plain', 'x.pan'), panelOf(2, 2)), false);
});
