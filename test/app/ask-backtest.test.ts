import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Backtests, Pictures } from '#app/ports.ts';
import type { BacktestAsk } from '#core/replies/act.ts';
import type { BacktestResult, BacktestStep } from '#core/replies/notice.ts';
import { parseReply } from '#core/replies/parse.ts';
import { ready } from '../support/builders.ts';
import { chatHarness } from '../support/chat-harness.ts';
import { eventually } from '../support/eventually.ts';
import { CURVES } from '../support/pictures.ts';

const RESULT: BacktestResult = {
  symbols: ['QQQM'],
  firstDay: '2024-05-01',
  lastDay: '2024-12-31',
  days: 150,
  warmUpDays: 20,
  layers: [
    { layer: 'B', trades: 173, missing: 0, averageR: -0.013, low: -0.157, high: 0.134 },
    { layer: 'C', trades: 40, missing: 60, averageR: -0.2, low: -0.4, high: -0.1 },
  ],
  tried: 3,
  tookMs: 42_000,
  notes: [],
  folder: 'data/backtests/vwap-reclaim_2024-05-01_2024-12-31',
};

/** Backtests whose steps and end a test decides. */
function handmade() {
  type End = Awaited<NonNullable<ReturnType<Backtests['play']>>>;
  const state: {
    asked: BacktestAsk[];
    running: BacktestAsk | null;
    step: (step: BacktestStep) => void;
    end: (end: End) => void;
  } = { asked: [], running: null, step: () => undefined, end: () => undefined };
  const backtests: Backtests = {
    running: () => state.running,
    play(ask, _chat, onStep) {
      const { promise, resolve } = Promise.withResolvers<End>();
      state.asked.push(ask);
      state.running = ask;
      state.step = onStep;
      state.end = (end) => {
        state.running = null;
        resolve(end);
      };
      return promise;
    },
    left: () => null,
    stop: async () => undefined,
  };
  return { state, backtests };
}

const settled = async (h: Awaited<ReturnType<typeof chatHarness>>) => {
  for (let n = 0; n < 20; n += 1) await Promise.resolve();
  await h.deliverer.idle();
};

test('ID-13 CX-10 /backtest begins at once, edits one message while it is played, and ends with a card of its own', async () => {
  const { state, backtests } = handmade();
  const h = await chatHarness(ready(), { backtests });
  await h.say('/backtest vwap-reclaim 2024-05 2024-12', { userId: '2' });
  assert.deepEqual(state.asked, [
    { strategy: 'vwap-reclaim', from: '2024-05-01', to: '2024-12-31' },
  ]);
  const [begun] = h.channel.sent;
  assert.equal(begun?.edit, null);
  assert.equal(begun?.silent, true);
  state.step({ stage: 'layer_b', done: 50, of: 150 });
  await settled(h);
  const edited = h.channel.sent.at(-1);
  assert.equal(edited?.edit, 'm1');
  assert.match(edited?.card.lines.join('\n') ?? '', /signals \(B\) · day 50 of 150/);
  // the chat goes on meanwhile, and a second one is refused politely
  assert.deepEqual(await h.say('/ping', { userId: '2' }).then((lines) => lines.length), 1);
  const [busy] = await h.say('/backtest vwap-reclaim', { userId: '1' });
  assert.match(busy ?? '', /^One at a time: vwap-reclaim 2024-05-01 … 2024-12-31 is played now/);
  assert.equal(state.asked.length, 1);
  state.end({ kind: 'done', result: RESULT });
  await settled(h);
  const [last, card] = h.channel.sent.slice(-2);
  // this channel names every delivery anew, edits too
  assert.equal(last?.edit, 'm2');
  assert.match(last?.card.lines.join('\n') ?? '', /done · day 150 of 150/);
  assert.equal(card?.edit, null);
  assert.deepEqual(card?.card.lines, [
    'Backtest vwap-reclaim 2024-05-01 … 2024-12-31 · done in 42 s',
    'QQQM · 150 days played, 20 symbol days of warm-up · 2024-05-01 to 2024-12-31',
    'B signals, no friction: 173 trades, mean −0.013R, 95 % −0.157R … +0.134R: not distinguishable from zero',
    'C execution: 40 trades, N/A, 60 more trades are needed',
    'parameter sets tried on these bars: 3',
    'report and files: data/backtests/vwap-reclaim_2024-05-01_2024-12-31',
  ]);
  const kinds = (await h.store.outbox.ofRun('live')).map(({ kind }) => kind);
  assert.equal(kinds.filter((kind) => kind === 'backtest_done').length, 1);
  assert.deepEqual(h.failures, []);
});

test('ID-13 CX-12 the result is followed by its curves, drawn in the language of the chat', async () => {
  const { state, backtests } = handmade();
  const drawn: [string, string][] = [];
  const pictures: Pictures = {
    draw: async (picture, language) => {
      drawn.push([picture.kind, language]);
      return Buffer.from('89504e47', 'hex');
    },
    stop: async () => undefined,
  };
  const h = await chatHarness(ready(), { backtests, charts: { pictures, tapeOf: () => null } });
  await h.say('/lang zh', { userId: '2' });
  await h.say('/backtest vwap-reclaim', { userId: '2' });
  state.end({ kind: 'done', result: RESULT, curves: CURVES });
  await eventually(() => h.channel.sent.some(({ file }) => file !== undefined));
  const sent = h.channel.sent.at(-1);
  assert.equal(sent?.file?.kind, 'photo');
  assert.deepEqual(drawn, [['curves', 'zh']]);
  assert.deepEqual(h.failures, []);
});

test('ID-13 CX-14 a backtest that fails says why in one line, in the language of the chat', async () => {
  const { state, backtests } = handmade();
  const h = await chatHarness(ready(), { backtests });
  await h.say('/lang zh', { userId: '2' });
  await h.say('/回测 vwap-reclaim 2024 2024', { userId: '2' });
  assert.match(
    h.channel.sent.at(-1)?.card.lines[0] ?? '',
    /回测 vwap-reclaim 2024-01-01 … 2024-12-31/,
  );
  state.end({ kind: 'failed', cause: 'backtest --store: found no 1m bars of QQQM.US' });
  await settled(h);
  assert.deepEqual(h.channel.sent.at(-1)?.card.lines, [
    '回测 vwap-reclaim 2024-01-01 … 2024-12-31',
    '✕ 未能回测: backtest --store: found no 1m bars of QQQM.US',
  ]);
});

test('CX-09 a viewer may read results and begins no backtest', async () => {
  const { state, backtests } = handmade();
  const h = await chatHarness(ready(), { backtests });
  const [said] = await h.say('/backtest vwap-reclaim', { userId: '3' });
  assert.match(said ?? '', /\/backtest/);
  assert.equal(state.asked.length, 0);
});

test('ID-13 /backtest takes days, months and years, and refuses all else in one line', async () => {
  const asked = (text: string) => {
    const reply = parseReply(`/backtest ${text}`);
    if (reply.kind !== 'question' || reply.question.ask !== 'backtest') return reply.kind;
    const { from, to } = reply.question;
    return `${from} ${to}`;
  };
  const cases: readonly (readonly [string, string])[] = [
    ['vwap-reclaim', 'null null'],
    ['VWAP-reclaim 2024-05', '2024-05-01 null'],
    ['vwap-reclaim 2024-05 2024-12', '2024-05-01 2024-12-31'],
    ['vwap-reclaim 2024-02 2024-02', '2024-02-01 2024-02-29'],
    ['vwap-reclaim 2023 2024', '2023-01-01 2024-12-31'],
    ['vwap-reclaim 2024-05-03 2024-05-03', '2024-05-03 2024-05-03'],
    ['', 'bad_arguments'],
    ['momentum', 'bad_arguments'],
    ['vwap-reclaim 2024-13', 'bad_arguments'],
    ['vwap-reclaim 2024-02-30', 'bad_arguments'],
    ['vwap-reclaim 2024-12 2024-05', 'bad_arguments'],
    ['vwap-reclaim may', 'bad_arguments'],
    ['vwap-reclaim 2024 2025 2026', 'bad_arguments'],
    ['vwap-reclaim; rm -rf', 'bad_arguments'],
    ['2024-05 vwap-reclaim', 'bad_arguments'],
  ];
  for (const [text, expected] of cases) assert.equal(asked(text), expected, text);
  const h = await chatHarness(ready(), { backtests: handmade().backtests });
  const lines = await h.say('/backtest vwap-reclaim 2024-13', { userId: '2' });
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /2024-13/);
});
