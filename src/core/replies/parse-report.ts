import type { Reply } from './act.ts';
import { bad, question, TARGET } from './reply-of.ts';

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** Reads `/report`. */
export function parseReport(first: string | null): Reply {
  const day = first?.toLowerCase() ?? null;
  if (day !== null && day !== 'today' && day !== 'yesterday' && !DAY.test(day)) {
    return bad('report', day, '[today|yesterday|YYYY-MM-DD]');
  }
  return question({ ask: 'report', day });
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
