import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { marginDataFrom } from '#app/cn-look.ts';
import type { MorningCn } from '#app/cn-market.ts';
import { effectsOf } from '#core/engine/effects.ts';
import { evolve } from '#core/engine/evolve.ts';
import { deskInputsOf } from '#core/engine/pulse-desk.ts';
import { sessionOn } from '#core/market/calendar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { QuoteCn } from '#core/market/quote-cn.ts';
import { STOCK_FLAGS } from '#core/market/whole-market.ts';
import type { FetchNote } from '#core/quality/note.ts';
import { decideCheckpoint } from '#core/strategies/sector-pulse/checkpoint.ts';
import type { MarketInputs } from '#core/strategies/sector-pulse/figures.ts';
import { renderMessage } from '#shell/chat/render.ts';
import { openFreeFeeds, startFreeSources } from '#test/support/cn-feeds/opened.ts';
import type { FakeReply, FakeRequest } from '#test/support/cn-feeds/server.ts';
import { wholeMarketQuotes, wholeMarketReplies } from '#test/support/cn-feeds/whole-market.ts';
import { deskAfter, step } from '#test/support/engine.ts';
import {
  cnAt,
  lookTime,
  PULSE_BEFORE,
  PULSE_CALENDAR,
  PULSE_DAY,
  pulseMarket,
  pulseParams,
} from '#test/support/pulse-market.ts';
import { PULSE_MORNING, pulsePolicyOf } from '#test/support/pulse-steps.ts';
import { openEmbedded } from '#test/support/store-backends.ts';
import type { FeedsCn } from '../../src/compose-feeds-cn.ts';

/*
 * What the desk says to each kind of bad input, from the bytes a source sends to the text in the chat.
 * The gate passes on the sound market of these tests, so that a case that does not pass means something.
 */

const PARAMS = pulseParams();
const AT = cnAt('10:00');
const SOUND = pulseMarket();
const STAMP = AT - 10_000;

type Quotes = Map<InstrumentId, QuoteCn>;
type Disturbance = (request: FakeRequest) => FakeReply | null;

const QUOTES = wholeMarketQuotes(SOUND, STAMP);

/** The market with some of its quotes told otherwise. */
function told(count: number, change: Partial<QuoteCn>): Quotes {
  const quotes: Quotes = new Map(QUOTES);
  for (const instrument of SOUND.table.instruments.slice(0, count))
    quotes.set(instrument, { ...QUOTES.get(instrument)!, ...change });
  return quotes;
}

const EMPTY: Quotes = new Map();
const html: Disturbance = () => ({ body: '<html><body>服务暂时不可用</body></html>' });
const down: Disturbance = () => ({ status: 503, body: '' });
const NO_PRICES = { last: null, open: null, high: null, low: null, bid: null, ask: null };
const cut: Disturbance = () => ({
  body: '{"rc":0,"data":{"total":600,"diff":[{"f2":1',
  isCut: true,
});

let opened: Awaited<ReturnType<typeof openEmbedded>>;
let fakes: Awaited<ReturnType<typeof startFreeSources>>;
let feeds: FeedsCn;
let market: ReadonlyMap<InstrumentId, QuoteCn> = QUOTES;

function morningOf(change: Partial<MorningCn> = {}): MorningCn {
  const { table, history, composite, csi300, margin, concentrations } = SOUND;
  return {
    tradingDay: PULSE_DAY,
    facts: {
      tradingDay: PULSE_DAY,
      securities: [],
      listedOn: new Map(table.instruments.map((id) => [id, '2001-01-05'])),
      securitiesAsOf: PULSE_DAY,
      sectors: [],
      suspended: new Set(),
      limits: new Map(),
      exDateOpen: new Set(),
      universe: 'made up',
    },
    table,
    history,
    composite,
    csi300,
    margin,
    concentrations,
    note: [],
    ...change,
  };
}

/** A look through the shipped chain: fakes over HTTP, gate, cross-check, columns. */
async function look(change: Partial<MorningCn> = {}): Promise<MarketInputs> {
  const { inputs, note } = await feeds.market.look(morningOf(change), { deadlineAt: AT + 20_000 });
  await feeds.settled();
  return { ...inputs, notes: note };
}

/** The checkpoint of 10:00 on these inputs, and everything the chat says of it. */
function checkpoint(inputs: MarketInputs, calendar = PULSE_CALENDAR) {
  const before = deskAfter(PULSE_MORNING, pulsePolicyOf({ isPerson: false, broker: 'paper' }));
  const when = { ...lookTime('10:00'), at: AT + 2_000, calendar };
  const record = decideCheckpoint(
    inputs,
    when,
    deskInputsOf(before.state, before.view, {}, when.at),
    PARAMS,
  );
  const { events, desk } = step(before, {
    kind: 'checkpoint_judged',
    at: when.at,
    record,
    facts: [],
  });
  const says = { en: '', zh: '' };
  let { state } = before;
  for (const event of events) {
    state = evolve(state, event);
    for (const effect of effectsOf(event, state, before.policy))
      if (effect.kind === 'push')
        for (const language of ['en', 'zh'] as const)
          says[language] +=
            `${renderMessage(effect.message, language, { now: when.at }).lines.join('\n')}\n`;
  }
  return { record, says, stance: desk.state.pulse?.stance };
}

before(async () => {
  const replies = wholeMarketReplies(() => market);
  [opened, fakes] = await Promise.all([openEmbedded(), startFreeSources(replies)]);
  mkdirSync(join(opened.folder, 'manual'), { recursive: true });
});
after(async () => {
  await fakes.close();
  await opened.close();
});

/** Feeds that were never asked before: no breaker is open, nothing is remembered. */
async function fresh(change: {
  readonly quotes?: ReadonlyMap<InstrumentId, QuoteCn>;
  readonly all?: Disturbance;
  readonly tencent?: Disturbance;
}): Promise<void> {
  market = change.quotes ?? QUOTES;
  for (const fake of [fakes.tencent, fakes.eastmoney, fakes.sina]) fake.disturb(change.all ?? null);
  if (change.tencent !== undefined) fakes.tencent.disturb(change.tencent);
  feeds = await openFreeFeeds(fakes, opened.handle, opened.folder, () => AT + 2_000);
}

suite('bad input of the A-share desk', () => {
  test('SP-10 on the sound market of these tests the gate passes', async () => {
    await fresh({});
    const { record, says } = checkpoint(await look());
    assert.equal(record.gate?.passed, true, says.en);
    assert.equal(record.kill.look.level, 'none');
    assert.ok(record.watching.length > 0);
  });

  /** Looks nobody can use: no gate, no entry, level 1, and each source named with what befell it. */
  const unusable: readonly [string, Parameters<typeof fresh>[0], RegExp, RegExp][] = [
    ['empty answers', { quotes: EMPTY }, /tencent, without data/, /tencent, 没有数据/],
    ['HTML instead of data', { all: html }, /eastmoney, answer cannot be read/, /无法读取/],
    ['answers that break off', { all: cut }, /eastmoney, cannot be reached/, /连接不上/],
    [
      'quotes of yesterday',
      { quotes: wholeMarketQuotes(SOUND, cnAt('15:00', PULSE_BEFORE)) },
      /eastmoney, shows another day/,
      /不是当日数据/,
    ],
    [
      'quotes that stand still',
      { quotes: wholeMarketQuotes(SOUND, cnAt('09:50')) },
      /eastmoney, shows old quotes/,
      /行情太旧/,
    ],
    [
      '−100 % in a third of the rows',
      { quotes: told(200, { last: 0, bid: 0, ask: 0 }) },
      /tencent, too many rows are wrong/,
      /错误行太多/,
    ],
    [
      'a dash for every price',
      { quotes: told(600, NO_PRICES), tencent: down },
      /not known/,
      /未知/,
    ],
  ];
  for (const [name, change, en, zh] of unusable) {
    test(`SP-10 SP-02 ${name}: no gate, level 1, said with the source`, async () => {
      await fresh(change);
      const { record, says, stance } = checkpoint(await look());
      assert.equal(record.figures.limitUp.value, null);
      assert.equal(record.gate?.passed, false);
      assert.deepEqual(record.watching, []);
      assert.equal(stance?.stance, 'watch');
      assert.equal(stance?.killLevel, 'l1');
      assert.match(says.en, /10:00 no trade/);
      assert.match(says.zh, /10:00 不开仓/);
      assert.match(says.en, en);
      assert.match(says.zh, zh);
    });
  }

  /** Rows that cannot be used in a look that can: left out and said, and nobody is counted who is not there. */
  const inPart: readonly [string, Parameters<typeof fresh>[0], FetchNote['figures']][] = [
    [
      '−100 % in ten rows',
      { quotes: told(10, { last: 0, bid: 0, ask: 0 }) },
      { cause: 'absent', rows: 10, of: 600 },
    ],
    [
      'a dash for the prices of ten rows',
      { quotes: told(10, NO_PRICES), tencent: down },
      { cause: 'absent', rows: 10, of: 600 },
    ],
  ];
  for (const [name, change, missing] of inPart) {
    test(`SP-10 SP-01 ${name}: left out and said, no limit-downs, the rest is judged as degraded`, async () => {
      await fresh({});
      const sound = checkpoint(await look()).record;
      await fresh(change);
      const inputs = await look();
      assert.ok(
        inputs.notes?.some(
          ({ code, figures }) =>
            code === 'rows_missing' && Object.entries(missing).every(([k, v]) => figures[k] === v),
        ),
        JSON.stringify(inputs.notes),
      );
      const { record, says } = checkpoint(inputs);
      assert.ok((record.figures.limitDown.value ?? 99) <= (sound.figures.limitDown.value ?? 0));
      assert.ok((record.figures.limitUp.value ?? 99) <= (sound.figures.limitUp.value ?? 0));
      assert.deepEqual(record.figures.limitUp.note, {
        code: 'rows_missing',
        figures: { missing: 10, of: 600 },
      });
      assert.match(says.en, /limit-ups \d+ ≥ 20 \*/);
      assert.match(says.en, /\* limit-ups, [^\n]*: stocks missing 10\/600/);
      assert.match(says.zh, /\* 涨停家数、[^\n]*:缺少股票 10\/600/);
    });
  }

  test('SP-10 SP-01 suspended names padded with zeros are suspended: no fall, no limit-down, not in the funnel', async () => {
    const zeros = { last: 0, open: 0, high: 0, low: 0, volume: 0, amount: 0, bid: 0, ask: 0 };
    await fresh({});
    const sound = checkpoint(await look()).record;
    await fresh({ quotes: told(20, zeros) });
    const inputs = await look();
    const { record } = checkpoint(inputs);
    assert.equal(record.figures.limitDown.degraded, false);
    assert.ok((record.figures.limitDown.value ?? 99) <= (sound.figures.limitDown.value ?? 0));
    assert.equal(record.figures.limitUniverse.value, 580);
    assert.ok(
      inputs.table.flags.slice(0, 20).every((flag) => (flag & STOCK_FLAGS.suspended) !== 0),
    );
  });

  test('SP-10 SP-02 an empty pool and one of another day are refused, and the gate does not count by pools', async () => {
    const pool =
      (qdate: number, rows: readonly object[]): Disturbance =>
      (request) =>
        request.path.includes('getTopic')
          ? {
              body: `callbackdata1(${JSON.stringify({ rc: 0, data: { tc: rows.length, qdate, pool: rows } })});`,
            }
          : null;
    const row = {
      c: '000001',
      m: 0,
      n: '平安银行',
      p: 11_000,
      zdp: 10,
      amount: 5e8,
      lbc: 1,
      fbt: 92_500,
      lbt: 93_001,
      fund: 9e7,
      zbc: 0,
      hybk: '银行',
    };
    await fresh({});
    const sound = checkpoint(await look()).record;
    for (const [qdate, rows, cause] of [
      [20261118, [], 'empty_pool'],
      [20261117, [row], 'wrong_day'],
    ] as const) {
      await fresh({});
      fakes.eastmoney.disturb(pool(qdate, rows));
      const found = await feeds.market.pool('limit_up', PULSE_DAY, { deadlineAt: AT + 20_000 });
      assert.equal(found.data, null);
      assert.ok(
        found.note.some(
          ({ code, figures }) => code === 'answer_refused' && figures['cause'] === cause,
        ),
        `${cause}: ${JSON.stringify(found.note)}`,
      );
      assert.equal(
        checkpoint(await look()).record.figures.limitUp.value,
        sound.figures.limitUp.value,
      );
    }
  });

  test('SP-10 SP-03 margin of one exchange is unknown, level 1, no entry, and says which one is missing', async () => {
    await fresh({});
    const rows = (['SSE'] as const).map((exchange) => ({
      exchange,
      day: PULSE_BEFORE,
      balance: 9e11,
      bought: 5e10,
      repaid: 5e10,
      lent: null,
    }));
    const answered = {
      data: rows,
      source: 'eastmoney',
      fetchedAt: AT,
      asOf: AT,
      degraded: true,
      note: [],
    };
    const margin = marginDataFrom(answered, PULSE_DAY, PULSE_CALENDAR);
    const { record, says, stance } = checkpoint(await look({ margin }));
    assert.equal(record.figures.marginNetRepay.value, null);
    assert.equal(record.gate?.passed, true, 'margin is background to the gate');
    assert.equal(record.verdict.kind, 'blocked');
    assert.deepEqual(record.watching, []);
    assert.equal(stance?.killLevel, 'l1');
    assert.match(says.en, /cannot be computed: margin[^\n]*an exchange is missing, SZSE/);
    assert.match(says.zh, /无法计算:两融[^\n]*缺一个交易所[^\n]*SZSE/);
  });

  test('SP-10 SP-06 a sector with two members is not ranked and its stocks are not bought', async () => {
    await fresh({});
    const sound = checkpoint(await look()).record;
    const best = sound.topSectors[0] ?? '';
    const place = SOUND.table.sectors.indexOf(best);
    let kept = 0;
    const sectorOf = SOUND.table.sectorOf.map((one) =>
      one !== place ? one : kept++ < 2 ? one : -1,
    );
    const { record } = checkpoint(await look({ table: { ...SOUND.table, sectorOf } }));
    const found = record.sectors.find(({ sector }) => sector === best);
    assert.deepEqual([found?.members, found?.rank, found?.score], [2, null, null]);
    assert.ok(!record.topSectors.includes(best));
    assert.ok(record.selection?.candidates.every(({ sector }) => sector !== best));
  });

  test('SP-10 RL-01 half a CSV is read to its last whole row, judged, and refused with its reason', async () => {
    await fresh({});
    const whole = ['date,code,open,high,low,close,volume,amount'];
    for (const [row, id] of SOUND.table.instruments.entries()) {
      const width = SOUND.history!.days.length;
      const cell = row * width + width - 1;
      const of = (column: 'open' | 'high' | 'low' | 'close' | 'volume' | 'turnover') =>
        SOUND.history![column][cell]!;
      whole.push(
        `${PULSE_BEFORE},${id.slice(0, 6)},${of('open')},${of('high')},${of('low')},${of('close')},${of('volume') / 100},${of('turnover')}`,
      );
    }
    const text = whole.join('\n');
    const file = join(opened.folder, 'manual', `daily_${PULSE_BEFORE}.csv`);
    const ask = async () =>
      await feeds.only('manual').dailyBarsOn(PULSE_BEFORE, { deadlineAt: AT + 20_000 });
    writeFileSync(file, text);
    const sound = await ask();
    assert.equal(sound.data?.length, 600, JSON.stringify(sound.note));
    writeFileSync(file, text.slice(0, text.length / 2));
    const half = await ask();
    assert.ok(half.degraded || half.data === null, JSON.stringify(half.note));
    assert.ok(half.note.length > 0);
    writeFileSync(file, '<html>');
    const none = await ask();
    assert.equal(none.data, null);
    assert.equal(none.note[0]?.source, 'manual');
  });

  test('SP-10 SP-12 a calendar that ends next week: entries stop when nobody knows what comes, then no session', async () => {
    await fresh({});
    const ends = (validThrough: string) => ({ ...PULSE_CALENDAR, validThrough });
    const inputs = await look();
    assert.equal(checkpoint(inputs, ends('2026-11-25')).record.verdict.kind, 'signals');
    const { record } = checkpoint(inputs, ends(PULSE_DAY));
    assert.equal(record.verdict.kind, 'no_trade');
    assert.deepEqual(record.watching, []);
    assert.ok(record.verdict.rejected.some(({ code }) => code === 'before_closure'));
    assert.deepEqual(sessionOn(ends('2026-11-25'), '2026-11-26'), {
      kind: 'unknown',
      reason: 'outside_calendar',
    });
  });
});
