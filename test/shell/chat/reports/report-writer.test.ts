import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse as parseCsv } from 'csv-parse/sync';
import { parse as parseYaml } from 'yaml';
import { createReportWriter } from '#shell/chat/reports/report-writer.ts';
import { hostile } from '#test/support/chat-samples.ts';
import { dayRecord, fullReport, proposal } from '#test/support/day-records.ts';

const writer = createReportWriter();
const PNG = Buffer.from('89504e470d0a1a0a', 'hex');

test('CX-12 Markdown begins with front matter and has every trade and proposal in its tables', () => {
  for (const language of ['en', 'zh'] as const) {
    const { name, mediaType, content } = writer.write([fullReport()], 'md', language, PNG);
    assert.equal(name, `report-week-2026-11-16-2026-11-22-${language}.md`);
    assert.equal(mediaType, 'text/markdown');
    const [, head = '', ...rest] = content.split(/^---$/m);
    const front = parseYaml(head) as Record<string, unknown>;
    assert.deepEqual(front['tags'], ['report', 'week']);
    assert.deepEqual(front['desks'], ['us-vwap']);
    assert.equal(front['result_r'], 0.9);
    const body = rest.join('---');
    assert.match(body, /!\[[^\]]+\]\(data:image\/png;base64,iVBORw0KGg[^)]*\)/);
    for (const part of ['K7QD', '4FXT', '252.36', '252.74', '−1.20R'])
      assert.ok(body.includes(part), part);
    for (const line of body.split('\n').filter((row) => row.startsWith('|')))
      assert.ok(line.endsWith('|'));
    assert.doesNotMatch(content, /undefined|NaN|\[object/);
  }
});

test('CX-12 CSV has a row a day, trade and proposal that any reader reads back', () => {
  const { content } = writer.write([fullReport()], 'csv', 'zh', null);
  const rows = parseCsv(content, { columns: true }) as Record<string, string>[];
  assert.deepEqual(
    rows.map(({ row, code, r }) => [row, code, r]),
    [
      ['day', '', '0.9'],
      ['trade', 'K7QD', '0.9'],
      ['proposal', 'K7QD', '0.9'],
      ['proposal', '4FXT', '-1.2'],
      ['proposal', '', '0.4'],
    ],
  );
  assert.deepEqual([rows[0]?.['result'], rows[0]?.['equity']], ['7.9', '100007.9']);
});

test('CX-12 JSON carries the figures and the days as they were recorded', () => {
  const { content } = writer.write([fullReport()], 'json', 'en', null);
  const [first] = JSON.parse(content) as { records: unknown[]; score: unknown[]; span: string }[];
  assert.equal(first?.span, 'week');
  assert.deepEqual(first?.records, [JSON.parse(JSON.stringify(dayRecord()))]);
});

test('CX-12 names from outside are text in every format, never mark-up, formula or another cell', () => {
  const instrument = hostile('=cmd|\'"<b>x</b>,\n');
  const odd = dayRecord({ proposals: [proposal({ instrument })], trades: [] });
  const html = writer.write([fullReport([odd])], 'html', 'en', null).content;
  assert.doesNotMatch(html, /<b>/);
  assert.match(html, /&lt;b&gt;/);
  const markdown = writer.write([fullReport([odd])], 'md', 'en', null).content;
  assert.doesNotMatch(markdown, /[^\\]<b>/);
  const rows = parseCsv(writer.write([fullReport([odd])], 'csv', 'en', null).content, {
    columns: true,
  }) as Record<string, string>[];
  assert.equal(rows.length, 2);
  assert.match(rows[1]?.['symbol'] ?? '', /^'=cmd/);
});

test('CX-12 a report of no trade is whole in every format', () => {
  const quiet = fullReport([dayRecord({ verdict: 'no_trade', trades: [], proposals: [] })]);
  for (const format of ['md', 'html', 'csv', 'json'] as const) {
    const { content } = writer.write([quiet], format, 'en', null);
    assert.ok(content.includes('2026-11-17'), format);
    assert.doesNotMatch(content, /undefined|NaN|\[object/);
  }
});

test('CX-12 a page fits a phone: wide tables scroll by themselves, figures stand right, gains have their color', () => {
  const { content } = writer.write([fullReport()], 'html', 'en', null);
  assert.match(content, /<meta name="viewport" content="width=device-width/);
  assert.equal(
    content.match(/<table>/g)?.length,
    content.match(/<div class="wide"><table>/g)?.length,
  );
  assert.match(content, /<th class="n">entry<\/th>/);
  assert.match(content, /<td class="n up">\+0\.90R<\/td>/);
  assert.match(content, /<td class="n down">−1\.20R \(not traded\)<\/td>/);
  // worse slippage is the greater one: its sign is no gain
  assert.match(content, /<td class="n">−0\.8 bp<\/td>/);
  const chinese = writer.write([fullReport()], 'html', 'zh', null).content;
  assert.match(chinese, /\.up\{color:#c0392b\}/);
});
