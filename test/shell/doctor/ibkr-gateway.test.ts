import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { checkIbkr } from '#shell/doctor/ibkr-account.ts';
import { askIbkr } from '#shell/doctor/ibkr-gateway.ts';
import { FakeIbkr } from '#test/support/fake-ibkr.ts';

const open: FakeIbkr[] = [];
afterEach(async () => {
  for (const fake of open.splice(0)) await fake.close();
});

async function setUp() {
  const fake = new FakeIbkr();
  await fake.listen();
  open.push(fake);
  const side = {
    host: '127.0.0.1',
    port: fake.port,
    clientId: 7,
    masterClientId: 9,
    brokerAccount: fake.account,
    environment: 'paper' as const,
    timeoutMs: 400,
  };
  return { fake, side };
}

test('AL-01 the doctor asks the gateway: it connects, sees the account and says which server answered', async () => {
  const { side, fake } = await setUp();
  assert.deepEqual(await askIbkr(side), { kind: 'valid', serverVersion: 176, hasServers: true });
  // beside the ids of the desk and of the kill
  assert.ok(fake.received.some(([kind, , id]) => kind === '71' && id === '1009'));
  const finding = checkIbkr('ibkr-paper: ibkr, paper', side, await askIbkr(side));
  assert.deepEqual([finding.state, finding.cure], ['ok', null]);
  assert.match(finding.found, /the account is there, server version 176/);
});

test('AL-01 a gateway of another login, or of the other environment, is a failure with its cure', async () => {
  const { side } = await setUp();
  const other = await askIbkr({ ...side, brokerAccount: 'DU9999999' });
  const live = await askIbkr({ ...side, environment: 'live' });
  for (const answer of [other, live]) {
    assert.equal(answer.kind, 'wrong_account');
    const finding = checkIbkr('ibkr-paper: ibkr, paper', side, answer);
    assert.equal(finding.state, 'failed');
    assert.match(finding.cure ?? '', /log in/);
    assert.doesNotMatch(`${finding.found}${finding.cure}`, /DU9999999|\n/);
  }
});

test('AL-01 a gateway that is not there, or does not answer, never says ok', async () => {
  const { side, fake } = await setUp();
  fake.isSilent = true;
  const silent = await askIbkr(side);
  await fake.close();
  const gone = await askIbkr(side);
  for (const answer of [silent, gone]) {
    assert.equal(answer.kind, 'unreachable');
    const finding = checkIbkr('ibkr-paper: ibkr, paper', side, answer);
    assert.equal(finding.state, 'failed');
    assert.match(finding.found, new RegExp(`127\\.0\\.0\\.1:${side.port}: ibkr gateway: found `));
    assert.match(finding.cure ?? '', /start TWS or IB Gateway/);
  }
});
