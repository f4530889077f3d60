import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { pushesOf } from '#core/engine/effects-push.ts';
import type { Event } from '#core/engine/event.ts';
import { evolve } from '#core/engine/evolve.ts';
import type { Input } from '#core/engine/input.ts';
import type { Message } from '#core/engine/message.ts';
import type { Policy } from '#core/engine/policy.ts';
import { unfinishedExits } from '#core/engine/pulse-sheet.ts';
import { reason } from '#core/gates/reason.ts';
import { renderMessage } from '#shell/chat/render.ts';
import { type Desk, deskAfter, step } from '../../support/engine.ts';
import { cnAt, PULSE_DAY, pulseMarket } from '../../support/pulse-market.ts';
import {
  checkpointInput,
  minuteInput,
  PULSE_MORNING,
  pulsePolicyOf,
} from '../../support/pulse-steps.ts';

const LATE = reason('checkpoint_missed', { why: 'worker ended', lateMs: 95_000 });

function missed(checkpoint: string, at = cnAt(checkpoint)): Input {
  return { kind: 'checkpoint_missed', at, tradingDay: PULSE_DAY, checkpoint, reasons: [LATE] };
}

function attacking(policy: Policy = pulsePolicyOf()): Desk {
  const desk = deskAfter(PULSE_MORNING, policy);
  return step(desk, checkpointInput(desk, pulseMarket(), '10:00')).desk;
}

/** Messages of a step's events, each with the state right after it. */
function messagesOf(desk: Desk, events: readonly Event[]): Message[] {
  let { state } = desk;
  return events.flatMap((event) => {
    state = evolve(state, event);
    return pushesOf(event, state, desk.policy).map(({ message }) => message);
  });
}

suite('given a desk whose checkpoint was not made', () => {
  test('SP-02 CX-04 it says a verdict with what was missing and does not attack any more', () => {
    const before = attacking();
    assert.equal(before.state.pulse?.stance.stance, 'attack');
    const { desk, events } = step(before, missed('14:00'));
    assert.equal(desk.state.pulse?.stance.stance, 'watch');
    assert.equal(desk.state.pulse?.watching, null);
    const verdict = messagesOf(before, events).find(({ kind }) => kind === 'verdict_no_trade');
    assert.ok(verdict?.kind === 'verdict_no_trade');
    const zh = renderMessage(verdict, 'zh', { now: desk.state.day?.session.openAt ?? 0 });
    assert.equal(zh.lines[0], '■ 14:00 不开仓 · 数据未就绪');
    assert.match(zh.lines.join('\n'), /决策点未能按时进行/);
    assert.equal(desk.state.pulse?.gates.at(-1)?.passed, false);
  });

  test('SP-12 a desk that fails open keeps its stance and still watches nothing', () => {
    const policy = pulsePolicyOf();
    const open = { ...policy, pulse: { ...policy.pulse!, whenMissed: 'open' as const } };
    const { desk } = step(attacking(open), missed('14:00'));
    assert.equal(desk.state.pulse?.stance.stance, 'attack');
    assert.equal(desk.state.pulse?.watching, null);
  });

  test('SP-02 a checkpoint that was judged is not missed, one that was missed is not judged later', () => {
    const before = attacking();
    assert.deepEqual(step(before, missed('10:00', cnAt('10:02'))).events, []);
    const gone = step(deskAfter(PULSE_MORNING, pulsePolicyOf()), missed('10:00')).desk;
    assert.deepEqual(step(gone, checkpointInput(gone, pulseMarket(), '10:00')).events, []);
  });

  test('SP-12 a sell-only checkpoint that was missed does not count as a gate', () => {
    const { desk } = step(attacking(), missed('14:45'));
    assert.equal(desk.state.pulse?.stance.stance, 'attack');
    assert.equal(desk.state.pulse?.gates.length, 1);
  });
});

test('CX-04 the verdict of a checkpoint that only sells says nothing of a gate', () => {
  const { desk } = step(attacking(), checkpointInput(attacking(), pulseMarket(), '14:45'));
  const verdict = desk.state.lastVerdict;
  assert.ok(verdict?.checkpoint === '14:45');
  const at = cnAt('14:45');
  const axes = { deskId: 'd', mode: 'semi', permission: 'active', isSafeMode: false, phases: [] };
  const message = {
    kind: 'verdict_no_trade',
    at,
    axes,
    verdict,
    zone: 'Asia/Shanghai',
    currency: 'CNY',
  };
  const [title] = renderMessage(message as unknown as Message, 'en', { now: at }).lines;
  assert.equal(title, '■ 14:45 no trade');
});

suite('given the end of an A-share day', () => {
  const closed = (desk: Desk): ReturnType<typeof step> =>
    step(desk, { kind: 'session_closed', at: cnAt('15:20'), labels: [], equityMinor: 100_120_000 });

  test('CX-12 the report of 15:20 has gates, stance path, result and what the funnel refused', () => {
    const before = step(attacking(), missed('14:00')).desk;
    const { events } = closed(before);
    const report = messagesOf(before, events).find(({ kind }) => kind === 'daily_report');
    assert.ok(report?.kind === 'daily_report');
    const text = renderMessage(report, 'zh', { now: cnAt('15:20') }).lines.join('\n');
    assert.match(text, /当日净值 \+¥1,200\.00 · 本月 0\.12% · 总资产 ¥1,001,200\.00/);
    assert.match(text, /闸门:10:00 ✓ 盯买点 · 14:00 ✕ 数据未就绪,不开仓/);
    assert.match(text, /状态:观望 → 进攻\(北京10:00\) → 观望\(北京14:00\)/);
    assert.match(text, /漏斗 10:00:全市场 600 → 前三板块 150/);
    assert.match(text, /初稿/);
    assert.doesNotMatch(text, /收盘标签|未空仓/);
  });

  test('CX-12 the last word of 15:40 edits the same message, once', () => {
    const { desk } = closed(attacking());
    const due: Input = {
      kind: 'report_due',
      at: cnAt('15:40'),
      tradingDay: PULSE_DAY,
      equityMinor: 100_130_000,
    };
    const final = step(desk, due);
    const pushes = final.events.flatMap((event) => pushesOf(event, final.desk.state, desk.policy));
    assert.deepEqual(
      pushes.map(({ editKey }) => editKey),
      [`report:${PULSE_DAY}`],
    );
    assert.match(
      renderMessage(pushes[0]!.message, 'en', { now: cnAt('15:40') }).lines[0] ?? '',
      / · final$/,
    );
    assert.deepEqual(step(final.desk, { ...due, at: cnAt('15:41') }).events, []);
    const open = step(attacking(), due).events.map(({ type }) => type);
    assert.ok(!open.includes('report_finalized'));
  });
});

suite('given a ticket of the A-share desk', () => {
  test('SP-08 its card says plan, size, T+1, gap and where it comes from, in both languages', () => {
    const before = attacking();
    const { desk } = step(before, minuteInput(before, pulseMarket(), '10:00'));
    const [ticket] = Object.values(desk.state.tickets);
    assert.ok(ticket !== undefined);
    const axes = {
      deskId: 'cn-sector-pulse',
      mode: 'semi',
      permission: 'active',
      isSafeMode: false,
      phases: [],
    } as const;
    const place = { zone: 'Asia/Shanghai', currency: 'CNY' };
    const message = { kind: 'signal_entry', at: ticket.createdAt, axes, ticket, ...place } as const;
    const zh = renderMessage(message, 'zh', { now: ticket.createdAt + 20_000 }).lines;
    assert.match(
      zh[0] ?? '',
      /^▲ 买入 stock 6\d+ 6\d+ \d+股 ≤ \d+\.\d\d · [2-9A-Z]{4} · 9分 40秒$/,
    );
    assert.match(
      zh[1] ?? '',
      /^止损 \d+\.\d\d\(−4%\) · 目标 \d+\.\d\d 一半数量 \/ \d+\.\d\d 全部$/,
    );
    assert.match(zh[3] ?? '', /^首仓[\d.]+%\(总仓 0%→[\d.]+%\) · 今日不可卖/);
    assert.match(zh[4] ?? '', /第\d强.*板内第\d · 强度0\.\d\d · 量比2\.0 · 距VWAP 0%/);
    assert.match(zh[5] ?? '', /手工账户/);
    const en = renderMessage(message, 'en', { now: ticket.createdAt }).lines.join('\n');
    assert.match(en, /not to be sold today/);
    assert.doesNotMatch(en, /undefined|NaN|expectancy/);
  });
});

test('SP-09 the sheet of the morning is told once, with what an exit of yesterday left', () => {
  const desk = deskAfter(PULSE_MORNING, pulsePolicyOf());
  const sheet: Input = {
    kind: 'sheet_prepared',
    at: cnAt('09:10'),
    tradingDay: PULSE_DAY,
    lines: [],
    gate: [],
    killSwitch: [],
  };
  const first = step(desk, sheet);
  assert.deepEqual(
    first.events.map(({ type }) => type),
    ['sheet_prepared'],
  );
  assert.deepEqual(step(first.desk, { ...sheet, at: cnAt('09:11') }).events, []);
  assert.deepEqual(unfinishedExits(desk.state), []);
});
