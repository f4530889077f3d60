import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { Message } from '#core/engine/message.ts';
import type { Notice } from '#core/replies/notice.ts';
import { parseReply } from '#core/replies/parse.ts';
import { LONGEST_TEXT, renderMessage, renderNotice } from '#shell/chat/render.ts';
import { ny, QQQM } from '../../support/builders.ts';
import { CLOSED_TICKET, SAMPLE_TICKET, SAMPLES } from '../../support/chat-samples.ts';

const NOW = ny('10:07') + 2000;
const LANGUAGES = ['en', 'zh'] as const;
const textOf = (card: { lines: readonly string[] }) => card.lines.join('\n');

suite('every message', () => {
  for (const language of LANGUAGES) {
    for (const message of Object.values<Message>(SAMPLES)) {
      test(`CX-14 ${message.kind} speaks ${language}, shows the axes and has buttons that are understood`, () => {
        const card = renderMessage(message, language, { now: NOW });
        assert.ok(card.lines.length > 0);
        assert.ok(textOf(card).includes('us-vwap'), 'axes');
        assert.ok(textOf(card).length <= LONGEST_TEXT);
        assert.doesNotMatch(textOf(card), /undefined|NaN|\[object|null/);
        for (const button of card.buttons.flat()) {
          assert.ok(['act', 'question'].includes(parseReply(button.command).kind), button.command);
        }
      });
    }
  }
});

test('CX-05 the ticket card in English', () => {
  const card = renderMessage(SAMPLES.signal_entry, 'en', {
    now: NOW,
    operatorZone: 'Asia/Shanghai',
  });
  assert.deepEqual(card.lines, [
    '▲ BUY QQQM 21 @ ≤ 252.38 · K7QD · 118 s',
    'stop 251.96 · +1R 252.80 · 1R = $8.82 (0.03 %) · cost 0.14R',
    'us-vwap · active · ok · trading_allowed · 10:07 ET (23:07)',
    '✓ close against VWAP 252.36 > 252.10 · ✓ close against MA20 252.36 > 247.90',
    'day so far: undecided',
    'expectancy: not measured yet',
  ]);
  assert.deepEqual(
    card.buttons[0]?.map((button) => button.command),
    ['/confirm K7QD v1', '/half K7QD v1', '/skip K7QD v1', '/why K7QD'],
  );
});

test('CX-05 the ticket card in Chinese', () => {
  const card = renderMessage(SAMPLES.signal_entry, 'zh', {
    now: NOW,
    operatorZone: 'Asia/Shanghai',
  });
  assert.deepEqual(card.lines, [
    '▲ 买入 QQQM 21股 ≤ 252.38 · K7QD · 118秒',
    '止损 251.96 · +1R 252.80 · 1R=$8.82(0.03%) · 成本0.14R',
    'us-vwap · 可开仓 · 正常 · 可交易时段 · 美东10:07(北京23:07)',
    '✓ 收盘对VWAP 252.36 > 252.10 · ✓ 收盘对MA20 252.36 > 247.90',
    '当前日型:未定',
    '期望:尚未测量',
  ]);
});

test('CX-01 a ticket in later life shows how far it is and has no buttons', () => {
  const card = renderMessage({ ...SAMPLES.signal_entry, ticket: CLOSED_TICKET }, 'en', {
    now: NOW,
  });
  assert.deepEqual(card.buttons, []);
  assert.equal(card.lines[0], '✓ confirmed: BUY QQQM 21 @ ≤ 252.38 · K7QD');
  assert.equal(card.lines[5], 'expectancy undecided: −0.02R [−0.21 … +0.17], n 86: not proven');
  assert.equal(
    card.lines[6],
    '✓ confirmed by Li · sent · filled 21 @ 252.36 (−0.02) · stop live at broker · +1R: sold 10 @ 252.80 · stop → 252.36 · closed +0.90R (+$7.90) · 10:22:00 ET',
  );
});

test('an advice has no way to be confirmed', () => {
  const advice = { ...SAMPLES.signal_entry, ticket: { ...SAMPLE_TICKET, isAdvice: true } };
  const card = renderMessage(advice, 'en', { now: NOW });
  assert.match(card.lines[0]!, /advice only/);
  assert.deepEqual(
    card.buttons.flat().map((button) => button.command),
    ['/why K7QD'],
  );
});

test('CX-04 the verdict of a day without a trade names each refusal with its figures', () => {
  const card = renderMessage(SAMPLES.verdict_no_trade, 'en', { now: NOW });
  assert.equal(card.lines[0], '■ No trade today · us-vwap · 2026-11-20');
  assert.ok(
    card.lines.includes('  10:12 ET MU long stop too wide: distance 0.31 ATR, limit 0.25 ATR'),
  );
  assert.ok(card.lines.includes('  10:44 ET QQQM long spread too wide: spread 7 bp, limit 5 bp'));
  assert.ok(card.lines.includes('  14:05 ET AAPL long cost too high: cost 0.24R, limit 0.2R'));
});

test('the first 60 characters carry side, symbol, quantity and code', () => {
  for (const language of LANGUAGES) {
    const head = renderMessage(SAMPLES.signal_entry, language, { now: NOW }).lines[0]!.slice(0, 60);
    for (const part of ['QQQM', '21', '252.38', 'K7QD']) assert.ok(head.includes(part), part);
  }
});

/** Every text of a value replaced by `put`, at any depth. */
function withTexts(value: unknown, put: (text: string, key: string) => string, key = ''): unknown {
  if (typeof value === 'string') return put(value, key);
  if (Array.isArray(value)) return value.map((item) => withTexts(item, put, key));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, withTexts(item, put, name)]),
  );
}

test('every message fits and keeps to its lines with hostile words in it', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 3000 }),
    fc.constantFrom(
      '<b>&amp;</b>'.repeat(400),
      '\u001b[2J',
      'a\nb\r\u2028c',
      '\u202Eevil',
      '_*[`'.repeat(900),
    ),
  );
  const free = new Set([
    'by',
    'reason',
    'cause',
    'subject',
    'ours',
    'theirs',
    'why',
    'name',
    'words',
    'source',
    'orderId',
    'scope',
  ]);
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.values<Message>(SAMPLES)),
      hostile,
      fc.constantFrom(...LANGUAGES),
      (message, evil, language) => {
        const changed = withTexts(message, (text, key) =>
          free.has(key) &&
          !(key === 'cause' && message.kind !== 'order_unknown') &&
          !(key === 'scope' && message.kind.startsWith('lock'))
            ? evil
            : text,
        ) as Message;
        const card = renderMessage(changed, language, { now: NOW });
        assert.ok(textOf(card).length <= LONGEST_TEXT);
        for (const line of card.lines) assert.doesNotMatch(line, /[\p{Cc}\u2028\u2029\u202E]/u);
      },
    ),
    { numRuns: 400 },
  );
});

test('a hundred refusals and symbols still fit one message', () => {
  const refused = Array.from({ length: 100 }, () => SAMPLES.verdict_no_trade.verdict.refused[0]!);
  const evidence = Array.from({ length: 100 }, () => SAMPLES.verdict_no_trade.verdict.evidence[0]!);
  const verdict = { ...SAMPLES.verdict_no_trade.verdict, refused, evidence };
  for (const language of LANGUAGES) {
    const card = renderMessage({ ...SAMPLES.verdict_no_trade, verdict }, language, { now: NOW });
    assert.ok(textOf(card).length <= LONGEST_TEXT);
  }
});

type NoticeOf<K> = Extract<Notice, { readonly kind: K }>;
const HELD = { instrument: QQQM, quantity: 21, stop: 251.96 };
const NOTICES: { readonly [K in Notice['kind']]: NoticeOf<K> } = {
  not_understood: { kind: 'not_understood' },
  unknown_command: { kind: 'unknown_command', found: 'stats', nearest: 'status' },
  bad_arguments: { kind: 'bad_arguments', command: 'exit', found: 'x', expected: '[symbol]' },
  role_too_low: { kind: 'role_too_low', command: 'kill', role: 'viewer', needed: 'operator' },
  chat_read_only: { kind: 'chat_read_only' },
  late_refused: { kind: 'late_refused', command: 'allow', sentAt: NOW - 600_000, lateMs: 600_000 },
  late_honored: { kind: 'late_honored', command: 'stop', sentAt: NOW - 600_000, lateMs: 600_000 },
  button_outdated: { kind: 'button_outdated', command: 'allow' },
  button_unknown: { kind: 'button_unknown' },
  which_ticket: { kind: 'which_ticket', command: 'confirm', candidates: [SAMPLE_TICKET] },
  no_ticket: { kind: 'no_ticket' },
  nothing_to_report: { kind: 'nothing_to_report', target: 'K7QD' },
  ticket_too_fresh: { kind: 'ticket_too_fresh', code: 'K7QD' },
  which_desk: { kind: 'which_desk', command: 'allow', desks: ['us-vwap'] },
  unknown_desk: { kind: 'unknown_desk', found: 'x', desks: ['us-vwap'] },
  second_confirm: {
    kind: 'second_confirm',
    needsCode: false,
    nonce: 'abcd',
    phrase: null,
    deskId: 'us-vwap',
    accountId: 'paper-us',
    environment: 'paper',
    validMs: 60_000,
    consequence: { act: 'flatten', positions: [HELD] },
  },
  code_refused: { kind: 'code_refused', answer: { kind: 'wrong', triesLeft: 4 } },
  second_confirm_dead: { kind: 'second_confirm_dead', cause: 'expired' },
  second_confirm_dropped: { kind: 'second_confirm_dropped', command: 'flatten' },
  position_changed: { kind: 'position_changed', target: 'QQQM' },
  nothing_held: { kind: 'nothing_held', target: null },
  nothing_external: { kind: 'nothing_external', target: 'AAPL' },
  kill_menu: { kind: 'kill_menu', desks: ['us-vwap'], positions: 1 },
  exit_list: { kind: 'exit_list', positions: [{ ...HELD, deskId: 'us-vwap' }] },
  mode_menu: { kind: 'mode_menu', desks: [{ deskId: 'us-vwap', mode: 'semi' }] },
  acted_without_store: {
    kind: 'acted_without_store',
    command: 'kill',
    canceled: 2,
    protectionKept: 2,
    desks: ['us-vwap'],
  },
  store_down: { kind: 'store_down' },
  act_failed: { kind: 'act_failed', command: 'skip' },
  accepted: { kind: 'accepted', command: 'ack', subject: 'a1' },
  language_set: { kind: 'language_set', language: 'en' },
  paired: { kind: 'paired', name: 'Li', role: 'owner' },
  pair_refused: { kind: 'pair_refused' },
  pairing_offered: { kind: 'pairing_offered', pairingCode: 'ABC123', validMs: 600_000 },
  security_denied: {
    kind: 'security_denied',
    channel: 'telegram',
    userId: '9',
    chatId: '9',
    count: 3,
  },
  channel_degraded: {
    kind: 'channel_degraded',
    channel: 'telegram',
    cause: 'conflict',
    since: NOW,
    zone: 'America/New_York',
  },
};

test('CX-14 every notice speaks both languages and its buttons are understood', () => {
  for (const language of LANGUAGES) {
    for (const notice of Object.values<Notice>(NOTICES)) {
      const card = renderNotice(
        notice,
        language,
        { zone: 'America/New_York', currency: 'USD' },
        { now: NOW },
      );
      assert.ok(textOf(card).length > 0, notice.kind);
      assert.doesNotMatch(textOf(card), /undefined|NaN|\[object/, notice.kind);
      for (const button of card.buttons.flat()) {
        assert.ok(
          ['act', 'question', 'second_confirm'].includes(parseReply(button.command).kind),
          button.command,
        );
      }
    }
  }
});
