import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wallClockOf } from '#shell/files/csv-times.ts';

test('every hour of a day means its own instant, also on the days on which a clock is changed', () => {
  for (const zone of ['America/New_York', 'Asia/Shanghai', 'Australia/Lord_Howe', 'UTC']) {
    const clock = wallClockOf(zone);
    for (const day of ['2026-03-07', '2026-03-08', '2026-04-05', '2026-10-04', '2026-11-01']) {
      for (let n = 0; n < 24; n += 1) {
        const hour = `${day}T${String(n).padStart(2, '0')}`;
        const { epochMilliseconds } = Temporal.PlainDateTime.from(`${hour}:00`).toZonedDateTime(
          zone,
        );
        assert.equal(clock(hour, 90_000), epochMilliseconds + 90_000, `${hour} ${zone}`);
      }
    }
  }
});
