import assert from 'node:assert/strict';
import { test } from 'node:test';
import { viewOf } from '#app/desk-view.ts';
import { balanceOf } from '#core/engine/balance.ts';
import type { Input } from '#core/engine/input.ts';
import { EMPTY_VIEW } from '#core/engine/view.ts';
import { parseReply } from '#core/replies/parse.ts';
import {
  bars,
  ny,
  planned,
  policyOf,
  quote,
  quoteOf,
  reconciled,
  started,
  withPosition,
} from '#test/support/builders.ts';
import { chatHarness } from '#test/support/chat-harness.ts';

const OTHER = policyOf({ deskId: 'us-two', accountId: 'alpaca-us', currency: 'CNY' });
const begun: readonly Input[] = [
  started(ny('09:59')),
  reconciled(ny('09:59')),
  planned(ny('09:59')),
  ...bars('10:00', '10:00'),
];

async function harness(others = [{ policy: OTHER, inputs: begun }]) {
  const inputs = [...withPosition(), quote(ny('10:01:15'), 100.5, 100.52)];
  const h = await chatHarness(inputs, { others });
  h.desk.quote = quoteOf(h.clock.now() - 3_000, 100.5, 100.52);
  return h;
}

type Harness = Awaited<ReturnType<typeof harness>>;

/** All lines that are said to a text. */
async function heard(h: Harness, text: string, fields = {}): Promise<string> {
  const before = h.channel.sent.length;
  await h.say(text, fields);
  return h.channel.sent
    .slice(before)
    .flatMap(({ card }) => card.lines)
    .join('\n');
}

test('CX-01 /balance tells cash, worth, the day and the risk of each account in its own currency, summing nothing', async () => {
  const h = await harness();
  const said = await heard(h, '/balance');
  // 200 bought at 100.00, worth 100.50 now
  assert.match(
    said,
    /us-vwap · paper-us \(paper, no real money\)\ntotal \$100,100\.00 · cash \$80,000\.00 \(free \$80,000\.00\) · positions \$20,100\.00/,
  );
  assert.match(said, /today \+\$\d+\.\d\d · open risk \$200\.00 of \$[\d,.]+ · 1R \$500\.00/);
  assert.match(said, /us-two · alpaca-us \(paper, no real money\)\ntotal ¥100,000\.00/);
  assert.match(await heard(h, '/balance alpaca-us'), /^us-two/);
  assert.match(await heard(h, '/balance nope'), /nope/);
  await h.say('/lang zh');
  assert.match(await heard(h, '资金'), /总资产 \$100,100\.00 · 现金 \$80,000\.00/);
});

test('CX-01 what has no price is named, and no total is made up', async () => {
  const h = await harness();
  const { positionsMinor, totalMinor, dayMinor, unpriced, cashMinor } = balanceOf({
    ...viewOf(h.desk, h.clock.now()),
    view: EMPTY_VIEW,
  });
  assert.deepEqual([positionsMinor, totalMinor, dayMinor], [null, null, null]);
  assert.deepEqual(unpriced, ['QQQM.US']);
  assert.equal(cashMinor, 8_000_000);
});

test('CX-01 /quote asks for the price now; an unknown name is said with what is followed', async () => {
  const h = await harness();
  assert.match(
    await heard(h, '/quote qqqm'),
    /^QQQM 100\.50 \/ 100\.52 · spread 2 bp.* · 3 s old · held 200$/m,
  );
  const unknown = await heard(h, '/quote ZZZZ');
  assert.match(unknown, /No desk here knows "ZZZZ"; they follow QQQM, AAPL/);
  h.desk.quote = null;
  assert.match(await heard(h, '/quote AAPL'), /AAPL: newest bar 100\.00 .*old/);
  await h.say('/lang zh');
  assert.match(await heard(h, '/报价 QQQM'), /价差/);
});

test('CX-01 /watch keeps names for a chat: added once, taken out, shown together, and nowhere else', async () => {
  const h = await harness();
  assert.match(await heard(h, '/watch'), /watches no name/);
  await h.say('/watch add QQQM');
  await h.say('/watch add qqqm');
  const said = await heard(h, '/自选 加 AAPL');
  assert.deepEqual(
    said.split('\n').map((line) => line.split(/[ :]/)[0]),
    ['QQQM', 'AAPL', '/watch'],
  );
  assert.match(await heard(h, '/watch', { userId: '2', chatId: '2' }), /watches no name/);
  const kept = h.book.content as { choices: readonly { watched: readonly string[] }[] };
  assert.deepEqual(kept.choices[0]?.watched, ['QQQM.US', 'AAPL.US']);
  assert.match(await heard(h, '/watch add <b>'), /watch/);
  assert.match(await heard(h, '/watch add ZZZZ'), /No desk here knows/);
  await h.say('/watch del QQQM');
  assert.deepEqual(h.access.choiceOf('fake', '1').watched, ['AAPL.US']);
  const buttons = h.channel.sent
    .at(-1)
    ?.card.buttons.flat()
    .map(({ command }) => command);
  assert.deepEqual(buttons, ['/watch']);
});

test('CX-01 /use narrows what names no account, and kill, STOP and flatten mean all as before', async () => {
  const h = await harness();
  assert.match(
    await heard(h, '/use nope'),
    /No desk runs on account "nope". Accounts: paper-us, alpaca-us/,
  );
  await h.say('/use us-two');
  assert.equal(h.access.choiceOf('fake', '1').account, 'alpaca-us');
  const narrowed = await heard(h, '/positions');
  assert.match(narrowed, /Nothing is held[\s\S]*only alpaca-us · \/use all/);
  assert.match(await heard(h, '/balance paper-us'), /^us-vwap/);
  assert.match(await heard(h, '/positions', { userId: '2', chatId: '2' }), /QQQM/);
  assert.match(await heard(h, '/allow'), /Allow entries · us-two\?/);
  assert.match(await heard(h, '/mode auto'), /us-two\?/);
  await h.say('STOP');
  assert.equal(h.desk.stops.length, 1);
  assert.equal(h.others[0]?.stops.length, 1);
  assert.match(await heard(h, '/exit QQQM'), /Sell QQQM 200/);
  await h.say('/use all');
  assert.match(await heard(h, '/positions'), /QQQM/);
});

test('CX-01 an account that no desk runs on any more narrows nothing', async () => {
  const h = await harness();
  await h.access.setChoice(h.incoming('x'), { account: 'gone', watched: [] });
  assert.match(await heard(h, '/balance'), /us-vwap[\s\S]*us-two/);
  const alone = await harness([]);
  await alone.access.setChoice(alone.incoming('x'), { account: 'paper-us', watched: [] });
  assert.doesNotMatch(await heard(alone, '/positions'), /only/);
});

test('CX-01 what looks are asked for is read strictly', () => {
  for (const text of [
    '/balance a b',
    '/balance <b>',
    '/quote A B',
    '/quote <b>',
    '/watch add',
    '/watch x QQQM',
    '/watch list all',
    '/watch constructor QQQM',
    '/use a b',
    '/use <b>',
  ])
    assert.equal(parseReply(text).kind, 'bad_arguments', text);
  assert.deepEqual(parseReply('/use'), { kind: 'question', question: { ask: 'accounts' } });
  assert.deepEqual(parseReply('/watch list'), parseReply('/自选'));
});

test('CX-01 /plan tells of each desk when it may enter and sells, what it holds, and which ticket waits', async () => {
  const h = await harness();
  const said = await heard(h, '/plan');
  assert.match(
    said,
    /2026-11-20 · opens 09:30 ET, closes 16:00 ET\nentries from 09:45 ET · sold before the close from 15:5\d ET/,
  );
  assert.match(said, /held QQQM 200 · stop 99\.00/);
  assert.match(said, /us-two[\s\S]*nothing is held/);
  assert.match(await heard(h, '/plan us-two'), /^us-two/);
  assert.match(await heard(h, '/plan nope'), /nope/);
  await h.say('/lang zh');
  assert.match(await heard(h, '计划'), /09:30 开盘,.*16:00 收盘/);
});

test('CX-01 ID-10 /plan tells the events of the day and, under its own date, those of the next session', async () => {
  const whole = { fromAt: ny('00:00'), toAt: ny('23:59'), name: 'half_day', wholeDay: true };
  const next = { ...whole, fromAt: whole.fromAt + 86_400_000, toAt: whole.toAt + 86_400_000 };
  const today = planned(ny('09:59'));
  assert.ok(today.kind === 'session_planned');
  const inputs = [started(ny('09:59')), reconciled(ny('09:59')), { ...today, upcoming: [next] }];
  const h = await chatHarness(inputs);
  const said = await heard(h, '/plan us-vwap');
  assert.match(said, /\n2026-11-21 · no entries: half day · all day/);
  assert.doesNotMatch(said, /\nno entries/);
  await h.say('/lang zh');
  assert.match(await heard(h, '计划'), /2026-11-21 · 不开仓: ?半日交易 · 全天/);
});

test('CX-01 CX-08 /strategy shows limits and measurements; disabled at once, enabled only after it was asked again', async () => {
  const h = await harness([]);
  assert.match(await heard(h, '/strategy'), /^us-vwap: vwap-reclaim · semi/);
  const shown = await heard(h, '/strategy show us-vwap');
  assert.match(shown, /at most 0\.5 % of the capital a trade, 1\.5R a day, \d+ trades a day/);
  assert.match(shown, /no backtest under these settings was measured/);
  await h.say('/strategy disable us-vwap');
  assert.equal(h.desk.state().mode, 'alert');
  await h.say('/策略 启用 us-vwap');
  assert.equal(h.desk.state().mode, 'alert');
  await h.say('/yes nonce1');
  assert.equal(h.desk.state().mode, 'semi');
  assert.match((await h.say('/strategy disable', { userId: '3', chatId: '3' })).join(), /operator/);
  for (const text of [
    '/strategy promote x',
    '/strategy show a b',
    '/strategy list x',
    '/strategy valueOf',
    '/plan a b',
  ])
    assert.equal(parseReply(text).kind, 'bad_arguments', text);
});
