import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trailLong } from '#core/portfolio/exits.ts';

const FACTS = { entryPrice: 100, lowestLow: 100.4, vwap: 100.2, band: 0.1, tick: 0.01 };

test('ID-03 the trail is the highest of entry, lowest low less a tick and VWAP less the band', () => {
  assert.equal(trailLong(FACTS), 100.39);
  assert.equal(trailLong({ ...FACTS, lowestLow: 99 }), 100.1);
  assert.equal(trailLong({ ...FACTS, lowestLow: 99, vwap: 99 }), 100);
  assert.equal(trailLong({ ...FACTS, vwap: 101.237 }), 101.13);
});

test('ID-03 without a VWAP or a low the trail is the entry', () => {
  assert.equal(trailLong({ ...FACTS, lowestLow: Number.NaN, vwap: Number.NaN }), 100);
});
