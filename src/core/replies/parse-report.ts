import type { Span } from '#core/reports/period.ts';
import type { Reply, ReportFormat } from './act.ts';
import { bad, question, TARGET } from './reply-of.ts';

const DAY = /^\d{4}-\d{2}-\d{2}$/;

const SPANS: Readonly<Record<string, Span>> = {
  day: 'day',
  week: 'week',
  month: 'month',
  日: 'day',
  周: 'week',
  月: 'month',
};
const FORMATS: readonly ReportFormat[] = ['md', 'csv', 'json', 'html'];
const REPORT_USAGE = '[today|yesterday|YYYY-MM-DD] [week|month] [md|csv|json|html]';
/** Days a score looks back at most. */
const MOST_SCORE_DAYS = 366;

/** Reads `/report`: a day, a span and a format, each once and in any order. */
export function parseReport(args: readonly string[]): Reply {
  let day: string | null = null;
  let span: Span | null = null;
  let format: ReportFormat | null = null;
  for (const word of args.map((token) => token.toLowerCase())) {
    const asFormat = FORMATS.find((known) => known === word);
    if ((word === 'today' || word === 'yesterday' || DAY.test(word)) && day === null) day = word;
    else if (SPANS[word] !== undefined && span === null) span = SPANS[word];
    else if (asFormat !== undefined && format === null) format = asFormat;
    else return bad('report', word, REPORT_USAGE);
  }
  return question({ ask: 'report', day, span: span ?? 'day', format });
}

/** Reads `/score`. */
export function parseScore(args: readonly string[]): Reply {
  const days = args[0] === undefined ? null : Number(args[0]);
  const isDays = days === null || (/^\d{1,3}$/.test(args[0] ?? '') && days >= 1);
  if (args.length > 1 || !isDays || (days ?? 1) > MOST_SCORE_DAYS)
    return bad('score', args.join(' '), `[days, 1 to ${MOST_SCORE_DAYS}]`);
  return question({ ask: 'score', days });
}

/** Reads `/logs`. */
export function parseLogs(args: readonly string[]): Reply {
  const number = args.find((token) => /^\d{1,3}$/.test(token));
  const level = args.find((token) => token !== number)?.toLowerCase() ?? null;
  if (args.length > 2 || (level !== null && !['debug', 'info', 'warn', 'error'].includes(level))) {
    return bad('logs', args.join(' '), '[count] [debug|info|warn|error]');
  }
  return question({ ask: 'logs', count: number === undefined ? null : Number(number), level });
}

/** Words that name a picture of a desk rather than of a symbol. */
const PICTURES: Readonly<Record<string, 'gates'>> = { gates: 'gates', 闸门: 'gates' };

/** Reads `/chart`: a ticket, a symbol, the gate, or what is at hand. */
export function parseChart(args: readonly string[], replyToCode: string | null): Reply {
  const [first] = args;
  if (args.length > 1) return bad('chart', args.join(' '), '[code|symbol|gates]');
  if (first === undefined) return question({ ask: 'chart', of: 'target', target: replyToCode });
  const of = PICTURES[first.toLowerCase()];
  if (of !== undefined) return question({ ask: 'chart', of, target: null });
  const target = first.toUpperCase();
  return TARGET.test(target)
    ? question({ ask: 'chart', of: 'target', target })
    : bad('chart', first, '[code|symbol|gates]');
}
