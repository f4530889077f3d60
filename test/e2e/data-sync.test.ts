import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { loadConfig } from '#shell/config/load.ts';
import { at, CN_DAY } from '#test/support/cn.ts';
import { startFreeSources } from '#test/support/cn-feeds/opened.ts';
import type { FakeReply, FakeRequest } from '#test/support/cn-feeds/server.ts';
import { needsShared, sharedPath } from '#test/support/shared-data.ts';
import { makeDataFolder } from '#test/support/store-backends.ts';
import { openDataCn } from '../../src/compose-data-cn.ts';

/*
 * The evening's sync and the check of the sources as the commands run them: settings of the repository
 * with every address led to a fake, a store of their own.
 */

const PROJECT = join(import.meta.dirname, '../..');

let fakes: Awaited<ReturnType<typeof startFreeSources>>;
let root: string;
let dataDir: string;
let tools: Awaited<ReturnType<typeof openDataCn>>;
let now = at('16:00');

before(async () => {
  fakes = await startFreeSources();
  root = mkdtempSync(join(tmpdir(), 'centaur-root-'));
  cpSync(join(PROJECT, 'config'), join(root, 'config'), { recursive: true });
  mkdirSync(join(root, 'config', 'local'), { recursive: true });
  const { tencent, eastmoney, sina } = fakes;
  writeFileSync(
    join(root, 'config', 'local', 'feeds.yaml'),
    `sources:
  tencent: { quoteUrl: '${tencent.url}', historyUrl: '${tencent.url}' }
  eastmoney: { listUrl: '${eastmoney.url}', historyUrl: '${eastmoney.url}', poolUrl: '${eastmoney.url}', datacenterUrl: '${eastmoney.url}', endpoints: { pool: { perMinute: 6000, atOnce: 8 }, datacenter: { perMinute: 6000, atOnce: 8 } } }
  sina: { quoteUrl: '${sina.url}' }
`,
  );
  dataDir = makeDataFolder();
  const config = loadConfig({ root, env: {}, overrides: { dataDir } });
  tools = await openDataCn(config, () => now);
});
after(async () => {
  await tools.close();
  await fakes.close();
  rmSync(root, { recursive: true, force: true });
  rmSync(dataDir, { recursive: true, force: true });
});
beforeEach(() => {
  now = at('16:00');
  for (const fake of [fakes.tencent, fakes.eastmoney, fakes.sina]) fake.disturb(null);
});

/** Disturbs what matches only. */
function where(part: string, reply: FakeReply): (request: FakeRequest) => FakeReply | null {
  return (request) => (request.path.includes(part) ? reply : null);
}

test('DH-04 the day to sync is the last one that is final', () => {
  assert.equal(tools.finalDay(), CN_DAY);
  now = at('15:29');
  assert.equal(tools.finalDay(), '2026-11-18');
  assert.equal(tools.kindOf('2026-11-21'), 'closed');
});

test('DH-03 a pool that cannot be had does not hold the bars of the day up, and is named', async () => {
  fakes.eastmoney.disturb(where('getTopicDTPool', { body: '<html>blocked</html>' }));
  const report = await tools.sync(CN_DAY, () => undefined);
  assert.equal(report.hasDay, true);
  const pool = report.steps.find(({ what }) => what === 'pool limit_down');
  assert.equal(pool?.state, 'none');
  assert.ok(pool?.note.some(({ figures }) => figures['cause'] === 'unreadable'));
});

test('RL-01 everything of the day is in the store, by the source that brought it', async () => {
  const report = await tools.sync(CN_DAY, () => undefined);
  const states = Object.fromEntries(report.steps.map(({ what, state }) => [what, state]));
  assert.equal(states[`daily bars ${CN_DAY}`], 'known');
  assert.equal(states['pool limit_down'], 'saved');
  const stored = await tools.store.stored();
  assert.deepEqual([...new Set(stored.map(({ source }) => source))], ['eastmoney']);
  const kinds = stored.map(({ what }) => what);
  for (const what of [
    'daily share raw',
    'daily index raw',
    'margin',
    'sectors',
    'securities',
    'pool limit_up',
    'corporate actions',
    'figures trading_days',
  ]) {
    assert.ok(kinds.includes(what), what);
  }
  const panel = await tools.store.loadDaily({
    kind: 'share',
    basis: 'raw',
    source: null,
    instruments: ['600519.SH'],
    from: CN_DAY,
    through: CN_DAY,
  });
  assert.deepEqual(
    [panel.close[0], panel.previousClose[0], panel.volume[0]],
    [1459.88, 1459.44, 2_106_400],
  );
});

test('SP-10 closes are held against a second source, one that differs is named', async () => {
  const report = await tools.sync(CN_DAY, () => undefined);
  const step = report.steps.find(({ what }) => what === 'closes at a second source');
  assert.deepEqual([step?.state, step?.source, step?.rows], ['known', 'sina', 3]);
});

test('SP-10 once quotes show the next day its closes are not compared any more', async () => {
  now = at('09:30', '2026-11-20');
  const report = await tools.sync(CN_DAY, () => undefined);
  assert.equal(
    report.steps.some(({ what }) => what === 'closes at a second source'),
    false,
  );
});

test('I9 when nobody has the bars of the day the sync says so and nothing is made up', async () => {
  now = at('16:00', '2026-11-20');
  const report = await tools.sync('2026-11-20', () => undefined);
  assert.equal(report.hasDay, false);
  const bars = report.steps.find(({ what }) => what === 'daily bars 2026-11-20');
  assert.equal(bars?.state, 'none');
  assert.ok(
    bars?.note.some(
      ({ source, figures }) => source === 'eastmoney' && figures['cause'] === 'no_data',
    ),
  );
});

test('RL-01 a history comes share by share where no source has whole days, and can be run again', async () => {
  const first = await tools.history('2026-11-18', CN_DAY, () => undefined);
  assert.equal(first.by, 'share');
  assert.deepEqual([first.failed, first.sources], [0, ['eastmoney']]);
  assert.ok(first.inserted > 0);
  const again = await tools.history('2026-11-18', CN_DAY, () => undefined);
  assert.equal(again.inserted, 0);
});

test('SP-10 a check asks every source by itself and says who fails', async () => {
  now = at('10:00:02');
  fakes.sina.disturb(() => ({ status: 403, body: '' }));
  const checks = await tools.check();
  const byName = new Map(checks.map((check) => [check.source, check]));
  assert.equal(byName.get('tencent')?.isWell, true);
  assert.equal(byName.get('eastmoney')?.isWell, true);
  assert.equal(byName.get('sina')?.isWell, false);
  assert.equal(byName.get('sina')?.note[0]?.figures['cause'], 'refused');
});

/** Rows of the recorded half year on some days, one file a day as a person would put it there. */
function putManualDays(days: readonly string[]): void {
  const path = sharedPath('data', 'cn', 'daily_raw_2026_h1.csv.gz') ?? '';
  const [header = '', ...lines] = gunzipSync(readFileSync(path)).toString().split('\n');
  mkdirSync(join(dataDir, 'manual'), { recursive: true });
  for (const day of days) {
    const own = lines.filter((line) => line.startsWith(day));
    writeFileSync(join(dataDir, 'manual', `daily_${day}.csv`), [header, ...own].join('\n'));
  }
}

/** Closes of a day as a desk would read them. */
async function closesOn(day: string): Promise<number> {
  const ask = { kind: 'share', basis: 'raw', source: 'manual', instruments: null } as const;
  const panel = await tools.store.loadDaily({ ...ask, from: day, through: day });
  return panel.close.filter((close) => close > 0).length;
}

test(
  'RL-01 corrupt days of 2026 are refused on their evening, named, and leave the day before alone',
  needsShared('data', 'cn', 'daily_raw_2026_h1.csv.gz'),
  async () => {
    const weeks: readonly (readonly [days: readonly string[], corrupt: readonly string[]])[] = [
      // on 01-27 half the volumes are in another unit, on 01-28 the closes are looks of midday as well
      [
        ['2026-01-26', '2026-01-27', '2026-01-28', '2026-01-29'],
        ['2026-01-27', '2026-01-28'],
      ],
      [['2026-03-18', '2026-03-19', '2026-03-20', '2026-03-23'], ['2026-03-20']],
    ];
    for (const [days, corrupt] of weeks) {
      putManualDays(days);
      for (const day of days) {
        now = at('16:00', day);
        const report = await tools.sync(day, () => undefined);
        const bars = report.steps.find(({ what }) => what === `daily bars ${day}`);
        const refused = bars?.note.find(
          ({ source, code }) => source === 'manual' && code === 'answer_refused',
        );
        assert.equal(refused !== undefined, corrupt.includes(day), day);
        assert.equal(report.hasDay, !corrupt.includes(day), day);
      }
      for (const day of days) {
        const closes = await closesOn(day);
        if (corrupt.includes(day)) assert.equal(closes, 0, day);
        else assert.ok(closes > 700, `${day}: ${closes}`);
      }
    }
    const named = (await tools.store.quarantined(0, 10_000)).filter(
      ({ instrument, source }) => instrument === null && source === 'manual',
    );
    assert.deepEqual([...new Set(named.map(({ day, code }) => `${day} ${code}`))].toSorted(), [
      '2026-01-27 too_many_disagree',
      '2026-01-28 too_many_disagree',
      '2026-03-20 other_stocks_rows',
    ]);
  },
);
