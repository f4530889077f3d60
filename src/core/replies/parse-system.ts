import type { Span } from '#core/reports/period.ts';
import type { Reply } from './act.ts';
import type { CommandName } from './command-table.ts';
import { bad, question } from './reply-of.ts';
import { EXPORTS, type ExportFormat } from './system.ts';

/** Settings, files and jobs by their names. */
const KEY = /^[A-Za-z][\w.-]{0,79}$/;
const JOB = /^[a-z][a-z0-9-]{1,39}$/;
const ROW = /^\d{1,15}$/;
const MOST_ROWS = 100;
const MOST_TRADES = 500;
const MOST_DAYS = 366;

/** The zone's name as the tables of the world write it, or null for what is none. */
function zoneOf(word: string): string | null {
  // an offset knows no summer time
  if (!/^[A-Za-z]/.test(word)) return null;
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(word).timeZoneId;
  } catch {
    return null;
  }
}

/** A whole number of `least` to `most`, or null. */
function wholeOf(word: string | undefined, most: number): number | null {
  const value = Number(word);
  return word !== undefined && /^\d{1,4}$/.test(word) && value >= 1 && value <= most ? value : null;
}

/** `/tz Asia/Shanghai`, `/tz off`; alone it shows the settings. */
function parseZone(args: readonly string[]): Reply {
  const [word = '', ...more] = args;
  if (args.length === 0) return question({ ask: 'settings' });
  if (more.length === 0 && ['off', '关'].includes(word.toLowerCase()))
    return { kind: 'setting', setting: { set: 'tz', zone: null } };
  const zone = more.length === 0 ? zoneOf(word) : null;
  if (zone === null)
    return bad('tz', args.join(' '), 'an IANA time zone, e.g. Asia/Shanghai, or off');
  return { kind: 'setting', setting: { set: 'tz', zone } };
}

function parseAudit(args: readonly string[]): Reply {
  const expected = `[count, 1 to ${MOST_ROWS}] [before <number>]`;
  const at = args.findIndex((word) => ['before', '早于'].includes(word.toLowerCase()));
  const head = at < 0 ? args : args.slice(0, at);
  const tail = at < 0 ? [] : args.slice(at + 1);
  const count = head.length === 0 ? null : wholeOf(head[0], MOST_ROWS);
  const before = ROW.test(tail[0] ?? '') ? Number(tail[0]) : null;
  const isFit =
    head.length <= 1 &&
    (head.length === 0 || count !== null) &&
    (at < 0 || (tail.length === 1 && before !== null));
  return isFit ? question({ ask: 'audit', count, before }) : bad('audit', args.join(' '), expected);
}

function parseBook(args: readonly string[]): Reply {
  const count = args.length === 0 ? null : wholeOf(args[0], MOST_TRADES);
  if (args.length > 1 || (args.length === 1 && count === null))
    return bad('rbook', args.join(' '), `[count, 1 to ${MOST_TRADES}]`);
  return question({ ask: 'rbook', count });
}

const FORMATS: Readonly<Record<string, ExportFormat>> = { csv: 'csv', json: 'json' };

function parseExport(args: readonly string[]): Reply {
  const expected = `${EXPORTS.join('|')} [days, 1 to ${MOST_DAYS}] [csv|json]`;
  const [first = '', ...rest] = args.map((word) => word.toLowerCase());
  const what = EXPORTS.find((known) => known === first);
  let days: number | null = null;
  let format: ExportFormat | null = null;
  for (const word of rest) {
    const asDays = wholeOf(word, MOST_DAYS);
    const asFormat = Object.hasOwn(FORMATS, word) ? FORMATS[word] : undefined;
    if (asDays !== null && days === null) days = asDays;
    else if (asFormat !== undefined && format === null) format = asFormat;
    else return bad('export', args.join(' '), expected);
  }
  if (what === undefined) return bad('export', args.join(' '), expected);
  return question({ ask: 'export', what, days, format: format ?? 'csv' });
}

function parseConfig(args: readonly string[]): Reply {
  const expected = '[get <key> | set <key> <value>]';
  const [verb = '', key = '', ...rest] = args;
  if (args.length === 0) return question({ ask: 'config', key: null });
  const isKey = KEY.test(key);
  const word = verb.toLowerCase();
  if (['get', '查看'].includes(word) && isKey && rest.length === 0)
    return question({ ask: 'config', key });
  if (['set', '设为'].includes(word) && isKey && rest.length > 0)
    return { kind: 'system', act: { act: 'config', key, value: rest.join(' ').slice(0, 200) } };
  // what was typed may be a secret: it is not said again
  return bad('config', verb.slice(0, 10), expected);
}

function parseJob(args: readonly string[]): Reply {
  const [verb = '', name = '', ...more] = args.map((word) => word.toLowerCase());
  const isRun = ['run', '运行'].includes(verb);
  if (!isRun || !JOB.test(name) || more.length > 0) return bad('job', args.join(' '), 'run <name>');
  return { kind: 'system', act: { act: 'job', job: name } };
}

const SPANS: Readonly<Record<string, Span>> = {
  d: 'day',
  w: 'week',
  m: 'month',
  日: 'day',
  周: 'week',
  月: 'month',
};
const MOST_SPANS = 60;

/** `/pnl 8 w`; alone it tells of today. */
function parsePnl(args: readonly string[]): Reply {
  if (args.length === 0) return question({ ask: 'pnl' });
  const words = args.map((word) => word.toLowerCase());
  const number = words.find((word) => /^\d/.test(word));
  const rest = words.filter((word) => word !== number);
  const span = Object.hasOwn(SPANS, rest[0] ?? '') ? SPANS[rest[0] ?? ''] : undefined;
  const count = number === undefined ? null : wholeOf(number, MOST_SPANS);
  const isFit = rest.length === 1 && (number === undefined || count !== null);
  if (!isFit || span === undefined || args.length > 2)
    return bad('pnl', args.join(' '), `[count, 1 to ${MOST_SPANS}] d|w|m`);
  return question({ ask: 'pnl_spans', count, span });
}

/** Reads a command about the process itself, or what it has recorded; null: it is another one. */
export function parseSystem(name: CommandName, args: readonly string[]): Reply | null {
  switch (name) {
    case 'tz':
      return parseZone(args);
    case 'audit':
      return parseAudit(args);
    case 'pnl':
      return parsePnl(args);
    case 'rbook':
      return parseBook(args);
    case 'export':
      return parseExport(args);
    case 'config':
      return parseConfig(args);
    case 'job':
      return parseJob(args);
    case 'reload':
    case 'backup':
    case 'selftest':
      return args.length === 0
        ? { kind: 'system', act: { act: name } }
        : bad(name, args.join(' '), `/${name} alone`);
    case 'menu':
    case 'version':
    case 'sources':
    case 'degraded':
    case 'budget':
      return args.length === 0
        ? question({ ask: name })
        : bad(name, args.join(' '), `/${name} alone`);
    default:
      return null;
  }
}
