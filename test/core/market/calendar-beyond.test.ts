import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CalendarTable } from '#core/market/calendar.ts';
import { sessionOn } from '#core/market/calendar.ts';
import type { BeyondPolicy, ToldDays } from '#core/market/calendar-beyond.ts';
import { calendarBeyond } from '#core/market/calendar-beyond.ts';
import { at } from '#test/support/cn.ts';

const TABLE: CalendarTable = {
  market: 'CN',
  zone: 'Asia/Shanghai',
  validFrom: '2026-01-01',
  validThrough: '2026-12-31',
  regularOpen: '09:30',
  regularClose: '15:00',
  holidays: ['2026-12-30'],
  earlyCloses: {},
  breaks: [],
  source: 'test',
};
const POLICY: BeyondPolicy = { maxAgeMs: 30 * 86_400_000, whenUnknown: 'closed', openDays: 5 };
const TOLD: ToldDays = {
  source: 'vendor',
  toldAt: at('09:00', '2026-12-28'),
  from: '2026-12-28',
  through: '2027-01-08',
  days: [
    '2026-12-28',
    '2026-12-29',
    '2026-12-31',
    '2027-01-04',
    '2027-01-06',
    '2027-01-07',
    '2027-01-08',
  ],
};

function beyond(today: string, told: ToldDays | null, policy: Partial<BeyondPolicy> = {}) {
  return calendarBeyond(TABLE, told, { ...POLICY, ...policy }, { at: at('09:00', today), today });
}

const kindOn = (table: CalendarTable, day: string) => sessionOn(table, day).kind;

test('DH-04 what is written stands, and days a vendor told are added behind it', () => {
  const { table, reach, differences } = beyond('2027-01-04', TOLD);
  assert.equal(reach, 'told');
  assert.equal(kindOn(table, '2026-12-30'), 'closed');
  assert.equal(kindOn(table, '2027-01-04'), 'session');
  assert.equal(kindOn(table, '2027-01-05'), 'closed');
  assert.equal(kindOn(table, '2027-01-11'), 'unknown');
  assert.deepEqual(differences, []);
});

test('DH-04 within the written days the vendor changes nothing, the difference is named', () => {
  const told = { ...TOLD, days: [...TOLD.days, '2026-12-30'] };
  const { table, reach, differences } = beyond('2026-12-29', told);
  assert.equal(reach, 'written');
  assert.equal(kindOn(table, '2026-12-30'), 'closed');
  assert.deepEqual(differences, ['2026-12-30 open at vendor']);
});

test('DH-04 days told too long ago are not used: nothing trades', () => {
  const { table, reach } = beyond('2027-01-04', TOLD, { maxAgeMs: 86_400_000 });
  assert.equal(reach, 'stale');
  assert.equal(kindOn(table, '2027-01-04'), 'unknown');
});

test('DH-04 on a day nobody knows nothing trades, unless the operator chose weekdays', () => {
  assert.equal(beyond('2027-02-01', null).reach, 'none');
  assert.equal(kindOn(beyond('2027-02-01', null).table, '2027-02-01'), 'unknown');
  const open = beyond('2027-02-01', null, { whenUnknown: 'open' });
  assert.equal(open.reach, 'assumed');
  assert.equal(kindOn(open.table, '2027-02-01'), 'session');
  assert.equal(kindOn(open.table, '2027-02-06'), 'closed');
  assert.equal(kindOn(open.table, '2027-02-08'), 'unknown');
});

test('DH-04 told days that leave a gap behind the written ones are not joined to them', () => {
  const told = { ...TOLD, from: '2027-01-06', days: ['2027-01-06'] };
  assert.equal(kindOn(beyond('2027-01-06', told).table, '2027-01-06'), 'unknown');
});
