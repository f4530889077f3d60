import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MorningCn } from '#app/cn-market.ts';
import { exDateFactsOf } from '#app/live-ex-dates.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { CN_DAY } from '../support/cn.ts';
import { quoteCn } from '../support/cn-market.ts';

const HELD: InstrumentId = '600150.SH';

function morning(cash: number | null, lastClose = 10): MorningCn {
  const action = {
    instrument: HELD,
    exDate: CN_DAY,
    recordDate: null,
    cashPerShare: cash ?? 0,
    newSharesPerShare: 0,
  };
  return {
    tradingDay: CN_DAY,
    facts: {
      limits: new Map(),
      actions: cash === null ? new Map() : new Map([[HELD, action]]),
    },
    table: { instruments: [HELD] },
    lastCloses: Float64Array.of(lastClose),
  } as unknown as MorningCn;
}

test('SP-09 announced terms go to the desk with both closes, to be confirmed by the official one', () => {
  const quotes = [quoteCn(HELD, { previousClose: 9.5 })];
  assert.deepEqual(exDateFactsOf(morning(0.5), quotes, [HELD]), [
    {
      instrument: HELD,
      terms: {
        exDate: CN_DAY,
        cashPerShare: 0.5,
        newSharesPerShare: 0,
        rightsPerShare: 0,
        rightsPrice: 0,
      },
      lastClose: 10,
      officialPreviousClose: 9.5,
    },
  ]);
});

test('SP-09 an official close that nobody explained is told without terms, so that the stop is held', () => {
  const [facts] = exDateFactsOf(morning(null), [quoteCn(HELD, { previousClose: 9.5 })], [HELD]);
  assert.equal(facts?.terms, null);
  assert.equal(facts?.officialPreviousClose, 9.5);
});

test('SP-09 without terms and without a close of today nothing is said, with terms it is', () => {
  const silent = [quoteCn(HELD, { previousClose: null })];
  assert.deepEqual(exDateFactsOf(morning(null), silent, [HELD]), []);
  assert.deepEqual(exDateFactsOf(morning(null, Number.NaN), [quoteCn(HELD)], [HELD]), []);
  assert.equal(exDateFactsOf(morning(0.5), silent, [HELD])[0]?.officialPreviousClose, null);
});
