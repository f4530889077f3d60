import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createRandom } from '#core/lib/random.ts';
import {
  essence,
  folderWithSpy,
  replay,
  replayArgs,
  SPY_FILE,
  startAndKill,
  storedRun,
} from '#test/support/replays.ts';
import { needsShared } from '#test/support/shared-data.ts';

const needs = needsShared(...SPY_FILE);
const DAYS = '2024-05-06..2024-05-09';
/** Kill points tried; more by CENTAUR_KILLS. */
const KILLS = Number(process.env['CENTAUR_KILLS'] ?? 4);
/** A run of these days takes about this long; kills are drawn from it. */
const SPAN_MS = 2_600;

let folder: Awaited<ReturnType<typeof folderWithSpy>> | null = null;
before(async () => {
  if (needs.skip === false) folder = await folderWithSpy();
});
after(() => folder?.remove());

test(
  'SP-11 kill -9 at any moment of a replay, then start: the same events as without it',
  needs,
  async () => {
    assert.ok(folder !== null);
    const { dataDir } = folder;
    const whole = await replay(dataDir, DAYS, 'confirm');
    const expected = await storedRun(dataDir, whole.runId);
    const random = createRandom(`kill/${process.env['CENTAUR_SEED'] ?? 1}`);
    let interrupted = 0;
    for (let run = 0; run < KILLS; run += 1) {
      // killed twice on the way: in the first execution and again while it is being resumed
      for (let n = 0; n < 2; n += 1) {
        const afterMs = 350 + Math.floor(random.uniform() * SPAN_MS);
        if (await startAndKill(replayArgs(DAYS, 'confirm'), dataDir, afterMs)) interrupted += 1;
      }
      const resumed = await replay(dataDir, DAYS, 'confirm');
      const found = await storedRun(dataDir, resumed.runId);
      assert.deepEqual(found.events, expected.events);
      assert.equal(essence(resumed), essence(whole));
      assert.equal(found.deliveries, expected.deliveries);
    }
    assert.ok(interrupted > 0, 'no kill met a running process');
  },
);
