import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '#app/errors.ts';
import type { ChatSettings, Incoming, Upkeep } from '#app/ports.ts';
import { runContext } from '#app/run-registry.ts';
import type { CheckLine } from '#core/replies/system.ts';
import type { DayRecord } from '#core/reports/day-record.ts';
import { policyOf } from '../support/builders.ts';
import { chatHarness } from '../support/chat-harness.ts';
import { dayRecord } from '../support/day-records.ts';
import { eventually } from '../support/eventually.ts';

const OWNER = '1';
const OPERATOR = '2';
const VIEWER = '3';

type Change = NonNullable<Parameters<typeof chatHarness>[1]>;

async function harness(change: Change = {}) {
  const h = await chatHarness([], change);
  const said = async (text: string, userId = OWNER, fields: Partial<Incoming> = {}) => {
    const before = h.channel.sent.length;
    await h.say(text, { userId, chatId: userId, ...fields });
    return h.channel.sent.slice(before).map(({ card }) => card.lines.join(' / '));
  };
  const last = () => h.channel.sent.at(-1);
  const results = async () =>
    (await h.store.audit.newest(100, null)).map(({ result, text }) => `${result} ${text}`);
  return { ...h, said, last, results };
}

/** Settings of a test: two keys in memory. */
function settingsOf(): ChatSettings & { readonly values: Map<string, string> } {
  const values = new Map([
    ['channels.pictures', 'true'],
    ['us-vwap.capital', '<b>&'],
  ]);
  const judge = (key: string, to: string) => {
    const from = values.get(key);
    if (from === undefined || to === 'bad') {
      const options = { code: 'config_invalid', retryable: false };
      throw new ConfigError(`/config: found ${to}, expected another`, options);
    }
    return { key, from, to, countsFrom: 'now' as const };
  };
  return {
    values,
    list: () => ({
      settings: [...values].map(([key, value]) => {
        return { key, value, isLocal: false, countsFrom: 'now' as const };
      }),
      secrets: [{ name: 'TELEGRAM_BOT_TOKEN', mark: 'ab12cd34' }],
    }),
    judge,
    set(key, value) {
      const change = judge(key, value);
      values.set(key, value);
      return { change, file: 'config/local/channels.yaml' };
    },
    reload: () => [],
  };
}

test('CX-09 /config shows settings to the owner alone, and secrets by their marks', async () => {
  const h = await harness({ settings: settingsOf() });
  const [shown] = await h.said('/config');
  assert.match(
    shown!,
    /channels\.pictures = true .*TELEGRAM_BOT_TOKEN · set, fingerprint ab12cd34/,
  );
  const [one] = await h.said('/config get us-vwap.capital');
  assert.match(one!, /us-vwap\.capital = <b>&/);
  assert.match((await h.said('/config get nothing'))[0]!, /No such setting/);
  for (const text of ['/config', '/config set channels.pictures false', '/reload'])
    assert.match((await h.said(text, OPERATOR))[0]!, /needs the role owner/, text);
});

test('CX-09 a setting is changed after a second confirmation, the other owners are told, and it is audited', async () => {
  const settings = settingsOf();
  const users = [
    { channel: 'fake', userId: '1', name: 'Li', role: 'owner' as const },
    { channel: 'fake', userId: '9', name: 'Bo', role: 'owner' as const },
  ];
  const h = await harness({ settings, users });
  const [asked] = await h.said('/config set channels.pictures false');
  assert.match(asked!, /Change channels\.pictures .*true → false · counts at once.*\/yes nonce1/);
  assert.equal(settings.values.get('channels.pictures'), 'true');
  assert.match((await h.said('/yes nonce1', '9'))[0]!, /./);
  assert.equal(settings.values.get('channels.pictures'), 'true');
  const told = await h.said('/yes nonce1');
  assert.equal(settings.values.get('channels.pictures'), 'false');
  assert.equal(told.length, 2);
  for (const line of told) assert.match(line, /✓ channels\.pictures: true → false/);
  assert.deepEqual(
    h.channel.sent
      .slice(-2)
      .map(({ chatId }) => chatId)
      .sort(),
    ['1', '9'],
  );
  assert.ok((await h.results()).includes('config_set /yes nonce1'));
});

test('CX-09 on real money a setting takes the typed phrase', async () => {
  const settings = settingsOf();
  const policy = { ...policyOf(), environment: 'live' as const };
  const h = await harness({ settings, policy });
  const [asked] = await h.said('/config set channels.pictures false');
  const phrase = `CONFIG ${policy.accountId.toUpperCase()} 4172`;
  assert.ok(asked?.includes(phrase), asked ?? '');
  await h.said('/yes nonce1');
  assert.equal(settings.values.get('channels.pictures'), 'true');
  await h.said(phrase);
  assert.equal(settings.values.get('channels.pictures'), 'false');
});

test('CX-09 a bad value is refused in one line, and what may be a secret stands in no audit row', async () => {
  const h = await harness({ settings: settingsOf() });
  assert.match(
    (await h.said('/config set channels.pictures bad'))[0]!,
    /found bad.*Nothing was changed/,
  );
  await h.said('/config set TELEGRAM_BOT_TOKEN 123:hush-hush');
  await h.said('/config 123:hush-hush to be set');
  const rows = await h.results();
  assert.ok(!rows.join('\n').includes('hush'), rows.join('\n'));
  assert.equal(rows.filter((row) => row.includes('/config set TELEGRAM_BOT_TOKEN …')).length, 1);
});

test('CX-09 late, in a group that only reads, and from a run of played days nothing of it happens', async () => {
  const h = await harness({ settings: settingsOf() });
  const old = { sentAt: h.clock.now() - 120_000 };
  for (const text of ['/config set channels.pictures false', '/reload', '/backup'])
    assert.match((await h.said(text, OWNER, old))[0]!, /Expired/, text);
  const group = { chatId: '-7', chatKind: 'group' as const };
  assert.match((await h.said('/reload', OWNER, group))[0]!, /may only read/);
  for (const text of ['/tz UTC', '/config', '/audit', '/export audit'])
    assert.match((await h.said(text, OWNER, group))[0]!, /may only read/, text);
  assert.match((await h.said('/version', OWNER, group))[0]!, /version/);
  const bare = await harness();
  assert.match((await bare.said('/reload'))[0]!, /Nothing was changed/);
  assert.match((await bare.said('/job run us-close'))[0]!, /no jobs/);
});

test('CX-01 a broken file named by /reload reaches the chat as its one line', async () => {
  const line = 'config/local/channels.yaml: language: found "fr", expected one of zh, en';
  const settings: ChatSettings = {
    ...settingsOf(),
    reload: () => {
      throw new ConfigError(line, { code: 'config_invalid', retryable: false });
    },
  };
  const h = await harness({ settings });
  assert.deepEqual(await h.said('/reload'), [`✕ ${line}. Nothing was changed.`]);
});

function upkeepOf(): Upkeep & { readonly ends: Map<string, PromiseWithResolvers<void>> } {
  const ends = new Map<string, PromiseWithResolvers<void>>();
  const wait = (name: string) => {
    const end = Promise.withResolvers<void>();
    ends.set(name, end);
    return end.promise.finally(() => ends.delete(name));
  };
  return {
    ends,
    jobs: () => ['sync-calendar', 'us-close'],
    dueAt: (job) => (job === 'us-close' ? 1_795_000_000_000 : null),
    async runJob(job) {
      await wait(job);
      return { tookMs: 900 };
    },
    async backUp() {
      await wait('backup');
      return { folder: 'data/backups/x', tables: 20, rows: 1234, tookMs: 900 };
    },
    async check() {
      await wait('selftest');
      const check: CheckLine = {
        name: 'chat',
        state: 'failed',
        found: '<refused>',
        cure: 'ask BotFather',
      };
      return { checks: [check], tookMs: 900 };
    },
    running: () => [...ends.keys()],
    stop: async () => undefined,
  };
}

test('CX-01 jobs, backups and self-tests begin at once, run once at a time, and tell how they ended', async () => {
  const upkeep = upkeepOf();
  const h = await harness({ upkeep });
  const lastLine = () => h.last()?.card.lines.join(' / ') ?? '';
  assert.match((await h.said('/job run rm-rf', OPERATOR))[0]!, /no job.*sync-calendar, us-close/);
  assert.match((await h.said('/job run us-close', OPERATOR))[0]!, /is due/);
  for (const [text, name, end] of [
    ['/job run sync-calendar', 'sync-calendar', /✓ sync-calendar: done/],
    ['/backup', 'backup', /✓ Backup: 20 tables, 1234 rows.*data\/backups\/x/],
    ['/selftest', 'selftest', /1 of 1 checks.*✕ chat: <refused> · do: ask BotFather/],
  ] as const) {
    assert.match((await h.said(text, OPERATOR))[0]!, /has begun/, text);
    assert.match((await h.said(text, OPERATOR))[0]!, /under way already/, text);
    upkeep.ends.get(name)?.resolve();
    await eventually(() => end.test(lastLine()));
  }
  assert.match((await h.said('/backup', OPERATOR))[0]!, /has begun/);
  upkeep.ends.get('backup')?.reject(new Error('disk full'));
  await eventually(() => /✕ \/backup failed \/ disk full/.test(lastLine()));
  for (const text of ['/backup', '/selftest', '/job run sync-calendar', '/audit'])
    assert.match((await h.said(text, VIEWER))[0]!, /needs the role operator/, text);
  assert.deepEqual(h.failures, []);
});

test('CX-01 /tz shows every time of its chat by its own clock first, in both languages, and no other chat', async () => {
  const h = await harness();
  const [set] = await h.said('/tz Asia/Shanghai');
  assert.match(set!, /Asia\/Shanghai.*23:01:20 Beijing \(10:01:20 ET\)/);
  assert.match((await h.said('/settings'))[0]!, /Asia\/Shanghai/);
  assert.equal(h.access.zoneOf('fake', OPERATOR), null);
  await h.said('/lang zh');
  assert.match((await h.said('/tz Europe/Paris'))[0]!, /Paris16:01:20\(美东10:01:20\)/);
  assert.match((await h.said('/tz off'))[0]!, /恢复显示市场时间/);
  assert.ok(JSON.stringify(h.book.content).includes('"zones":[]'));
  assert.match((await h.said('/tz Beijing'))[0]!, /IANA/);
});

test('CX-09 /audit pages back by its own numbers, and a text from outside stays text', async () => {
  const h = await harness();
  await h.said('/tz <b>&amp;"');
  for (let n = 0; n < 12; n += 1) await h.said(`/tz UTC`);
  const [page] = await h.said('/audit 5');
  assert.match(page!, /13 · .*fake:1 · \/tz UTC · zone_set.*older: \/audit before 9/);
  assert.deepEqual(h.last()?.card.buttons.flat(), [
    { label: 'Older', command: '/audit 5 before 9' },
  ]);
  const [rest] = await h.said('/audit 50 before 3');
  assert.match(rest!, /2 · .*1 · .*\/tz <b>&amp;" · bad_arguments/);
  assert.deepEqual(h.last()?.card.buttons, []);
  assert.match((await h.said('/audit before 1'))[0]!, /Nothing is written down/);
});

test('CX-01 a menu follows role and language, also the one the channel shows by itself', async () => {
  const h = await harness();
  const [viewer] = await h.said('/menu', VIEWER);
  assert.match(viewer!, /as viewer/);
  assert.doesNotMatch(viewer!, /\/config|\/allow/);
  const [owner] = await h.said('/menu');
  assert.match(owner!, /Decide: \/confirm.*The desk:.*\/config · \/reload/);
  await h.said('/lang zh');
  assert.match((await h.said('/菜单'))[0]!, /决定:\/confirm 确认 · \/half 数量减半/);
  await h.said('/role fake:3 operator');
  await h.said('/revoke fake:3');
  assert.deepEqual(h.menus, [
    { channel: 'fake', chatId: '3', role: 'viewer', language: 'en' },
    { channel: 'fake', chatId: '1', role: 'owner', language: 'en' },
    { channel: 'fake', chatId: '1', role: 'owner', language: 'zh' },
    { channel: 'fake', chatId: '1', role: 'owner', language: 'zh' },
    { channel: 'fake', chatId: '3', role: 'operator', language: 'en' },
    { channel: 'fake', chatId: '3', role: null, language: 'en' },
  ]);
});

async function withDays(change: Change = {}) {
  const h = await harness(change);
  const record = (tradingDay: string, more: Partial<DayRecord> = {}) =>
    h.store.events.append({
      stream: 'live/days/us-vwap',
      expectedVersion: version++,
      context: runContext('c', 'v', 'live', h.clock.now()),
      events: [{ type: 'day_recorded', data: dayRecord({ tradingDay, ...more }) }],
      outbox: [],
    });
  let version = 0;
  await record('2026-11-16', { trades: [], proposals: [] });
  await record('2026-11-17');
  return h;
}

test('CX-12 /rbook tells the last round trips in R by day type', async () => {
  const h = await withDays();
  const [book] = await h.said('/rbook');
  assert.match(
    book!,
    /: 1 trade, 1 won · mean \+0\.90R · median \+0\.90R · worst \+0\.90R \/ 2026-11-17 K7QD QQQM \+0\.90R/,
  );
  const none = await harness();
  assert.match((await none.said('/rbook'))[0]!, /No round trip/);
});

test('CX-12 /pnl adds up recorded days, weeks and months, newest first', async () => {
  const h = await withDays();
  const [days] = await h.said('/pnl d');
  assert.match(
    days!,
    /^2026-11-17 · us-vwap · \+\$7\.90 \(\+0\.90R\) · 1 day · 1 trade · fees \$0\.12 \/ 2026-11-16 · /,
  );
  const [weeks] = await h.said('/pnl 1 w');
  assert.match(
    weeks!,
    /^2026-11-16 – 2026-11-22 · us-vwap · \+\$15\.80 \(\+1\.80R\) · 2 days · 1 trade/,
  );
  await h.said('/lang zh');
  assert.match((await h.said('/盈亏 月'))[0]!, /2026-11-01 – 2026-11-30 · us-vwap · .*2天 · 1笔/);
  const none = await harness();
  assert.match((await none.said('/pnl 3 m'))[0]!, /No day is recorded/);
});

test('CX-12 /export sends a table as a file; the audit goes to those who act', async () => {
  const h = await withDays();
  const file = () => {
    const { file: sent } = h.last() ?? {};
    return { name: sent?.name, text: Buffer.from(sent?.content ?? []).toString('utf8') };
  };
  await h.said('/export trades', VIEWER);
  assert.equal(file().name, 'trades-2026-11-17.csv');
  assert.match(file().text, /^date,desk,code,symbol,.*\n2026-11-17,us-vwap,K7QD,QQQM\.US,long,21,/);
  await h.said('/export days json');
  assert.equal(file().name, 'days-2026-11-16-2026-11-17.json');
  const days = JSON.parse(file().text) as { date: string; trades: number }[];
  assert.deepEqual(
    days.map(({ date, trades }) => [date, trades]),
    [
      ['2026-11-16', 0],
      ['2026-11-17', 1],
    ],
  );
  await h.said('=cmd|calc', OWNER);
  assert.match((await h.said('/export audit', VIEWER))[0]!, /needs the role operator/);
  await h.said('/export audit', OPERATOR);
  // a spreadsheet must not take what somebody wrote for a formula
  assert.match(file().text, /,'=cmd\|calc,/);
  const none = await harness();
  assert.match((await none.said('/export trades 5'))[0]!, /Nothing to export: no trades/);
});

test('CX-01 /sources and /degraded name what fails, in both languages', async () => {
  const failing = {
    source: 'tencent',
    what: 'quotes',
    state: 'failing' as const,
    answeredAt: null,
    failedAt: 1_795_000_000_000,
    failure: 'timeout',
  };
  const h = await harness({ dataSources: [failing] });
  assert.match(
    (await h.said('/sources'))[0]!,
    /✕ tencent · quotes · fails · failed .* no answer in time/,
  );
  assert.match((await h.said('/degraded'))[0]!, /✕ tencent/);
  await h.said('/lang zh');
  assert.match((await h.said('数据源'))[0]!, /✕ tencent · 报价 · 失败 · 失败于 .* 未及时回应/);
  assert.match((await h.said('/ping'))[0]!, /^pong 轮询延迟 /);
  const well = await harness();
  assert.match((await well.said('/degraded'))[0]!, /Nothing is degraded/);
  assert.match((await well.said('/version'))[0]!, /version: 0\.1\.0/);
});
