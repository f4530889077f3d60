import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPersonDesks, type PersonDesks } from '#app/person-desks.ts';
import { appDesk } from '#test/support/app-desk.ts';
import { ready, signalBar } from '#test/support/builders.ts';

/** One name may be 20 % of both capitals: the 20,000 of one ticket and not those of two. */
const PERSON = {
  nameCapRatio: 0.1,
  checkpointCapRatio: 1,
  dayCapRatio: 1,
  correlationLimit: 1,
};

/** Two desks of one person that hear the same signal at the same instant. */
async function atOnce(person: PersonDesks): Promise<{ tickets: number; reasons: string[] }> {
  const worlds = ['us-vwap', 'us-second'].map((deskId) => {
    const world = appDesk({ deskId, accountId: `${deskId}-account`, person: PERSON }, person);
    return { ...world, desk: world.open() };
  });
  for (const { desk } of worlds) await desk.recover();
  const inputs = ready();
  for (const { clock, desk } of worlds)
    for (const input of inputs) {
      clock.advanceTo(Math.max(clock.now(), input.at));
      await desk.submit(input);
    }
  const bar = signalBar((inputs.at(-1)?.at ?? 0) + 60_000);
  await Promise.all(
    worlds.map(({ clock, desk }) => {
      clock.advanceTo(Math.max(clock.now(), bar.at));
      return desk.submit(bar);
    }),
  );
  const states = worlds.map(({ desk }) => desk.state());
  return {
    tickets: states.flatMap((state) => Object.values(state.tickets)).length,
    reasons: states
      .flatMap((state) => state.day?.setupsRefused ?? [])
      .flatMap((setup) => setup.reasons.map((why) => why.code)),
  };
}

test('AL-02 two desks that decide at the same instant do not both take the last room', async () => {
  const { tickets, reasons } = await atOnce(createPersonDesks());
  assert.equal(tickets, 1);
  assert.deepEqual(reasons, ['person_name_cap']);
});

test('AL-02 without a look at what the other one is about to store, both would', async () => {
  const blind = { ...createPersonDesks(), foresee: () => {} };
  assert.equal((await atOnce(blind)).tickets, 2);
});

test('AL-02 a desk whose log is not folded is not known to the others', async () => {
  const deaf = { ...createPersonDesks(), noteFolded: () => {} };
  const { tickets, reasons } = await atOnce(deaf);
  assert.equal(tickets, 0);
  assert.deepEqual([...new Set(reasons)], ['person_unknown']);
});
