import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Check } from '#core/gates/gate.ts';
import { checkOf } from '#core/gates/gate.ts';
import { reason } from '#core/gates/reason.ts';
import { gateReasons } from '#core/strategies/sector-pulse/verdict.ts';
import { renderMessage } from '#shell/chat/render.ts';
import { ny } from '../../support/builders.ts';
import { SAMPLE_VERDICT, SAMPLES } from '../../support/chat-samples.ts';

const AT = ny('10:00');
const found = { unit: 'count', source: 'test', asOf: AT, degraded: false };
const check = (
  name: string,
  value: Check['value'],
  operator: Check['operator'],
  threshold: Check['threshold'],
) => checkOf({ ...found, name, value, operator, threshold });

test('SP-02 CX-14 a condition of the gate that did not hold is told in the sense that is true', () => {
  const checks = [
    check('limit_up_count', 22, '>=', 30),
    check('concentration_percentile', 0.9123, '<=', 0.85),
    check('vol_percentile', null, '<=', 0.8),
    check('index_above_ma20', false, '==', true),
  ];
  const reasons = gateReasons({ checkpoint: '10:00', passed: false, checks });
  const message = { ...SAMPLES.verdict_no_trade, verdict: { ...SAMPLE_VERDICT, reasons } };
  const linesOf = (language: 'en' | 'zh') =>
    renderMessage(message, language, { now: AT }).lines.filter((line) => line.startsWith('✕'));
  assert.deepEqual(linesOf('en'), [
    '✕ gate condition not met: limit-ups 22 < 30',
    '✕ gate condition not met: concentration percentile 0.91 > 0.85',
    '✕ gate condition not met: volatility percentile not known (≤ 0.8)',
    '✕ gate condition not met: SSE Composite at or above MA20',
  ]);
  assert.deepEqual(linesOf('zh'), [
    '✕ 闸门条件未满足:涨停家数 22 < 30',
    '✕ 闸门条件未满足:集中度分位 0.91 > 0.85',
    '✕ 闸门条件未满足:波动分位 未知 (≤ 0.8)',
    '✕ 闸门条件未满足:上证不低于MA20',
  ]);
});

test('CX-14 CX-07 a refusal under a kill says since when in the time of the market', () => {
  const killed = reason('killed', { since: AT, by: 'terminal:owner' });
  const message = {
    ...SAMPLES.verdict_no_trade,
    verdict: { ...SAMPLE_VERDICT, reasons: [killed] },
  };
  const told = (language: 'en' | 'zh') =>
    renderMessage(message, language, { now: AT }).lines.filter((line) => line.startsWith('✕'));
  assert.deepEqual(told('en'), ['✕ killed; /resume first: since 10:00:00 ET, by terminal:owner']);
  assert.deepEqual(told('zh'), ['✕ 急停中;请先 /resume:自 美东10:00:00, 操作人 terminal:owner']);
});

test('SP-05 SP-02 CX-14 a resume, a permission and why a row is marked are told in words', () => {
  const resumed = reason('stance_resumed', { passedDays: 3, monthReturn: -0.0079 });
  const linesOf = (message: Parameters<typeof renderMessage>[0], language: 'en' | 'zh') =>
    renderMessage(message, language, { now: AT }).lines;
  const change = { ...SAMPLES.stance_change, reasons: [resumed] };
  assert.ok(
    linesOf(change, 'en').includes(
      '· resumed by the operator: passed days in a row 3, month −0.79 %',
    ),
    linesOf(change, 'en').join('|'),
  );
  assert.ok(
    linesOf(change, 'zh').includes('· 人工恢复:连续通过天数 3, 月度盈亏 −0.79%'),
    linesOf(change, 'zh').join('|'),
  );
  const reasons = [reason('risk_permission', { value: 'reducing' })];
  const verdict = { ...SAMPLES.verdict_no_trade, verdict: { ...SAMPLE_VERDICT, reasons } };
  assert.ok(linesOf(verdict, 'zh').includes('✕ 交易权限不允许开仓:只减不增'));
  const gate = {
    ...SAMPLES.gate_result,
    checks: [{ ...check('limit_up_count', 35, '>=', 30), degraded: true }],
    degraded: [
      {
        names: ['limit_up_count'],
        note: { code: 'rows_missing' as const, figures: { missing: 10, of: 600 } },
      },
      { names: ['index_above_ma20'], note: null },
    ],
  };
  assert.deepEqual(linesOf(gate, 'en').slice(1, 4), [
    '✓ limit-ups 35 ≥ 30 *',
    '* limit-ups: stocks missing 10/600',
    '* SSE Composite at or above MA20: source degraded',
  ]);
  assert.deepEqual(linesOf(gate, 'zh').slice(1, 4), [
    '✓ 涨停家数 35 ≥ 30 *',
    '* 涨停家数:缺少股票 10/600',
    '* 上证不低于MA20:数据源降级',
  ]);
});

test('SP-06 CX-14 a turnover is told in whole yuan with its digits grouped, a ratio is not', () => {
  const reasons = [
    reason('turnover_below_min', { value: 372_205_442.6, threshold: 500_000_000 }),
    reason('strength_below_min', { value: 0.7134, threshold: 0.75 }),
  ];
  const verdict = { ...SAMPLES.verdict_no_trade, verdict: { ...SAMPLE_VERDICT, reasons } };
  const { lines } = renderMessage(verdict, 'zh', { now: AT });
  assert.ok(lines.includes('✕ 成交额不足:372,205,443 < 500,000,000'), lines.join('|'));
  assert.ok(lines.includes('✕ 强度不足:0.71 < 0.75'), lines.join('|'));
});
