import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anomaly, anomalyLine, countByCode } from '#core/quality/anomaly.ts';

test('SP-10 an anomaly is one line that names source, symbol, day, found and expected', () => {
  const place = { instrument: '600519.SH', day: '2026-03-20' } as const;
  const one = anomaly('previous_close_disagrees', 'tencent', '13.01', '6.93', place);
  assert.equal(
    anomalyLine(one),
    'tencent 600519.SH 2026-03-20: previous_close_disagrees: found 13.01, expected 6.93',
  );
  assert.equal(
    anomalyLine(anomaly('empty_pool', 'eastmoney', '0 rows', 'about 40')),
    'eastmoney: empty_pool: found 0 rows, expected about 40',
  );
});

test('SP-10 anomalies are counted by reason, the most frequent first', () => {
  const codes = ['stale', 'duplicate', 'duplicate'] as const;
  const found = codes.map((code) => anomaly(code, 'sina', 'a', 'b'));
  assert.deepEqual(countByCode(found), [
    ['duplicate', 2],
    ['stale', 1],
  ]);
});
