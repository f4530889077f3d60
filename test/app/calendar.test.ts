import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseReply } from '#core/replies/parse.ts';
import { loadAgenda, loadCalendars } from '#shell/calendars/load.ts';
import { ny, ready } from '../support/builders.ts';
import { chatHarness } from '../support/chat-harness.ts';

const [calendars, events] = await Promise.all([loadCalendars('.'), loadAgenda('.')]);

async function desk() {
  return await chatHarness(ready(), {
    at: ny('10:00:30', '2026-11-24'),
    calendarOf: (market) => calendars[market],
    eventsOf: (market) => (market === 'US' ? events : null),
  });
}

/** All lines of the card that answers a viewer. */
async function ask(text: string, h: Awaited<ReturnType<typeof desk>>): Promise<readonly string[]> {
  await h.say(text, { userId: '3' });
  return h.channel.sent.at(-1)?.card.lines ?? [];
}

test('ID-10 SP-12 /calendar shows a viewer the days ahead of the desk’s market, with source and end', async () => {
  const lines = await ask('/calendar', await desk());
  assert.deepEqual(lines.slice(0, 5), [
    'Calendar · United States · 2026-11-24 to 2026-12-07',
    '9 trading days, 09:30–16:00 ET',
    '■ 2026-11-26 Thu · closed (holiday)',
    '◧ 2026-11-27 Fri · early close 13:00 ET',
    '◷ 2026-12-04 Fri · payrolls · 08:30 ET',
  ]);
  assert.match(lines[5] ?? '', /^days known until 2028-12-31 · exchange holiday rules/);
  assert.match(
    lines[6] ?? '',
    /^events known: FOMC rate decision until 2027-12-31, CPI until 2026-12-31, .*earnings: no dates · Federal Reserve/,
  );
  assert.equal(lines.length, 7);
});

test('ID-10 /calendar warns where known dates end before the days asked for, and takes another market', async () => {
  const h = await desk();
  const far = (await ask('/calendar 60', h)).join('\n');
  assert.match(far, /◷ 2026-12-09 Wed · FOMC rate decision · 14:00 ET/);
  assert.match(far, /⚠ CPI until 2026-12-31/);
  const china = await ask('/calendar cn 60', h);
  assert.match(china[0] ?? '', /China/);
  assert.match(china[1] ?? '', /09:30–15:00 Beijing/);
  assert.match(china.join('\n'), /⚠ days known until 2026-12-31/);
  assert.equal(china.at(-1), 'no events are listed for this market');
});

test('CX-06 /calendar answers in Chinese', async () => {
  const h = await desk();
  await h.say('/lang zh', { userId: '3' });
  const lines = await ask('日历', h);
  assert.deepEqual(lines.slice(0, 5), [
    '日历 · 美国 · 2026-11-24 至 2026-12-07',
    '9 个交易日,美东09:30–16:00',
    '■ 2026-11-26 周四 · 休市',
    '◧ 2026-11-27 周五 · 提前收盘 美东13:00',
    '◷ 2026-12-04 周五 · 非农就业 · 美东08:30',
  ]);
});

test('ID-10 /calendar reads days and market in either order, and refuses everything else', () => {
  const asked = (text: string) => {
    const reply = parseReply(text);
    return reply.kind === 'question' ? reply.question : reply.kind;
  };
  const found = { ask: 'calendar', days: 30, market: 'CN', isFile: false };
  assert.deepEqual(asked('/calendar 30 cn'), found);
  assert.deepEqual(asked('/日历 CN 30'), found);
  assert.deepEqual(asked('calendar'), {
    ask: 'calendar',
    days: null,
    market: null,
    isFile: false,
  });
  assert.deepEqual(asked('/calendar ics cn 30'), { ...found, isFile: true });
  for (const text of ['0', '93', '7 7', 'us us', 'tomorrow', '7 us x', '-3', 'ics ics'])
    assert.equal(asked(`/calendar ${text}`), 'bad_arguments', text);
});

test('ID-10 a calendar of hundreds of earnings is cut and says so', async () => {
  const many = Array.from({ length: 200 }, (_, n) => ({
    kind: 'earnings' as const,
    day: '2026-12-01',
    time: null,
    symbol: `S${n}`,
    timing: 'unknown' as const,
  }));
  const h = await chatHarness(ready(), {
    at: ny('10:00:30', '2026-11-24'),
    calendarOf: (market) => calendars[market],
    eventsOf: () => ({ ...events, events: many }),
  });
  const lines = await ask('/calendar', h);
  assert.match(lines.join('\n'), /S27 · time of day unknown\n… and 172 more; ask for fewer days/);
  assert.match(lines.at(-1) ?? '', /^events known/);
});

/** Blocks between BEGIN and END of events, as name and value; folded lines are one. */
function eventsIn(ics: string): Record<string, string>[] {
  const lines = ics.replaceAll(/\r\n[ \t]/g, '').split('\r\n');
  const found: Record<string, string>[] = [];
  for (const line of lines) {
    const [, name = '', value = ''] = /^([^:]+):(.*)$/.exec(line) ?? [];
    if (line === 'BEGIN:VEVENT') found.push({});
    else if (found.length > 0) Object.assign(found.at(-1) ?? {}, { [name]: value });
  }
  return found;
}

test('SP-12 /calendar ics sends the days ahead as a calendar file, in the market’s own time', async () => {
  const h = await desk();
  await h.say('/calendar ics', { userId: '3' });
  const file = h.channel.sent.at(-1)?.file;
  assert.equal(file?.name, 'calendar-us-2026-11-24.ics');
  assert.equal(file?.mediaType, 'text/calendar');
  const text = Buffer.from(file?.content ?? []).toString();
  assert.match(text, /^BEGIN:VCALENDAR\r\nVERSION:2\.0\r\n/);
  assert.match(text, /END:VCALENDAR\r\n$/);
  assert.ok(text.split('\r\n').every((line) => Buffer.byteLength(line) <= 75));
  const found = eventsIn(text);
  const of = (summary: RegExp) => found.find(({ SUMMARY = '' }) => summary.test(SUMMARY));
  assert.deepEqual(
    [of(/closed/)?.['DTSTART;VALUE=DATE'], of(/closed/)?.['DTEND;VALUE=DATE']],
    ['20261126', '20261127'],
  );
  // 13:00 in New York in winter, and 08:30
  assert.equal(of(/early close/)?.['DTSTART'], '20261127T180000Z');
  assert.equal(of(/payrolls/)?.['DTSTART'], '20261204T133000Z');
  assert.equal(new Set(found.map(({ UID }) => UID)).size, found.length);
  assert.equal(of(/early close/)?.['UID'], 'us-2026-11-27-early_close@centaur');
});

test('SP-12 names from outside cannot add an entry of their own to a calendar file', async () => {
  const odd = {
    kind: 'earnings' as const,
    day: '2026-12-01',
    time: null,
    timing: 'unknown' as const,
  };
  const h = await chatHarness(ready(), {
    at: ny('10:00:30', '2026-11-24'),
    calendarOf: (market) => calendars[market],
    eventsOf: () => ({
      ...events,
      events: [{ ...odd, symbol: 'X\r\nEND:VEVENT\r\nBEGIN:VEVENT;,\\' }],
    }),
  });
  await h.say('/calendar ics');
  const text = Buffer.from(h.channel.sent.at(-1)?.file?.content ?? []).toString();
  assert.equal(eventsIn(text).filter(({ SUMMARY = '' }) => /earnings/.test(SUMMARY)).length, 1);
  assert.equal(text.match(/^BEGIN:VEVENT/gm)?.length, text.match(/^END:VEVENT/gm)?.length);
});
