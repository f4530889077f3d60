import type { Reply } from './act.ts';
import { act, bad } from './reply-of.ts';

/** Longest id of a lock: its cause and an instrument. */
const LONGEST_ID = 80;

/** `/safe on|off`. */
export function parseSafe(args: readonly string[]): Reply {
  const word = args[0]?.toLowerCase() ?? '';
  if (args.length !== 1) return bad('safe', args.join(' '), 'on|off');
  if (word === 'on' || word === '开') return act({ act: 'safe', on: true });
  if (word === 'off' || word === '关') return act({ act: 'safe', on: false });
  return bad('safe', word, 'on|off');
}

/** `/unlock <lock>`: the id or the cause of one lock. */
export function parseUnlock(args: readonly string[]): Reply {
  const [id] = args;
  if (id === undefined || args.length !== 1)
    return bad('unlock', args.join(' '), 'the id of one lock, as /locks shows it');
  return act({ act: 'unlock', id: id.slice(0, LONGEST_ID) });
}
