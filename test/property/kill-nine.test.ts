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
const DAYS = '2024-05-06..2024-05-07';
/** Kill points tried; more by CENTAUR_KILLS. */
const KILLS = Number(process.env['CENTAUR_KILLS'] ?? 3);
/** Before this nothing of the run can have been stored. */
const START_MS = 250;

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
    const startedAt = performance.now();
    const whole = await replay(dataDir, DAYS, 'confirm');
    const spanMs = performance.now() - startedAt - START_MS;
    const expected = await storedRun(dataDir, whole.runId);
    const random = createRandom(`kill/${process.env['CENTAUR_SEED'] ?? 1}`);
    let interrupted = 0;
    for (let run = 0; run < KILLS; run += 1) {
      // killed twice on the way: in the first execution and again while it is being resumed
      for (let n = 0; n < 2; n += 1) {
        const afterMs = START_MS + Math.floor(random.uniform() * spanMs);
        // the desk alone and the desk with its database in turn
        const withDatabase = (run + n) % 2 === 1;
        if (await startAndKill(replayArgs(DAYS, 'confirm'), dataDir, afterMs, withDatabase))
          interrupted += 1;
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
