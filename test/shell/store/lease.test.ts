import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { StoreError } from '#app/errors.ts';
import { createLease, LEASE_MS, STALLED_MS } from '#shell/store/lease.ts';
import { createMemoryEpochs } from '#shell/store/memory-epochs.ts';

const DOWN = new StoreError('test: store stopped', { code: 'store_down', retryable: true });

/** A process and its store: one clock, and a store that may be away or answer late. */
function world() {
  let now = 1_000;
  let isAway = false;
  const { check: _, ...epochs } = createMemoryEpochs(() => now);
  const reached = {
    ...epochs,
    renew: async (epoch: number) => {
      if (isAway) throw DOWN;
      return epochs.renew(epoch);
    },
  };
  const watch = () => {
    const since = now;
    return () => now - since;
  };
  return {
    epochs,
    reached,
    watch,
    sleep: (ms: number) => {
      now += ms;
    },
    setAway: (away: boolean) => {
      isAway = away;
    },
  };
}

test('ID-09 a lease lasts its time after a sign of life that the store took, and is sure again after the next', async () => {
  const { epochs, reached, watch, sleep, setAway } = world();
  const lease = createLease(reached, await epochs.raise('a'), watch(), watch);
  assert.equal(lease.state(), 'leading');
  sleep(LEASE_MS);
  assert.equal(lease.state(), 'unsure');
  setAway(true);
  assert.equal(await lease.renew(), 'unsure');
  setAway(false);
  assert.equal(await lease.renew(), 'leading');
  await epochs.raise('b');
  assert.equal(lease.state(), 'leading', 'nobody has told it yet');
  assert.equal(await lease.renew(), 'deposed');
  assert.equal(await lease.renew(), 'deposed', 'for good');
});

test('ID-09 a sign of life counts from when it was begun: the answer may wait for a process to wake', async () => {
  const { epochs, watch, sleep } = world();
  const epoch = await epochs.raise('a');
  const slow = {
    ...epochs,
    renew: async (given: number) => {
      const isOurs = await epochs.renew(given);
      // stopped between the store's answer and reading it
      sleep(STALLED_MS);
      return isOurs;
    },
  };
  const lease = createLease(slow, epoch, watch(), watch);
  assert.equal(await lease.renew(), 'unsure');
});

test('ID-09 whatever sleeps and outages there are, no lease is sure once another process could lead', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          act: fc.constantFrom('sleep', 'renew', 'away', 'back', 'take over'),
          ms: fc.nat({ max: 4_000 }),
        }),
        { maxLength: 40 },
      ),
      async (steps) => {
        const { epochs, reached, watch, sleep, setAway } = world();
        const epoch = await epochs.raise('a');
        const lease = createLease(reached, epoch, watch(), watch);
        for (const { act, ms } of steps) {
          if (act === 'sleep') sleep(ms);
          else if (act === 'renew') await lease.renew();
          else if (act === 'take over') await epochs.raiseOver(epoch, STALLED_MS, 'b');
          else setAway(act === 'away');
          const leader = await epochs.current();
          if (leader?.epoch !== epoch) assert.notEqual(lease.state(), 'leading');
        }
      },
    ),
    { numRuns: 300 },
  );
});
