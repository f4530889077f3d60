import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { parse as parseCsv } from 'csv-parse/sync';
import { streamOf } from '#app/event-form.ts';
import { runContext } from '#app/run-registry.ts';
import type { DayRecord } from '#core/reports/day-record.ts';
import { connectStore } from '#shell/store/client.ts';
import { createStore } from '#shell/store/store.ts';
import { runCli } from '../support/cli.ts';
import { dayRecord } from '../support/day-records.ts';

const RUN = 'demo-report-1';
const DAYS: readonly Partial<DayRecord>[] = [
  { tradingDay: '2026-11-16', trades: [], proposals: [], verdict: 'no_trade', resultR: 0 },
  { tradingDay: '2026-11-17' },
  { tradingDay: '2026-12-01' },
];

suite('report of recorded days', () => {
  let folder = '';
  let dataDir = '';

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'centaur-report-'));
    dataDir = join(folder, 'data');
    const handle = await connectStore({ dataFolder: dataDir, databaseUrl: null, purpose: 'test' });
    const { events } = createStore(handle);
    const context = runContext('c', 'v', RUN, 1_795_000_000_000);
    const common = { expectedVersion: 0, context, outbox: [] };
    const started = { type: 'desk_note', data: {} };
    await events.append({ ...common, stream: streamOf(RUN, 'us-vwap'), events: [started] });
    await events.append({
      ...common,
      stream: `${RUN}/days/us-vwap`,
      events: DAYS.map((day) => ({ type: 'day_recorded', data: dayRecord(day) })),
    });
    await handle.closeAndStop();
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('CX-12 the newest day, a week and a month are added up from what was recorded', async () => {
    const newest = await runCli(['report'], { dataDir });
    assert.equal(newest.code, 0, newest.stderr);
    assert.match(newest.stdout, /^---\ntype: report\nspan: day\nfrom: 2026-12-01/);
    const week = await runCli(['report', '--week', '2026-11-18', '--json'], { dataDir });
    const told = JSON.parse(week.stdout) as {
      run: string;
      from: string;
      reports: { figures: { days: number }; records: { tradingDay: string }[] }[];
    };
    assert.deepEqual([told.run, told.from], [RUN, '2026-11-16']);
    assert.equal(told.reports[0]?.figures.days, 2);
    assert.deepEqual(
      told.reports[0]?.records.map(({ tradingDay }) => tradingDay),
      ['2026-11-16', '2026-11-17'],
    );
    const none = await runCli(['report', '--date', '2026-11-20'], { dataDir });
    assert.equal(none.code, 5);
    assert.match(none.stderr, /found no recorded day of 2026-11-20 in run demo-report-1/);
  });

  test('CX-12 every format is written as a file, in the language asked for, HTML with its picture', async () => {
    const out = join(folder, 'out');
    const file = async (format: string, language: string): Promise<string> => {
      const words = ['report', '--month', '2026-11-02', '--format', format, '--out', out];
      const { code, stdout, stderr } = await runCli([...words, '--language', language], {
        dataDir,
      });
      assert.equal(code, 0, stderr);
      return readFileSync(/^written: (.*)$/m.exec(stdout)?.[1] ?? '', 'utf8');
    };
    const html = await file('html', 'zh');
    assert.match(html, /<html lang="zh-CN">[\s\S]*月报 2026-11-01/);
    assert.match(html, /<img alt="[^"]+" src="data:image\/png;base64,/);
    assert.match(await file('md', 'en'), /# Month 2026-11-01[\s\S]*K7QD/);
    const rows = parseCsv(await file('csv', 'en'), { columns: true }) as { row: string }[];
    assert.equal(rows.filter(({ row }) => row === 'day').length, 2);
    assert.equal((JSON.parse(await file('json', 'en')) as unknown[]).length, 1);
  });

  test('CX-12 a language or a format nobody has is refused in one line', async () => {
    for (const wrong of [
      ['--format', 'pdf'],
      ['--language', 'fr'],
    ]) {
      const { code, stderr } = await runCli(['report', ...wrong], { dataDir });
      assert.equal(code, 2);
      assert.match(stderr, /^error: --(format|language): found "(pdf|fr)", expected one of/);
    }
  });
});
