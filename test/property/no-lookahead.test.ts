import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { createRandom } from '#core/lib/random.ts';
import {
  emptyFolder,
  importSpy,
  replay,
  SPY_FILE,
  type StoredEvent,
  storedRun,
} from '#test/support/replays.ts';
import { needsShared, sharedPath } from '#test/support/shared-data.ts';

const needs = needsShared(...SPY_FILE);
const DAYS = '2024-05-06..2024-05-07';
const FIRST_OPEN_AT = Date.parse('2024-05-06T13:30:00Z');
const LAST_CLOSE_AT = Date.parse('2024-05-07T20:00:00Z');
/** Moments tried; more by CENTAUR_MOMENTS. */
const MOMENTS = Number(process.env['CENTAUR_MOMENTS'] ?? 1);
/** A bar's open is known this long after it. Source: the recorded feed. */
const OPEN_SEEN_AFTER_MS = 1_000;

/** Recorded minutes through the last day; what cannot be known at `moment` is moved up or down. */
function minutesChangedAfter(moment: number, factor: number): string {
  const text = gunzipSync(readFileSync(sharedPath(...SPY_FILE) ?? '')).toString();
  const [header = '', ...rows] = text.split('\n');
  const names = header.trim().split(',');
  const lines = [header];
  for (const row of rows) {
    const cells = row.trim().split(',');
    const time = cells[names.indexOf('timestamp')] ?? '';
    const openedAt = Date.parse(`${time.replace(' ', 'T').slice(0, 19)}Z`);
    if (Number.isNaN(openedAt) || openedAt >= LAST_CLOSE_AT) continue;
    if (openedAt + 60_000 > moment) {
      const isOpenKnown = openedAt + OPEN_SEEN_AFTER_MS <= moment;
      const move = (name: string): number => {
        const place = names.indexOf(name);
        const value = Number(cells[place]) * (name === 'open' && isOpenKnown ? 1 : factor);
        cells[place] = value.toFixed(2);
        return Number(cells[place]);
      };
      const prices = ['open', 'high', 'low', 'close'].map(move);
      cells[names.indexOf('high')] = String(Math.max(...prices));
      cells[names.indexOf('low')] = String(Math.min(...prices));
    }
    lines.push(cells.join(','));
  }
  return `${lines.join('\n')}\n`;
}

async function eventsOf(moment: number, factor: number): Promise<readonly StoredEvent[]> {
  const folder = emptyFolder();
  try {
    const file = join(folder.dataDir, 'minutes.csv');
    writeFileSync(file, minutesChangedAfter(moment, factor));
    await importSpy(folder.dataDir, file);
    const { runId } = await replay(folder.dataDir, DAYS, 'confirm');
    return (await storedRun(folder.dataDir, runId)).stored;
  } finally {
    folder.remove();
  }
}

const until = (events: readonly StoredEvent[], moment: number) =>
  events.filter((event) => event.occurredAt <= moment).map((event) => event.text);

test(
  'ID-16 what was decided up to a moment does not depend on anything after it, over the whole path',
  needs,
  async () => {
    const random = createRandom(`moment/${process.env['CENTAUR_SEED'] ?? 1}`);
    const whole = await eventsOf(Number.POSITIVE_INFINITY, 1);
    for (let n = 0; n < MOMENTS; n += 1) {
      const span = LAST_CLOSE_AT - FIRST_OPEN_AT - 3_600_000;
      const moment = FIRST_OPEN_AT + Math.floor(random.uniform() * span);
      const other = await eventsOf(moment, random.uniform() < 0.5 ? 0.985 : 1.015);
      const at = new Date(moment).toISOString();
      assert.deepEqual(until(other, moment), until(whole, moment), `events up to ${at}`);
      const late = (events: readonly StoredEvent[]) => events.map((event) => event.text);
      assert.notDeepEqual(late(other), late(whole), `bars after ${at} were not changed`);
    }
  },
);
