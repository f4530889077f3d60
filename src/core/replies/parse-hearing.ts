import type { Reply } from './act.ts';
import { type Level, levelsOf, pushKindOf } from './hearing.ts';
import { bad, question } from './reply-of.ts';

const LEVELS: Readonly<Record<string, Level>> = {
  on: 'on',
  开: 'on',
  silent: 'silent',
  静音: 'silent',
  digest: 'digest',
  汇总: 'digest',
  off: 'off',
  关: 'off',
};
const WINDOW = /^([01]?\d|2[0-3]):([0-5]\d)[-~–]([01]?\d|2[0-3]):([0-5]\d)$/;
const LONGEST_MUTE_MINUTES = 24 * 60;

/** `/notify KIND on|silent|digest|off`; alone it shows the settings. */
export function parseNotify(args: readonly string[]): Reply {
  const [name = '', word = '', ...more] = args.map((arg) => arg.toLowerCase());
  if (args.length === 0) return question({ ask: 'settings' });
  const kind = pushKindOf(name);
  if (kind === null) return bad('notify', name, 'a kind of push, e.g. order_filled');
  const allowed = levelsOf(kind);
  if (allowed.length === 0) return bad('notify', name, 'no alarm: P0 always sounds');
  const level = LEVELS[word];
  if (level === undefined || !allowed.includes(level) || more.length > 0)
    return bad('notify', args.slice(1).join(' '), allowed.join('|'));
  return { kind: 'setting', setting: { set: 'notify', push: kind, level } };
}

/** `/quiet 22:30-08:00|off`; alone it shows the settings. */
export function parseQuiet(args: readonly string[]): Reply {
  const [word = '', ...more] = args;
  if (args.length === 0) return question({ ask: 'settings' });
  if (more.length === 0 && ['off', '关'].includes(word.toLowerCase()))
    return { kind: 'setting', setting: { set: 'quiet', quiet: null } };
  const found = WINDOW.exec(word);
  if (found === null || more.length > 0) return bad('quiet', args.join(' '), 'HH:MM-HH:MM|off');
  const from = `${found[1]!.padStart(2, '0')}:${found[2]}`;
  const to = `${found[3]!.padStart(2, '0')}:${found[4]}`;
  if (from === to) return bad('quiet', word, 'two different times');
  return { kind: 'setting', setting: { set: 'quiet', quiet: { from, to } } };
}

/** `/mute KIND 30m`: a kind without a sound for a while. */
export function parseMute(args: readonly string[]): Reply {
  const expected = '<kind> <minutes, e.g. 30m, at most 1440m>';
  const [name = '', time = '', ...more] = args.map((arg) => arg.toLowerCase());
  const kind = pushKindOf(name);
  const minutes = Number(/^(\d{1,4})m?$/.exec(time)?.[1]);
  const isFit = minutes >= 1 && minutes <= LONGEST_MUTE_MINUTES && more.length === 0;
  if (kind === null || !isFit) return bad('mute', args.join(' '), expected);
  if (levelsOf(kind).length === 0) return bad('mute', name, 'no alarm: P0 always sounds');
  return { kind: 'setting', setting: { set: 'mute', push: kind, minutes } };
}
