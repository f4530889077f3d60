import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DECIMAL, decimalOfPrice, minorOfDecimal } from '#shell/lib/decimal.ts';

test('AL-01 money in a string becomes whole cents, exact to the digit', () => {
  const cases = [
    ['99694.41', 9_969_441],
    ['0', 0],
    ['-0.00', 0],
    ['100000', 10_000_000],
    ['0.1', 10],
    ['-23140.2', -2_314_020],
    ['12.344999999', 1_234],
    ['12.345', 1_235],
    ['-12.345', -1_235],
    ['90071992547409.91', 9_007_199_254_740_991],
  ] as const;
  for (const [text, minor] of cases) assert.equal(minorOfDecimal(text), minor, text);
});

test('AL-01 cents written as a decimal are read back as the same cents', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e12, max: 1e12 }), (minor) => {
      const text = `${minor < 0 ? '-' : ''}${Math.floor(Math.abs(minor) / 100)}.${String(Math.abs(minor) % 100).padStart(2, '0')}`;
      assert.match(text, DECIMAL);
      assert.equal(minorOfDecimal(text), minor);
    }),
  );
});

test('ID-06 a price on the grid is written exactly, any other is not written at all', () => {
  assert.equal(decimalOfPrice(100), '100.00');
  assert.equal(decimalOfPrice(0.1 + 0.2), '0.3000');
  assert.equal(decimalOfPrice(1.005), null);
  assert.equal(decimalOfPrice(0.12345), null);
  assert.equal(decimalOfPrice(0.9999), '0.9999');
  for (const bad of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e15])
    assert.equal(decimalOfPrice(bad), null, String(bad));
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 100_000_000 }), (cents) => {
      assert.equal(
        decimalOfPrice(cents / 100),
        `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`,
      );
    }),
  );
});
