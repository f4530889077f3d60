import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { blackoutsOn, DEFAULT_EVENT_WINDOWS } from '#core/gates/event-window.ts';
import { loadAgenda } from '#shell/calendars/load.ts';
import { newYorkSession } from '../../support/bars.ts';

const roots: string[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
});

function project(own: string | null): string {
  const root = mkdtempSync(join(tmpdir(), 'centaur-agenda-'));
  roots.push(root);
  cpSync('config/calendars', join(root, 'config', 'calendars'), { recursive: true });
  if (own === null) return root;
  mkdirSync(join(root, 'config', 'local', 'calendars'), { recursive: true });
  writeFileSync(join(root, 'config', 'local', 'calendars', 'us-events.yaml'), own);
  return root;
}

const OWN = `
source: typed in
coverage:
  earnings: { from: '2026-11-01', through: '2026-12-31' }
events:
  - { kind: earnings, day: '2026-11-19', symbol: AAPL, timing: after_close }
`;

test('ID-10 an operator’s own file adds earnings to the bundled dates', async () => {
  const bundled = await loadAgenda(project(null));
  const table = await loadAgenda(project(OWN));
  assert.equal(table.events.length, bundled.events.length + 1);
  assert.deepEqual(table.coverage.fomc, bundled.coverage.fomc);
  const params = { ...DEFAULT_EVENT_WINDOWS, kinds: ['earnings'] as const };
  const on = (instrument: 'AAPL.US' | 'MU.US') =>
    blackoutsOn({
      session: newYorkSession('2026-11-20'),
      previousDay: '2026-11-19',
      instrument,
      table,
      params,
    }).map(({ name }) => name);
  assert.deepEqual(on('AAPL.US'), ['earnings']);
  assert.deepEqual(on('MU.US'), []);
});

test('ID-10 an own file that contradicts itself or the bundled one is refused in one line', async () => {
  const mistakes: readonly [string, RegExp][] = [
    [OWN.replace('2026-11-19', '2026-13-19'), /us-events\.yaml: events\.0\.day: /],
    [OWN.replace('earnings, day', 'earning, day'), /us-events\.yaml: events\.0\.kind: /],
    [
      OWN.replace(
        "{ kind: earnings, day: '2026-11-19', symbol: AAPL, timing: after_close }",
        "{ kind: fomc, day: '2026-12-09' }",
      ),
      /fomc 2026-12-09: found in config\/calendars\/us-events\.yaml too/,
    ],
    ['events: [', /not readable as YAML/],
  ];
  for (const [own, expected] of mistakes)
    await assert.rejects(loadAgenda(project(own)), (error: Error) => {
      assert.match(error.message, expected);
      assert.ok(!error.message.includes('\n'), error.message);
      return true;
    });
});
