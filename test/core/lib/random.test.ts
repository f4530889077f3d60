import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom, uniformOf } from '#core/lib/random.ts';

test('equal seeds give equal sequences, other seeds other ones', () => {
  const draw = (seed: string | number): number[] => {
    const random = createRandom(seed);
    return Array.from({ length: 50 }, () => random.uniform());
  };
  assert.deepEqual(draw(7), draw('7'));
  assert.notDeepEqual(draw(7), draw(8));
});

test('the sequence of a seed is fixed for all time', () => {
  const random = createRandom('fixed');
  assert.deepEqual(
    [random.uniform(), random.uniform(), random.uniform()],
    [0.627254257677123, 0.2591097969561815, 0.14879965712316334],
  );
});

test('uniform numbers are even on [0, 1)', () => {
  const random = createRandom(1);
  const tenths = new Array<number>(10).fill(0);
  for (let i = 0; i < 100_000; i += 1) {
    const tenth = Math.floor(random.uniform() * 10);
    tenths[tenth] = (tenths[tenth] ?? 0) + 1;
  }
  // Five standard deviations of a binomial count of 10,000.
  for (const count of tenths) assert.ok(Math.abs(count - 10_000) < 475, `found ${count}`);
});

test('normal numbers have mean 0, deviation 1 and kurtosis 3', () => {
  const random = createRandom(2);
  const n = 200_000;
  let [sum, square, fourth] = [0, 0, 0];
  for (let i = 0; i < n; i += 1) {
    const x = random.normal();
    sum += x;
    square += x * x;
    fourth += x ** 4;
  }
  const variance = square / n;
  assert.ok(Math.abs(sum / n) < 0.012);
  assert.ok(Math.abs(variance - 1) < 0.02);
  assert.ok(Math.abs(fourth / n / variance ** 2 - 3) < 0.08);
});

test('a fork depends on seed and label, not on what was drawn before', () => {
  const fresh = createRandom(3).fork('a').uniform();
  const used = createRandom(3);
  used.normal();
  assert.equal(used.fork('a').uniform(), fresh);
  assert.notEqual(used.fork('b').uniform(), fresh);
});

test('keyed numbers repeat, and differ by key and seed', () => {
  assert.equal(uniformOf(1, 'x'), uniformOf(1, 'x'));
  assert.notEqual(uniformOf(1, 'x'), uniformOf(1, 'y'));
  assert.notEqual(uniformOf(1, 'x'), uniformOf(2, 'x'));
});
