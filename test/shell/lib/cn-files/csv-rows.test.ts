import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { createRandom } from '#core/lib/random.ts';
import { csvBatches, type TableRow } from '#shell/lib/cn-files/csv-rows.ts';

const folder = mkdtempSync(join(tmpdir(), 'csv-rows-'));
after(() => rmSync(folder, { recursive: true }));

async function rowsOf(file: string): Promise<TableRow[]> {
  const rows: TableRow[] = [];
  for await (const batch of csvBatches(file)) rows.push(...batch);
  return rows;
}

test('RL-01 rows read without the whole grammar are those that the whole grammar reads', async () => {
  const random = createRandom('csv');
  const of = <T>(list: readonly T[]): T => list[Math.floor(random.uniform() * list.length)]!;
  const plain = ['600519', '12.30', '', ' 7 ', '\t-', '贵州茅台', '2026-01-05', 'ST 某', '-'];
  const quoted = ['"a,b"', '"say ""no"""', '"two\nlines"', '""', ' "x" '];
  for (let round = 0; round < 120; round += 1) {
    const end = of(['\n', '\r\n', '\r']);
    const hasQuotes = round % 3 === 0;
    const lines = Array.from({ length: 1 + Math.floor(random.uniform() * 60) }, () => {
      const isEmpty = random.uniform() < 0.05;
      const cells = Array.from({ length: 1 + Math.floor(random.uniform() * 6) }, () =>
        hasQuotes && random.uniform() < 0.05 ? of(quoted) : of(plain),
      );
      return isEmpty ? of(['', '  ']) : cells.join(',');
    });
    const mark = random.uniform() < 0.2 ? '\uFEFF' : '';
    const text = mark + lines.join(end) + (random.uniform() < 0.5 ? end : '');
    const isPacked = round % 5 === 0;
    const file = join(folder, `${round}.csv${isPacked ? '.gz' : ''}`);
    writeFileSync(file, isPacked ? gzipSync(text) : text);
    const expected: string[][] = parse(text, {
      bom: true,
      trim: true,
      relaxColumnCount: true,
      skipEmptyLines: true,
    });
    const rows = await rowsOf(file);
    assert.deepEqual(
      rows.map(({ cells }) => cells),
      expected,
      JSON.stringify(text),
    );
    assert.deepEqual(
      rows.map(({ line }) => line),
      expected.map((_, i) => i + 1),
    );
  }
});

test('RL-01 characters and lines cut by the pieces of a file stay whole, and a quote far down is read', async () => {
  const lines = Array.from({ length: 60_000 }, (_, i) => `${i},贵州茅台${i},${i / 100}`);
  const file = join(folder, 'long.csv');
  writeFileSync(file, `${lines.join('\n')}\n60000,"一,二",1`);
  const rows = await rowsOf(file);
  assert.equal(rows.length, 60_001);
  assert.deepEqual(rows[41_234], { line: 41_235, cells: ['41234', '贵州茅台41234', '412.34'] });
  assert.deepEqual(rows.at(-1), { line: 60_001, cells: ['60000', '一,二', '1'] });
});

test('RL-01 what ends within gzip or within a quote fails, wherever it is cut', async () => {
  const text = `a,b\n${Array.from({ length: 90_000 }, (_, i) => `${i},${i * 7}`).join('\n')}\n`;
  const packed = gzipSync(text);
  for (const share of [0.1, 0.5, 0.99]) {
    const file = join(folder, `cut-${share}.csv.gz`);
    writeFileSync(file, packed.subarray(0, Math.floor(packed.length * share)));
    await assert.rejects(rowsOf(file));
  }
  const open = join(folder, 'open.csv');
  writeFileSync(open, `${text}1,"never ended`);
  await assert.rejects(rowsOf(open), /[Qq]uote/);
  await assert.rejects(rowsOf(join(folder, 'none.csv')), /ENOENT/);
});
