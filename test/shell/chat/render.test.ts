import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { flattenSheet } from '#core/engine/flatten-sheet.ts';
import type { Message } from '#core/engine/message.ts';
import type { Check } from '#core/gates/gate.ts';
import { reason } from '#core/gates/reason.ts';
import { LONGEST_TEXT } from '#core/replies/message-length.ts';
import type { Notice } from '#core/replies/notice.ts';
import { parseReply } from '#core/replies/parse.ts';
import { renderMessage, renderNotice } from '#shell/chat/render.ts';
import { signOf } from '#shell/chat/text/rule-lines.ts';
import { ny, QQQM, withPosition } from '../../support/builders.ts';
import { CLOSED_TICKET, SAMPLE_TICKET, SAMPLES } from '../../support/chat-samples.ts';
import { deskAfter } from '../../support/engine.ts';

const NOW = ny('10:07') + 2000;
const HOLDING = deskAfter(withPosition());
const SHEET = flattenSheet(HOLDING.state, HOLDING.view, HOLDING.policy, NOW);
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

test('CX-04 the verdict of a passed checkpoint tells no result of a day that is not over', () => {
  const message = {
    ...SAMPLES.verdict_signals,
    verdict: {
      ...SAMPLES.verdict_signals.verdict,
      checkpoint: '10:00',
      tickets: 0,
      confirmed: 0,
      trades: 0,
    },
  } as Message;
  const [title, second] = renderMessage(message, 'en', { now: NOW }).lines;
  assert.equal(title, '■ 10:00 entries may follow · their buy points are watched');
  assert.equal(second, 'so far today: tickets 0, confirmed 0, trades closed 0');
  assert.equal(
    renderMessage(message, 'zh', { now: NOW }).lines[0],
    '■ 10:00 可出信号 · 正在盯买点',
  );
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
    ['/confirm K7QD v1', '/half K7QD v1', '/skip K7QD v1', '/why K7QD', '/chart K7QD'],
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

test('ID-13 a ticket without an edge says what was measured, how far its label is right, and has no buttons to buy', () => {
  const ticket = {
    ...SAMPLES.signal_entry.ticket,
    isAdvice: true,
    isWithoutEdge: true,
    expectancy: { meanR: -0.169, lowR: -0.326, highR: -0.002, trades: 177, isOfAllDays: true },
    label: { minute: 30, said: 50, right: 14 },
  } as const;
  const card = renderMessage({ ...SAMPLES.signal_entry, ticket }, 'en', { now: NOW });
  assert.match(card.lines[0] ?? '', /K7QD · advice only$/);
  assert.deepEqual(card.lines.slice(5), [
    'expectancy all day types: −0.17R [−0.33 … −0.00], n 177: below zero',
    'this label, told 30 min after the open, was right by the close 28 % of 50 times',
    'no edge was measured: advice only (/mode to trade all the same)',
  ]);
  const commands = card.buttons.flat().map(({ command }) => command.split(' ')[0]);
  for (const answer of ['/confirm', '/half', '/skip']) assert.ok(!commands.includes(answer));
  const zh = renderMessage({ ...SAMPLES.signal_entry, ticket }, 'zh', { now: NOW });
  assert.deepEqual(zh.lines.slice(5), [
    '期望:全部日型 −0.17R [−0.33 … −0.00] n=177,低于零',
    '开盘后 30 min 给出该日型时,收盘判定相符占 28 %(50 次)',
    '测得没有优势:仅提示(仍要交易用 /模式)',
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
    ['/why K7QD', '/chart K7QD'],
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
const BACKTEST = { strategy: 'vwap-reclaim', from: '2024-05-01', to: '2024-12-31' };

const NOTICES: { readonly [K in Notice['kind']]: NoticeOf<K> } = {
  not_understood: { kind: 'not_understood' },
  unknown_account: { kind: 'unknown_account', found: '<x>', accounts: ['alpaca-us'] },
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
    consequence: { act: 'flatten', sheets: [SHEET] },
  },
  code_refused: { kind: 'code_refused', answer: { kind: 'wrong', triesLeft: 4 } },
  second_confirm_dead: { kind: 'second_confirm_dead', cause: 'expired' },
  second_confirm_dropped: { kind: 'second_confirm_dropped', command: 'flatten' },
  position_changed: { kind: 'position_changed', target: 'QQQM' },
  backtest_busy: { kind: 'backtest_busy', running: BACKTEST },
  backtest_progress: {
    kind: 'backtest_progress',
    ...BACKTEST,
    stage: 'layer_b',
    done: 50,
    of: 194,
  },
  backtest_done: {
    kind: 'backtest_done',
    ...BACKTEST,
    symbols: ['SPY'],
    firstDay: '2024-05-01',
    lastDay: '2024-12-31',
    days: 150,
    warmUpDays: 20,
    layers: [{ layer: 'B', trades: 173, missing: 0, averageR: -0.013, low: -0.157, high: 0.134 }],
    tried: 1,
    tookMs: 42_000,
    notes: ['QQQM.US: opens on 2024-06-10 at 0.500 times the close before'],
    folder: 'data/backtests/vwap-reclaim_2024-05-01_2024-12-31',
  },
  backtest_failed: { kind: 'backtest_failed', ...BACKTEST, cause: null },
  unknown_symbol: { kind: 'unknown_symbol', found: '<B>', known: ['QQQM'] },
  watch_full: { kind: 'watch_full', most: 20 },
  account_used: { kind: 'account_used', account: 'alpaca-us' },
  only_account: { kind: 'only_account', account: 'alpaca-us' },
  nothing_held: { kind: 'nothing_held', target: null },
  drill_refused: { kind: 'drill_refused', accounts: ['alpaca-us'] },
  drill_begun: { kind: 'drill_begun', deskId: 'us-vwap' },
  drill_done: {
    kind: 'drill_done',
    report: {
      deskId: 'us-vwap',
      accountId: 'paper-us',
      stageOne: {
        entries: 2,
        firstCancelMs: 3.2,
        allOutMs: 640,
        protection: 3,
        protectionKept: 2,
      },
      stageTwo: {
        positions: 2,
        firstSaleMs: 120,
        lastFillMs: 2_100,
        isOver: true,
        left: [{ instrument: QQQM, quantity: 5, reason: { code: 'suspended', figures: {} } }],
      },
    },
  },
  nothing_external: { kind: 'nothing_external', target: 'AAPL' },
  kill_menu: { kind: 'kill_menu', desks: ['us-vwap'], positions: 1 },
  stops: {
    kind: 'stops',
    isDry: true,
    rows: [{ ...HELD, deskId: 'us-vwap', entryPrice: 100, to: 98.5, change: 'widen' }],
  },
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
  role_set: { kind: 'role_set', user: 'telegram:8', name: 'Li', role: 'viewer', by: 'Wang' },
  role_refused: { kind: 'role_refused', user: 'telegram:8', reason: 'last_owner' },
  pairing_offered: { kind: 'pairing_offered', pairingCode: 'ABC123', validMs: 600_000 },
  security_denied: {
    kind: 'security_denied',
    channel: 'telegram',
    userId: '9',
    chatId: '9',
    count: 3,
  },
  calendar_ending: {
    kind: 'calendar_ending',
    ends: [
      { of: 'days', market: 'CN', through: '2026-12-31' },
      { of: 'events', event: 'cpi', through: '2026-12-31' },
    ],
  },
  wechat_window_closing: {
    kind: 'wechat_window_closing',
    channel: 'wechat',
    left: 2,
    closesAt: NOW + 3_600_000,
    zone: 'America/New_York',
  },
  channel_degraded: {
    kind: 'channel_degraded',
    channel: 'telegram',
    cause: 'conflict',
    since: NOW,
    zone: 'America/New_York',
  },
  chart_caption: {
    kind: 'chart_caption',
    of: 'intraday',
    subject: 'QQQM',
    deskId: 'us-vwap',
    tradingDay: '2026-11-17',
    mark: 'K7QD',
  },
  chart_missing: { kind: 'chart_missing', target: '<b>' },
  zone_set: { kind: 'zone_set', zone: 'Asia/Shanghai' },
  config_set: {
    kind: 'config_set',
    change: { key: 'channels.pictures', from: 'true', to: 'false', countsFrom: 'now' },
    file: 'config/local/channels.yaml',
  },
  config_refused: { kind: 'config_refused', line: '/config: found "<x>", expected channels.order' },
  reloaded: {
    kind: 'reloaded',
    changes: [{ key: 'us-vwap.capital', from: '1', to: '<b>', countsFrom: 'restart' }],
  },
  job_refused: { kind: 'job_refused', job: '<b>', known: ['sync-calendar'] },
  job_early: { kind: 'job_early', job: 'us-close', dueAt: NOW },
  task_busy: { kind: 'task_busy', command: 'backup' },
  task_begun: { kind: 'task_begun', command: 'job', subject: 'sync-calendar' },
  job_done: { kind: 'job_done', job: 'sync-calendar', tookMs: 900 },
  backup_done: { kind: 'backup_done', folder: 'data/backups/x', tables: 20, rows: 1200, tookMs: 9 },
  selftest_done: {
    kind: 'selftest_done',
    checks: [
      { name: 'node', state: 'ok', found: '26', cure: null },
      { name: 'chat', state: 'failed', found: '<refused>', cure: 'ask BotFather' },
    ],
    tookMs: 900,
  },
  task_failed: { kind: 'task_failed', command: 'backup', subject: '', cause: 'disk <full>' },
  chart_failed: { kind: 'chart_failed' },
  why_words: { kind: 'why_words', model: 'some-model', words: 'The gate <b>failed</b>.\nWatch.' },
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

test('ID-10 SAFE_MODE by many unknown orders is one short line in both languages', () => {
  const causes = [{ ...SAMPLES.safe_mode_on.causes[0]!, subject: 'X-1', others: 39 }];
  const message = { ...SAMPLES.safe_mode_on, causes } as Message;
  assert.match(textOf(renderMessage(message, 'en', { now: NOW })), /broker X-1 and 39 more since/);
  assert.match(textOf(renderMessage(message, 'zh', { now: NOW })), /X-1 等 40 处 自/);
});

test('CX-04 alike refused setups are one line with their number, the rest is counted', () => {
  const setup = SAMPLES.verdict_no_trade.verdict.refused[0]!;
  const many = [0, 1, 2].map((minute) => ({ ...setup, at: setup.at + minute * 60_000 }));
  const verdict = { ...SAMPLES.verdict_no_trade.verdict, refused: many };
  const message = { ...SAMPLES.verdict_no_trade, verdict } as Message;
  for (const language of LANGUAGES) {
    const { lines: all } = renderMessage(message, language, { now: NOW });
    const lines = all.filter((line) => line.includes('MU '));
    assert.equal(lines.length, 1, language);
    assert.match(lines[0] ?? '', / ×3$/);
  }
});

test('CX-04 a checkpoint that does not trade says so once', () => {
  const verdict = { ...SAMPLES.verdict_no_trade.verdict, checkpoint: '14:45', reasons: [] };
  const message = { ...SAMPLES.verdict_no_trade, verdict } as Message;
  assert.equal(renderMessage(message, 'en', { now: NOW }).lines[0], '■ 14:45 no trade');
  assert.equal(renderMessage(message, 'zh', { now: NOW }).lines[0], '■ 14:45 不开仓');
});

test('AL-03 slippage is told in words: which way, and in percent where it is large', () => {
  const of = (ticketBps: number | null, midBps: number | null, language: 'en' | 'zh') =>
    textOf(
      renderMessage(
        { ...SAMPLES.stop_hit, trade: null, slippage: { ticketBps, midBps } } as Message,
        language,
        {
          now: NOW,
        },
      ),
    );
  assert.match(of(-1093.9, null, 'en'), /slippage 10\.94 % better than agreed/);
  assert.match(of(-1093.9, null, 'zh'), /滑点 优于约定价 10\.94%/);
  assert.match(of(3.2, 0, 'en'), /slippage 3\.2 bp worse than agreed, at the mid/);
  assert.match(of(3.2, -1, 'zh'), /滑点 劣于约定价 3\.2 bp,优于中间价 1 bp/);
  assert.match(of(null, null, 'en'), /slippage not known/);
});

test('CX-04 a row of money shows money, and its sign as it is true', () => {
  const row = {
    name: 'risk_cash_short',
    passed: true,
    value: 97_392,
    operator: '<=',
    threshold: 500_000,
    unit: 'minor',
    source: 'account',
    asOf: NOW,
    degraded: false,
  } as Check;
  const ticket = { ...SAMPLE_TICKET, checks: [row] };
  const message = { ...SAMPLES.signal_entry, ticket } as Message;
  for (const language of LANGUAGES)
    assert.match(textOf(renderMessage(message, language, { now: NOW })), /\$973\.92 ≤ \$5,000\.00/);
  assert.equal(signOf(row), '≤');
  assert.equal(signOf({ ...row, passed: false }), '>');
});

test('CX-04 a position that was taken over is no card of a signal', () => {
  const ticket = {
    ...CLOSED_TICKET,
    state: 'confirmed',
    instrument: '600900.SH',
    closed: { at: NOW, by: 'book', reason: null, price: 28.4 },
  };
  const message = { ...SAMPLES.signal_entry, ticket } as Message;
  const [en, zh] = LANGUAGES.map((language) => renderMessage(message, language, { now: NOW }));
  assert.match(en?.lines[0] ?? '', /^● Taken over: 600900 /);
  assert.match(zh?.lines[0] ?? '', /^● 已接管:600900 /);
  for (const card of [en, zh]) assert.doesNotMatch(textOf(card!), /VWAP|1R ?=|expectancy|期望/);
  const adopted = { ...SAMPLES.position_adopted, instrument: '600900.SH' } as Message;
  assert.match(textOf(renderMessage(adopted, 'en', { now: NOW })), /T\+1/);
  assert.match(textOf(renderMessage(SAMPLES.position_adopted, 'zh', { now: NOW })), /收盘前卖出/);
});

test('CX-14 an entry that is not handed over for want of a word on the account says so, and blames no broker', () => {
  const message = { ...SAMPLES.order_denied, reason: reason('not_attested') };
  const said = LANGUAGES.map((language) => renderMessage(message, language, { now: NOW }).lines);
  assert.deepEqual(
    said.map((lines) => lines.at(-2)),
    [
      'nobody has said today what the account holds: /reconcile <symbol> <quantity> … cash <amount>',
      '今天还没有人报告账户持仓:对账 代码 数量 … 现金 金额',
    ],
  );
});
