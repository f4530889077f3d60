import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { volumeProfileOf } from '#core/indicators/volume-profile.ts';
import { median } from '#core/lib/stats.ts';
import { columnsOf } from '#core/market/bar.ts';
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
        assert.equal(profile?.usual(m), median(column));
        assert.equal(profile?.usual5m(m), median(sums));
      }
    }),
    { numRuns: 100 },
  );
});

/** The profile written out: every minute of every day in a list, 0 for nothing traded, null behind the last bar. */
function naiveProfile(days: readonly (readonly (number | null)[])[], minutes: number, m: number) {
  const lists = days.map((day) => {
    const last = day.findLastIndex((volume, at) => volume !== null && at < minutes);
    return day.slice(0, minutes).map((volume, at) => (at > last ? null : (volume ?? 0)));
  });
  const reaching = lists.filter((list) => (list[m] ?? null) !== null);
  if (reaching.length < 5) return [Number.NaN, Number.NaN, Number.NaN];
  const sum = (list: readonly (number | null)[], from: number) =>
    list.slice(from, m + 1).reduce<number>((total, volume) => total + (volume ?? 0), 0);
  const mean = reaching.reduce((total, list) => total + sum(list, 0), 0) / reaching.length;
  return [
    median(reaching.map((list) => list[m] ?? 0)),
    median(reaching.map((list) => sum(list, Math.max(0, m - 4)))),
    mean,
  ];
}

test('ID-01 the usual volume is that of the days written out, with minutes missing, days that end early and days of another length', () => {
  const minute = fc.option(fc.integer({ min: 0, max: 1000 }), { freq: 3 });
  const day = fc.array(minute, { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(
      fc.array(day, { minLength: 5, maxLength: 24 }),
      fc.integer({ min: 1, max: 12 }),
      (drawn, minutes) => {
        const days = drawn.map((volumes) => {
          const rows = volumes.flatMap((volume, at) =>
            volume === null
              ? []
              : [
                  {
                    openedAt: session.openAt + at * 60_000,
                    closedAt: session.openAt + (at + 1) * 60_000,
                    ...{ open: 1, high: 1, low: 1, close: 1, volume },
                  },
                ],
          );
          return { openAt: session.openAt, bars: columnsOf(rows) };
        });
        const profile = volumeProfileOf(days, minutes)!;
        for (const m of [0, 3, 11, 5, 5, 0, 12]) {
          const expected =
            m < minutes
              ? naiveProfile(drawn.slice(-20), minutes, m)
              : new Array(3).fill(Number.NaN);
          assert.deepEqual([profile.usual(m), profile.usual5m(m), profile.meanSoFar(m)], expected);
        }
      },
    ),
    { numRuns: 200 },
  );
});
