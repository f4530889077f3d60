import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { stableHash } from '#core/lib/hash.ts';
import { runCampaign } from '../../tools/simulation/campaign.ts';
import { drawPlan } from '../../tools/simulation/draw.ts';
import { hunt } from '../../tools/simulation/hunt.ts';
import { PLANTED } from '../../tools/simulation/planted.ts';
import { shrink } from '../../tools/simulation/shrink.ts';
import { play } from '../../tools/simulation/world.ts';

const ROOT = join(import.meta.dirname, '..', '..');

suite('simulation', () => {
  test('CX-05 CX-06 CX-07 CX-10 CX-11 SP-11 sixty bad days break no invariant', async () => {
    const result = await runCampaign({ firstSeed: 1, seeds: 60 });
    assert.deepEqual(result.firstFailure?.trace ?? [], []);
    assert.equal(result.failures, 0);
    assert.ok(result.sessions >= 60);
  });

  test('the same seed is the same session, line by line', async () => {
    for (const seed of [3, 11, 84, 1127]) {
      const hash = async () => {
        const { trace } = await play({ plan: drawPlan(seed), isTraced: true });
        assert.ok(trace.length > 20);
        return stableHash(trace.join('\n'));
      };
      assert.equal(await hash(), await hash());
    }
  });

  test('a session reaches what a desk does: tickets, entries, exits, faults, deaths, verdicts', async () => {
    const total: Record<string, number> = {};
    for (let seed = 1; seed <= 40; seed += 1) {
      const { counts } = await play({ plan: drawPlan(seed) });
      for (const [what, count] of Object.entries(counts)) total[what] = (total[what] ?? 0) + count;
    }
    const wanted = ['submit buy', 'submit sell', 'death', 'shown signal_entry', 'shown stop_hit'];
    for (const what of [...wanted, 'shown kill_stage1', 'shown safe_mode_on', 'shown daily_report'])
      assert.ok((total[what] ?? 0) > 0, `${what} happened`);
  });

  test('a planted bug is found, and its plan is made small and still fails', async () => {
    const bug = PLANTED.find((planted) => planted.id === 'event_ignored');
    assert.ok(bug !== undefined);
    const found = await hunt(bug, 200);
    assert.equal(found.invariant, 5);
    const plan = drawPlan(found.seed ?? 0);
    const fails = async (fewer: typeof plan) =>
      (await play({ plan: fewer, tamper: bug.plant() })).finding?.invariant === 5;
    const small = await shrink(plan, fails);
    assert.ok(small.items.length < plan.items.length);
    assert.ok(await fails(small));
    for (const item of small.items)
      assert.equal(
        await fails({ ...small, items: small.items.filter((one) => one !== item) }),
        false,
      );
  });

  test('a long run tells every seed that failed, and makes the first of them small', async () => {
    const bug = PLANTED.find((planted) => planted.id === 'verdict_lost');
    assert.ok(bug !== undefined);
    const told: unknown[] = [];
    const tamper = bug.plant();
    const onBroken = (broken: unknown) => told.push(broken);
    const result = await runCampaign({ firstSeed: 1, seeds: 4, tamper, onBroken });
    const { broken, firstFailure } = result;
    assert.ok(broken.length >= 2);
    assert.equal(result.failures, broken.length);
    assert.deepEqual(told, broken);
    for (const { seed, invariant, words } of broken) {
      const { finding } = await play({ plan: drawPlan(seed), tamper });
      assert.deepEqual([invariant, words], [finding?.invariant, finding?.words]);
    }
    assert.equal(firstFailure?.seed, broken[0]?.seed);
    assert.deepEqual(firstFailure?.items, [], 'a verdict is lost without any fault');
  });

  test('a bug is planted for each way money is lost, at least fifteen', () => {
    assert.ok(PLANTED.length >= 15);
    assert.equal(new Set(PLANTED.map((bug) => bug.id)).size, PLANTED.length);
  });

  test('the command prints one JSON object and says by its exit code whether all was well', () => {
    const run = (...args: string[]) =>
      spawnSync(process.execPath, [join(ROOT, 'tools/simulate.ts'), ...args], { encoding: 'utf8' });
    const clean = run('--seeds', '5', '--json');
    assert.equal(clean.status, 0, clean.stderr);
    const printed = JSON.parse(clean.stdout) as { sessions: number; failures: number };
    assert.ok(printed.sessions >= 5);
    assert.equal(printed.failures, 0);
    const wrong = run('--seeds', 'many');
    assert.equal(wrong.status, 2);
    assert.match(wrong.stderr, /^error: simulate: --seeds: found "many", expected a whole number/);
    assert.equal(run('--nonsense').status, 2);
  });
});
