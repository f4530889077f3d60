import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { COMMANDS, type CommandRole } from '#core/replies/command-table.ts';
import { menuFor } from '#core/replies/menu.ts';
import { parseReply } from '#core/replies/parse.ts';
import { byDayType } from '#core/replies/system.ts';

const read = (text: string): unknown => {
  const reply = parseReply(text);
  if (reply.kind === 'question') return reply.question;
  if (reply.kind === 'system') return reply.act;
  return reply.kind === 'setting' ? reply.setting : reply.kind;
};

test('CX-01 commands about the system are read in both languages', () => {
  const meant: readonly (readonly [string, unknown])[] = [
    ['/menu', { ask: 'menu' }],
    ['菜单', { ask: 'menu' }],
    ['/version', { ask: 'version' }],
    ['/数据源', { ask: 'sources' }],
    ['降级', { ask: 'degraded' }],
    ['/budget', { ask: 'budget' }],
    ['预算', { ask: 'budget' }],
    ['/audit', { ask: 'audit', count: null, before: null }],
    ['/audit 20 before 4711', { ask: 'audit', count: 20, before: 4711 }],
    ['/审计 before 4711', { ask: 'audit', count: null, before: 4711 }],
    ['/rbook', { ask: 'rbook', count: null }],
    ['/交易簿 50', { ask: 'rbook', count: 50 }],
    ['/pnl', { ask: 'pnl' }],
    ['/pnl w', { ask: 'pnl_spans', count: null, span: 'week' }],
    ['/盈亏 6 月', { ask: 'pnl_spans', count: 6, span: 'month' }],
    ['/pnl d 20', { ask: 'pnl_spans', count: 20, span: 'day' }],
    ['/export trades', { ask: 'export', what: 'trades', days: null, format: 'csv' }],
    ['/导出 audit json 7', { ask: 'export', what: 'audit', days: 7, format: 'json' }],
    ['/config', { ask: 'config', key: null }],
    ['/config get channels.language', { ask: 'config', key: 'channels.language' }],
    [
      '/配置 设为 us-vwap.symbols AAPL, MU',
      { act: 'config', key: 'us-vwap.symbols', value: 'AAPL, MU' },
    ],
    ['/reload', { act: 'reload' }],
    ['/重读配置', { act: 'reload' }],
    ['/backup', { act: 'backup' }],
    ['/自检', { act: 'selftest' }],
    ['/job run sync-calendar', { act: 'job', job: 'sync-calendar' }],
    ['/运行任务 运行 us-close', { act: 'job', job: 'us-close' }],
  ];
  for (const [text, expected] of meant) assert.deepEqual(read(text), expected, text);
});

test('CX-01 a chat names its zone by its IANA name, in any case, and nothing else is one', () => {
  assert.deepEqual(read('/tz Asia/Shanghai'), { set: 'tz', zone: 'Asia/Shanghai' });
  assert.deepEqual(read('/时区 europe/paris'), { set: 'tz', zone: 'Europe/Paris' });
  assert.deepEqual(read('/tz off'), { set: 'tz', zone: null });
  assert.deepEqual(read('/tz'), { ask: 'settings' });
  for (const text of ['/tz Beijing', '/tz +08:00', '/tz Asia/Shanghai now', '/tz <b>', '/tz CET+1'])
    assert.equal(read(text), 'bad_arguments', text);
});

test('CX-01 what cannot be is refused in one line, and a secret typed after /config is not said again', () => {
  for (const text of [
    '/audit 0',
    '/audit 101',
    '/audit before',
    '/audit before x',
    '/audit 5 6',
    '/rbook -1',
    '/rbook 501',
    '/pnl 5',
    '/pnl 61 d',
    '/pnl y',
    '/pnl 1 2 d',
    '/pnl constructor',
    '/export',
    '/export orders',
    '/export trades 400',
    '/export trades csv csv',
    '/config set us-vwap.capital',
    '/config get',
    '/config drop x',
    '/job sync-calendar',
    '/job run',
    '/job run ../x',
    '/reload now',
    '/version 2',
    '/menu all',
  ])
    assert.equal(read(text), 'bad_arguments', text);
  const reply = parseReply('/config 123456:AAsecretsecretsecretsecret x y');
  assert.ok(reply.kind === 'bad_arguments' && !reply.found.includes('secret'));
});

test('CX-01 a command about the system is never an act of a desk, whatever stands behind it', () => {
  const names = ['tz', 'audit', 'rbook', 'export', 'config', 'reload', 'backup', 'selftest', 'job'];
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.string(), (name, rest) => {
      const { kind } = parseReply(`/${name} ${rest}`);
      assert.ok(
        ['question', 'system', 'setting', 'bad_arguments', 'not_understood'].includes(kind),
      );
    }),
  );
});

test('CX-01 a menu has every command of its role once, and none above it', () => {
  const ranks: Readonly<Record<CommandRole, number>> = { viewer: 0, operator: 1, owner: 2 };
  for (const role of ['viewer', 'operator', 'owner'] as const) {
    const shown = menuFor(role).flatMap(({ commands }) => commands);
    const may = COMMANDS.filter((row) => ranks[row.role] <= ranks[role]).map(({ name }) => name);
    assert.deepEqual([...shown].sort(), [...may].sort());
  }
});

test('CX-12 round trips by day type: mean, median, worst', () => {
  const trade = {
    deskId: 'd',
    tradingDay: '2026-11-17',
    code: 'K7QD',
    instrument: 'MU.US',
  } as const;
  const trades = [1, -1, 3, 0.5].map((resultR) => ({
    ...trade,
    dayType: 'range' as const,
    resultR,
  }));
  assert.deepEqual(byDayType([...trades, { ...trade, dayType: 'undecided', resultR: 2 }]), [
    { dayType: 'range', trades: 4, wins: 3, meanR: 0.875, medianR: 0.75, worstR: -1 },
    { dayType: 'undecided', trades: 1, wins: 1, meanR: 2, medianR: 2, worstR: 2 },
  ]);
});
