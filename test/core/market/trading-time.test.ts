import assert from 'node:assert/strict';
import { test } from 'node:test';
import { priceAgeMs } from '#core/market/trading-time.ts';
import { shanghaiSession } from '../../support/cn-desk.ts';
import { cnAt, PULSE_DAY } from '../../support/pulse-market.ts';

const { breaks } = shanghaiSession(PULSE_DAY);
const age = (asOf: string, at: string) => priceAgeMs(breaks, cnAt(asOf), cnAt(at)) / 60_000;

test('SP-01 a price does not grow old over the midday break, and does before and after it', () => {
  assert.equal(age('10:00', '10:03'), 3);
  assert.equal(age('11:29', '13:01'), 2);
  assert.equal(age('11:29', '12:15'), 1);
  assert.equal(age('12:00', '13:01'), 1);
  assert.equal(age('11:30', '13:00'), 0);
  // time before the open counts: a price of the day before is old
  assert.equal(age('09:15', '09:45'), 30);
  assert.equal(age('09:15', '13:15'), 150);
});

test('I9 a price from the future has a negative age, whatever lies between', () => {
  assert.equal(age('13:30', '11:00'), -150);
});
