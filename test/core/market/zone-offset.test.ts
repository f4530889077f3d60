import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { instantAt, wallTimeOf } from '#core/market/session.ts';

/** Zones that change their clock by an hour, by half of one, on other days, once a day long, and never. */
const zone = fc.constantFrom(
  ...['America/New_York', 'Asia/Shanghai', 'UTC', 'Australia/Lord_Howe', 'Africa/Cairo'],
  ...['Pacific/Apia', 'Africa/Casablanca', 'Asia/Kolkata', 'America/St_Johns', '+05:30'],
);
const DAY_MS = 86_400_000;
const from = Date.UTC(1990, 0, 1);
const to = Date.UTC(2037, 0, 1);

/** Instants anywhere, and many about a change of some clock. */
const instant = fc.oneof(
  fc.integer({ min: from, max: to }),
  fc
    .tuple(zone, fc.integer({ min: from, max: to }), fc.integer({ min: -1500, max: 1500 }))
    .map(([name, at, minutes]) => {
      const wall = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(name);
      const change = wall.getTimeZoneTransition('next')?.epochMilliseconds ?? at;
      return Math.min(change, to) + minutes * 60_000;
    }),
);

test('what a clock shows at an instant is what the library says, about every change of it too', () => {
  fc.assert(
    fc.property(zone, instant, fc.constantFrom(0, -1, 1, 59_999), (name, near, more) => {
      const at = near + more;
      const wall = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(name);
      const text = wall.toPlainDateTime().toString({ smallestUnit: 'minute' });
      assert.deepEqual(wallTimeOf(at, name), {
        day: text.slice(0, 10),
        time: text.slice(11, 16),
        minuteOfDay: wall.hour * 60 + wall.minute,
      });
    }),
    { numRuns: 3000 },
  );
});

test("the instant at which a clock shows a time is the library's, skipped and repeated hours too", () => {
  fc.assert(
    fc.property(zone, instant, fc.integer({ min: -2, max: 2 }), (name, near, days) => {
      const shown = Temporal.Instant.fromEpochMilliseconds(near + days * DAY_MS)
        .toZonedDateTimeISO('UTC')
        .toPlainDateTime()
        .toString({ smallestUnit: 'minute' });
      const expected = Temporal.PlainDateTime.from(shown).toZonedDateTime(name).epochMilliseconds;
      assert.equal(instantAt(shown.slice(0, 10), shown.slice(11, 16), name), expected);
    }),
    { numRuns: 3000 },
  );
});

test('the instant of a change belongs to the time after it, even when it is asked for first', () => {
  // years that nothing else here asks for
  const first = Temporal.ZonedDateTime.from('2045-01-01T00:00[America/New_York]');
  const spring = first.getTimeZoneTransition('next')!.epochMilliseconds;
  assert.equal(wallTimeOf(spring, 'America/New_York').time, '03:00');
  assert.equal(wallTimeOf(spring - 60_000, 'America/New_York').time, '01:59');
});

test('a zone that does not exist is refused', () => {
  assert.throws(() => wallTimeOf(0, 'Moon/Base'), RangeError);
  assert.throws(() => instantAt('2026-06-01', '09:30', 'Moon/Base'), RangeError);
});
