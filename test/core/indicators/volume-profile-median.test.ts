import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { volumeProfileOf } from '#core/indicators/volume-profile.ts';
import { median } from '#core/lib/stats.ts';
import { minutesFrom, newYorkSession } from '../../support/bars.ts';

const session = newYorkSession('2026-06-02');

test('ID-01 the usual volume of a minute is the median of the days, to the last digit', () => {
  const day = fc.array(fc.integer({ min: 0, max: 1e9 }), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(fc.array(day, { minLength: 5, maxLength: 20 }), (volumes) => {
      const days = volumes.map((drawn) => ({
        openAt: session.openAt,
        bars: minutesFrom(
          session,
          drawn.map((volume) => [101, 99, 100, volume] as const),
        ),
      }));
      const profile = volumeProfileOf(days, 3);
      for (let m = 0; m < 3; m += 1) {
        const column = volumes.map((drawn) => drawn[m]!);
        const sums = volumes.map((drawn) => drawn.slice(0, m + 1).reduce((a, b) => a + b, 0));
        assert.equal(profile?.usual[m], median(column));
        assert.equal(profile?.usual5m[m], median(sums));
      }
    }),
    { numRuns: 100 },
  );
});
