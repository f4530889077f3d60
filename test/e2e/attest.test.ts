import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { type LiveProcess, projectWith, startDesk, until } from '#test/support/live-process.ts';
import { makeDataFolder } from '#test/support/store-backends.ts';

const dataDir = makeDataFolder();
let project: ReturnType<typeof projectWith>;
let desk: LiveProcess;

before(() => {
  const hand = {
    id: 'by-hand',
    market: 'US',
    broker: 'manual',
    environment: 'paper',
    currency: 'USD',
    cash: 100_000,
  };
  project = projectWith({
    'accounts.yaml': { accounts: [hand] },
    'desks/us-vwap.yaml': { account: 'by-hand' },
  });
  desk = startDesk(project.root, { CENTAUR_PROFILE: 'paper', CENTAUR_DATA_DIR: dataDir });
});

after(async () => {
  desk.child.kill('SIGTERM');
  await desk.ended;
  project.remove();
  rmSync(dataDir, { recursive: true, force: true });
});

test('ID-09 an account executed by hand is blocked until its person attests it, and compared from then on', async () => {
  const tell = () => desk.heard() + desk.stderr();
  await until('a blocked desk', () => /no entries/.test(desk.heard()), tell);
  desk.say('/reconcile');
  await until('what to say', () => /not read: .*expected \/reconcile/.test(desk.heard()), tell);
  desk.say('/reconcile cash 100000');
  await until('the list read back', () => /\/yes \S+/.test(desk.heard()), tell);
  assert.match(desk.heard(), /all that the account holds.*\ncash \$100,000.00/);
  assert.doesNotMatch(desk.heard(), /book and broker agree/);
  desk.say(/\/yes \S+/.exec(desk.heard())?.[0] ?? '');
  await until('the receipt', () => /cash/.test(desk.heard().split('/yes')[1] ?? ''), tell);
  desk.say('/reconcile');
  await until('a clean comparison', () => /✓ book and broker agree/.test(desk.heard()), tell);
});
