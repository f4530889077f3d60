import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ExTerms } from '#core/portfolio/ex-date.ts';
import { exPrice, restateOnExDate } from '#core/portfolio/ex-date.ts';

const BASIS = {
  quantity: 1_300,
  entryPrice: 38.55,
  stop: 37.01,
  firstTarget: 41.63,
  secondTarget: 44.33,
  peakPrice: 40,
};
const TERMS: ExTerms = {
  exDate: '2026-11-18',
  cashPerShare: 0,
  newSharesPerShare: 0,
  rightsPerShare: 0,
  rightsPrice: 0,
};

const answer = (terms: Partial<ExTerms>, officialPreviousClose: number | null, lastClose = 39.5) =>
  restateOnExDate(BASIS, { ...TERMS, ...terms }, { lastClose, officialPreviousClose });

test('SP-09 a cash dividend lowers cost, stop and targets by its amount; quantity stays', () => {
  const found = answer({ cashPerShare: 0.5 }, 39);
  assert.deepEqual(found, {
    kind: 'restated',
    basis: {
      quantity: 1_300,
      entryPrice: 38.05,
      stop: 36.51,
      firstTarget: 41.13,
      secondTarget: 43.83,
      peakPrice: 39.5,
    },
    newShares: 0,
    cash: 650,
  });
});

test('SP-09 ten for five with one yuan of cash: prices by 1.5, half as many shares more', () => {
  const found = answer({ cashPerShare: 0.1, newSharesPerShare: 0.5 }, 26.27);
  assert.equal(exPrice(39.5, { ...TERMS, cashPerShare: 0.1, newSharesPerShare: 0.5 }), 39.4 / 1.5);
  assert.ok(found.kind === 'restated');
  assert.equal(found.newShares, 650);
  assert.equal(found.basis.quantity, 1_950);
  assert.equal(found.basis.entryPrice, 25.6333);
  assert.equal(found.basis.stop, 24.61);
  assert.equal(found.cash, 130);
});

test('SP-09 rights lower the price by their offer and bring no shares by themselves', () => {
  const found = answer({ rightsPerShare: 0.3, rightsPrice: 20 }, 35);
  assert.ok(found.kind === 'restated');
  assert.equal(found.basis.quantity, 1_300);
  assert.equal(found.basis.stop, Math.round(((37.01 + 6) / 1.3) * 100) / 100);
});

test('SP-09 terms the exchange does not confirm hold the stop and say why', () => {
  const cases = [
    restateOnExDate(BASIS, null, { lastClose: 39.5, officialPreviousClose: 39 }),
    answer({ cashPerShare: 0.5 }, null),
    answer({ cashPerShare: 0.5 }, 39.5),
    answer({ cashPerShare: Number.NaN }, 39),
    answer({ cashPerShare: -0.5 }, 40),
  ];
  for (const found of cases) {
    assert.ok(found.kind === 'held');
    assert.equal(found.reason.code, 'ex_date_unknown');
  }
  assert.equal(answer({ cashPerShare: 0.5 }, 39.01).kind, 'restated', 'one tick of rounding');
});

test('SP-09 a restatement changes neither the order of prices nor, to a tick a share, the stake', () => {
  const terms = fc.record({
    cashPerShare: fc.integer({ min: 0, max: 200 }).map((fen) => fen / 100),
    newSharesPerShare: fc.integer({ min: 0, max: 10 }).map((tenths) => tenths / 10),
  });
  fc.assert(
    fc.property(terms, (change) => {
      const whole = { ...TERMS, ...change };
      const official = Math.round(exPrice(39.5, whole) * 100) / 100;
      const found = restateOnExDate(BASIS, whole, {
        lastClose: 39.5,
        officialPreviousClose: official,
      });
      assert.ok(found.kind === 'restated');
      const { basis, cash } = found;
      assert.ok(basis.stop < basis.entryPrice && basis.entryPrice < basis.firstTarget);
      const before = BASIS.quantity * BASIS.entryPrice;
      const after = basis.quantity * basis.entryPrice + cash;
      assert.ok(Math.abs(before - after) <= basis.quantity * 0.0001 + basis.entryPrice + 0.01);
    }),
  );
});
