import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { prefixedSymbolCn } from '#core/market/symbol-cn.ts';
import { at, CN_DAY } from '#test/support/cn.ts';
import { gbk } from '#test/support/cn-feeds/gbk.ts';
import { openFreeFeeds, startFreeSources } from '#test/support/cn-feeds/opened.ts';
import { sinaLine } from '#test/support/cn-feeds/sina.ts';
import { tencentLine } from '#test/support/cn-feeds/tencent.ts';
import { COMPOSITE, INDEX, TRUTH, TRUTH_IDS } from '#test/support/cn-feeds/truth.ts';
import { openEmbedded } from '#test/support/store-backends.ts';
import type { FeedsCn } from '../../src/compose-feeds-cn.ts';

/* The free profile as it is shipped, over real HTTP and a real store. */

type Opened = Awaited<ReturnType<typeof openEmbedded>>;
type Fakes = Awaited<ReturnType<typeof startFreeSources>>;

let opened: Opened;
let fakes: Fakes;
let now = at('10:00:02');

before(async () => {
  [opened, fakes] = await Promise.all([openEmbedded(), startFreeSources()]);
});
after(async () => {
  await fakes.close();
  await opened.close();
});
beforeEach(() => {
  now = at('10:00:02');
  for (const fake of [fakes.tencent, fakes.eastmoney, fakes.sina]) fake.disturb(null);
});

const open = (): Promise<FeedsCn> => openFreeFeeds(fakes, opened.handle, opened.folder, () => now);
const askIn = (ms = 20_000) => ({ deadlineAt: now + ms });

test('SP-10 without any token a look comes from Tencent, checked against Sina, kept raw first', async () => {
  const feeds = await open();
  const look = await feeds.data.snapshot(TRUTH_IDS, askIn());
  await feeds.settled();
  assert.equal(look.source, 'tencent');
  assert.equal(look.data?.quotes.length, TRUTH.length);
  assert.deepEqual(look.note, []);
  assert.equal(look.degraded, false);
  const raw = await opened.store.raw.latest('tencent:quotes');
  assert.match(raw?.payload ?? '', /贵州茅台/);
  assert.ok((await opened.store.raw.latest('sina:quotes')) !== null);
  const health = await feeds.store.sourceHealth(0);
  assert.ok(health.some(({ source, answers }) => source === 'tencent' && answers > 0));
});

test('SP-10 a name two sources disagree about is left out of the look, noted and quarantined', async () => {
  const feeds = await open();
  const [first, ...rest] = TRUTH;
  fakes.sina.disturb(() => ({
    body: gbk(
      [{ ...first!, last: 1500, high: 1500 }, ...rest]
        .map((quote) => sinaLine(prefixedSymbolCn(quote.instrument), quote))
        .join(''),
    ),
  }));
  const look = await feeds.data.snapshot(TRUTH_IDS, askIn());
  await feeds.settled();
  // one of three with a price: more than a look may have
  assert.equal(look.data, null);
  assert.equal(look.note.at(-1)?.code, 'sources_disagree');
  assert.deepEqual(look.note.at(-1)?.figures, {
    against: 'sina',
    rows: 1,
    of: 3,
    instruments: '600519.SH',
  });
  const [kept] = await feeds.store.quarantined(0, 1);
  assert.deepEqual([kept?.code, kept?.instrument], ['sources_disagree', '600519.SH']);
});

test('SP-10 what is wrong in every look of a day is quarantined once', async () => {
  const feeds = await open();
  const wrong = TRUTH.map((quote) =>
    quote.instrument === '300750.SZ' ? { ...quote, last: 400, high: 400 } : quote,
  );
  fakes.tencent.disturb(() => ({ body: gbk(wrong.map(tencentLine).join('')) }));
  for (const seconds of ['03', '06', '09']) {
    now = at(`10:00:${seconds}`);
    await feeds.data.snapshot(TRUTH_IDS, askIn());
  }
  await feeds.settled();
  const found = (await feeds.store.quarantined(0, 1_000)).filter(
    ({ instrument, code }) => instrument === '300750.SZ' && code === 'outside_limits',
  );
  assert.equal(found.length, 1);
});

test('SP-10 a Tencent of yesterday is refused and named, the next source answers, degraded', async () => {
  const feeds = await open();
  fakes.tencent.disturb(() => ({
    body: gbk(
      TRUTH.map((quote) => tencentLine({ ...quote, at: at('15:00', '2026-11-18') })).join(''),
    ),
  }));
  const look = await feeds.data.snapshot(TRUTH_IDS, askIn());
  assert.equal(look.source, 'sina');
  assert.equal(look.degraded, true);
  assert.equal(look.note[0]?.code, 'answer_refused');
  assert.equal(look.note[0]?.figures['cause'], 'wrong_day');
});

test('DH-03 when everything hangs a look ends with its budget, and says who hung', async () => {
  const feeds = await open();
  for (const fake of [fakes.tencent, fakes.eastmoney, fakes.sina]) fake.disturb(() => 'hang');
  const startedAt = Date.now();
  const runs = setInterval(() => {
    now = at('10:00:02') + Date.now() - startedAt;
  }, 5);
  const look = await feeds.data.snapshot(TRUTH_IDS, askIn(600));
  clearInterval(runs);
  assert.equal(look.data, null);
  assert.ok(look.note.some(({ source, code }) => source === 'tencent' && code === 'source_failed'));
});

test('SP-10 morning and look give the strategy its inputs; what is missing is named', async () => {
  const feeds = await open();
  const morning = await feeds.market.morning(CN_DAY, askIn());
  assert.ok(morning.data !== null);
  const { table, margin } = morning.data;
  assert.equal(table.instruments.length, TRUTH.length);
  assert.deepEqual(margin?.rows.map(({ exchange }) => exchange).toSorted(), ['SSE', 'SZSE']);
  assert.equal(morning.data.history, null);
  assert.ok(
    morning.note.some(
      ({ code, figures }) => code === 'rows_missing' && figures['cause'] === 'daily_bars',
    ),
  );
  const { inputs } = await feeds.market.look(morning.data, askIn());
  const row = table.instruments.indexOf('600519.SH');
  assert.equal(inputs.snapshot?.last[row], 1459.88);
  assert.equal(inputs.snapshot?.limitUp[row], 1605.38);
  const index = await feeds.data.quotes([COMPOSITE], askIn());
  assert.equal(index.data?.[0]?.last, INDEX.last);
});
