import type { Reply } from './act.ts';

const TARGET = /^[A-Z0-9][A-Z0-9.-]{0,79}$/;
const PRICE = /^@?(\d{1,9}(?:\.\d{1,6})?)$/;
const SHARES = /^(\d{1,9})(股|手)?$/u;
const WALL_TIME = /^([01]?\d|2[0-3]):([0-5]\d)$/;
const SHARES_PER_LOT = 100;
const EXPECTED = '<code> <price> <quantity> [HH:MM] | <code> none|done';
const NONE: ReadonlySet<string> = new Set(['none', '无', '没成交', '未成交']);
const DONE: ReadonlySet<string> = new Set(['done', '完成']);
/** `成交 4FXT 38.55 1300`: the answer a card asks for, as the whole message. */
const REPORTED = /^(?:成交|fill) ([2-9A-HJ-NP-Z]{4}) (.+)$/iu;

function bad(found: string): Reply {
  return { kind: 'bad_arguments', command: 'fill', found: found.slice(0, 40), expected: EXPECTED };
}

/** Reads `/fill`: what was executed of an order at the broker, none of it, or that it is all. */
export function parseFill(
  args: readonly string[],
  context: { readonly replyToCode: string | null },
): Reply {
  const hasTarget = args[0] !== undefined && !PRICE.test(args[0]) && !isWord(args[0]);
  const target = (hasTarget ? args[0] : context.replyToCode)?.toUpperCase() ?? '';
  const rest = hasTarget ? args.slice(1) : args;
  if (!TARGET.test(target)) return bad(args.join(' '));
  const [first = '', second = '', third, ...surplus] = rest;
  const nothing = { price: null, quantity: null, time: null };
  if (rest.length === 1 && NONE.has(first.toLowerCase()))
    return reply({ act: 'fill', target, verb: 'none', ...nothing });
  if (rest.length === 1 && DONE.has(first.toLowerCase()))
    return reply({ act: 'fill', target, verb: 'done', ...nothing });
  const price = PRICE.exec(first);
  const shares = SHARES.exec(second);
  const time = third === undefined ? null : WALL_TIME.exec(third);
  const isTimeBad = third !== undefined && time === null;
  if (price === null || shares === null || isTimeBad || surplus.length > 0)
    return bad(rest.join(' '));
  const quantity = Number(shares[1]) * (shares[2] === '手' ? SHARES_PER_LOT : 1);
  if (!(Number(price[1]) > 0) || quantity === 0) return bad(rest.join(' '));
  return reply({
    act: 'fill',
    target,
    verb: 'fill',
    price: Number(price[1]),
    quantity,
    time: time === null ? null : `${(time[1] ?? '').padStart(2, '0')}:${time[2] ?? ''}`,
  });
}

function isWord(text: string): boolean {
  return NONE.has(text.toLowerCase()) || DONE.has(text.toLowerCase());
}

/** The same without a slash, only as the whole message and only with a ticket code; null for other text. */
export function reportedFill(text: string): Reply | null {
  const found = REPORTED.exec(text);
  if (found === null) return null;
  const parsed = parseFill([found[1] ?? '', ...(found[2] ?? '').split(' ')], { replyToCode: null });
  return parsed.kind === 'act' ? parsed : null;
}

/** Reads `/protected`: the conditional order of a position stands at the broker. */
export function parseProtected(args: readonly string[]): Reply {
  const target = args[0]?.toUpperCase() ?? '';
  if (args.length === 1 && TARGET.test(target)) return reply({ act: 'protected', target });
  return {
    kind: 'bad_arguments',
    command: 'protected',
    found: args.join(' ').slice(0, 40),
    expected: '<symbol|code>',
  };
}

function reply(act: Extract<Reply, { kind: 'act' }>['act']): Reply {
  return { kind: 'act', act, day: null };
}
