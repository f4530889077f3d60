import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { type CalendarTable, sessionOn } from '#core/market/calendar.ts';
import { wallTimeOf } from '#core/market/session.ts';
import { addCalendarDays } from '#core/market/trading-day.ts';
import { askAlpaca } from '#shell/doctor/alpaca-account.ts';
import { FAKE_KEYS, FakeAlpaca } from '#test/support/fake-alpaca.ts';

const TODAY = wallTimeOf(Date.now(), 'America/New_York').day;

const CALENDAR: CalendarTable = {
  market: 'US',
  zone: 'America/New_York',
  validFrom: TODAY,
  validThrough: addCalendarDays(TODAY, 60),
  regularOpen: '09:30',
  regularClose: '16:00',
  holidays: [],
  earlyCloses: {},
  breaks: [],
  source: 'test',
};

const open: FakeAlpaca[] = [];
afterEach(async () => {
  for (const fake of open.splice(0)) await fake.close();
});

async function setUp(keys = FAKE_KEYS) {
  const fake = new FakeAlpaca();
  const tradingUrl = await fake.listen();
  open.push(fake);
  return {
    fake,
    ask: () => askAlpaca({ accountId: 'alpaca-us', tradingUrl, keys, calendar: CALENDAR }),
  };
}

test('AL-01 the doctor asks with the keys: account, clock and calendar agree', async () => {
  const { ask } = await setUp();
  const answer = await ask();
  assert.ok(answer.kind === 'valid');
  assert.deepEqual([answer.blocks, answer.differences], [[], []]);
  assert.ok(Math.abs(answer.skewMs) < 2_000);
});

test('AL-01 keys of the other side are told apart from a network that is down', async () => {
  const wrong = await setUp({ keyId: 'PKOTHERPKOTHER', secretKey: 'othersecretothersecret' });
  assert.deepEqual(await wrong.ask(), { kind: 'refused' });
  const down = await setUp();
  down.fake.cut();
  const answer = await down.ask();
  assert.ok(answer.kind === 'unreachable');
  assert.match(answer.problem, /GET \/v2\/account: found/);
});

test('AL-01 the doctor names what keeps the account from trading and days that differ', async () => {
  const { ask, fake } = await setUp();
  fake.accountFields = { account_blocked: true };
  let day = TODAY;
  while (sessionOn(CALENDAR, day).kind !== 'session') day = addCalendarDays(day, 1);
  const whole = fake.calendarDays;
  fake.calendarDays = (start, end) =>
    whole(start, end).map((one) =>
      one['date'] === day ? FakeAlpaca.sessionOf(day, '13:00') : one,
    );
  const answer = await ask();
  assert.ok(answer.kind === 'valid');
  assert.deepEqual(answer.blocks, ['account_blocked']);
  assert.deepEqual(answer.differences, [`${day}: found 09:30–13:00 there, 09:30–16:00 here`]);
});
