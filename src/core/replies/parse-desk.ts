import type { Mode, Reply } from './act.ts';
import { act, bad, NAME, question } from './reply-of.ts';

/** Reads `/mode`: the choice of desks without arguments. */
export function parseMode(args: readonly string[]): Reply {
  if (args.length === 0) return question({ ask: 'mode_menu' });
  const word = args[args.length - 1]!.toLowerCase();
  const desk = args.length === 2 ? args[0]!.toLowerCase() : '';
  if (args.length > 2 || !isMode(word) || (desk !== '' && !NAME.test(desk))) {
    return bad('mode', args.join(' '), '[desk] alert|semi|auto');
  }
  return act({ act: 'mode', desk, mode: word });
}

/** Reads `/account`: without arguments the question that lists them. */
export function parseAccount(args: readonly string[]): Reply {
  if (args.length === 0) return question({ ask: 'accounts' });
  const [account = '', side = ''] = args.map((word) => word.toLowerCase());
  if (args.length !== 2 || !NAME.test(account) || (side !== 'paper' && side !== 'live'))
    return bad('account', args.join(' '), '<account> paper|live');
  return act({ act: 'account', account, environment: side });
}

/** Days that are shown at most: events are listed about that far ahead. */
const MOST_DAYS = 92;

/** Reads `/calendar`: a number of days, a market and `ics`, each or none, in any order. */
export function parseCalendar(args: readonly string[]): Reply {
  const words = args.map((word) => word.toLowerCase());
  const isFile = words.includes('ics');
  const number = words.find((word) => /^\d{1,3}$/.test(word));
  const market = words.find((word) => word === 'cn' || word === 'us');
  const days = number === undefined ? null : Number(number);
  const read = Number(number !== undefined) + Number(market !== undefined) + Number(isFile);
  if (read !== words.length || (days !== null && (days < 1 || days > MOST_DAYS)))
    return bad('calendar', args.join(' '), `[days, 1 to ${MOST_DAYS}] [cn|us] [ics]`);
  return question({
    ask: 'calendar',
    days,
    market: market === undefined ? null : market === 'cn' ? 'CN' : 'US',
    isFile,
  });
}

function isMode(word: string): word is Mode {
  return word === 'alert' || word === 'semi' || word === 'auto';
}
