import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ConfigError } from '#app/errors.ts';
import { keepEdge, readEdge } from '#shell/files/edge-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'centaur-edge-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const MEASURED = {
  ...{ from: '2024-03-26', to: '2025-01-31' },
  rows: [{ dayType: 'all', trades: 177, meanR: -0.169, lowR: -0.326, highR: -0.002 }],
  precision: [{ minute: 30, dayType: 'trend_up', said: 85, right: 23 }],
} as const;

test('ID-13 what was measured is read as it was kept, and only under the settings it was measured with', () => {
  assert.deepEqual(readEdge(folder, 'us-vwap', 'a'), { kind: 'unmeasured' });
  keepEdge(folder, 'us-vwap', 'a', MEASURED);
  const known = readEdge(folder, 'us-vwap', 'a');
  assert.ok(known.kind === 'measured');
  const { id, ...edge } = known.edge;
  assert.deepEqual(edge, MEASURED);
  assert.deepEqual(readEdge(folder, 'us-vwap', 'b'), { kind: 'other_settings' });
  assert.deepEqual(readEdge(folder, 'us-second', 'a'), { kind: 'unmeasured' });
  // another measurement has another id: an override of the first does not count for it
  keepEdge(folder, 'us-vwap', 'a', { ...MEASURED, to: '2025-02-03' });
  const second = readEdge(folder, 'us-vwap', 'a');
  assert.ok(second.kind === 'measured' && second.edge.id !== id);
});

const BROKEN = [
  [
    'not JSON',
    (text: string) => text.slice(0, 40),
    /broken\.json: found .+, expected a measurement/,
  ],
  [
    'a figure as text',
    (text: string) => text.replace('177', '"many"'),
    /broken\.json: rows\.0\.trades: .+, expected a measurement/,
  ],
  [
    'an unknown day type',
    (text: string) => text.replace('"all"', '"sunny"'),
    /broken\.json: rows\.0\.dayType: .+, expected a measurement/,
  ],
] as const;
for (const [what, damage, message] of BROKEN)
  test(`ID-13 a kept measurement that is damaged is refused in one line: ${what}`, () => {
    const file = keepEdge(folder, 'broken', 'a', MEASURED);
    writeFileSync(file, damage(readFileSync(file, 'utf8')));
    assert.throws(
      () => readEdge(folder, 'broken', 'a'),
      (error) => {
        assert.ok(error instanceof ConfigError);
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /\n/);
        return true;
      },
    );
  });
