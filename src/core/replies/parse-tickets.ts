import type { Reply } from './act.ts';
import type { CommandName } from './command-table.ts';
import { act, bad } from './reply-of.ts';

type Context = { readonly replyToCode: string | null };

const CODE = /^[2-9A-HJ-NP-Z]{4}$/;
const VERSION = /^v(\d{1,4})$/i;
const PRICE = /^\d{1,9}(?:\.\d{1,6})?$/;
const SHARES = /^(\d{1,9})(股|手)?$/u;
const SHARES_PER_LOT = 100;

/** Reads the commands about a ticket that waits; null for any other command. */
export function parseTicketCommand(
  name: CommandName,
  args: readonly string[],
  context: Context,
): Reply | null {
  if (name === 'snooze') return parseSnooze(args, context);
  return name === 'edit' ? parseEdit(args, context) : null;
}

/** The code named first, or that of the message replied to; with what is left of the words. */
function codeOf(
  args: readonly string[],
  context: Context,
): { readonly code: string | null; readonly rest: readonly string[] } {
  const first = args[0]?.toUpperCase() ?? '';
  return CODE.test(first)
    ? { code: first, rest: args.slice(1) }
    : { code: context.replyToCode, rest: args };
}

type Field = 'quantity' | 'price' | 'stop' | 'target';

const FIELDS: Readonly<Record<string, Field>> = {
  qty: 'quantity',
  quantity: 'quantity',
  数量: 'quantity',
  price: 'price',
  limit: 'price',
  价格: 'price',
  限价: 'price',
  stop: 'stop',
  止损: 'stop',
  tp: 'target',
  target: 'target',
  止盈: 'target',
};

function numberOf(field: Field, text: string): number {
  if (field !== 'quantity') return PRICE.test(text) ? Number(text) : 0;
  const shares = SHARES.exec(text);
  return shares === null ? 0 : Number(shares[1]) * (shares[2] === '手' ? SHARES_PER_LOT : 1);
}

/** `CODE qty=… price=… stop=… tp=…`: at least one of them, each once. */
function parseEdit(args: readonly string[], context: Context): Reply {
  const expected = '<code> qty=… price=… stop=… tp=… (one or more)';
  const { code, rest } = codeOf(args, context);
  const wanted: Record<Field, number | null> = {
    quantity: null,
    price: null,
    stop: null,
    target: null,
  };
  let version: number | null = null;
  for (const word of rest) {
    const asVersion = VERSION.exec(word);
    if (asVersion !== null && version === null) {
      version = Number(asVersion[1]);
      continue;
    }
    const [name = '', text = '', ...more] = word.split('=');
    const key = name.toLowerCase();
    const field = Object.hasOwn(FIELDS, key) ? FIELDS[key] : undefined;
    const value = field === undefined ? 0 : numberOf(field, text);
    if (field === undefined || more.length > 0 || !(value > 0) || wanted[field] !== null)
      return bad('edit', word, expected);
    wanted[field] = value;
  }
  const isEmpty = Object.values(wanted).every((value) => value === null);
  if (code === null || isEmpty) return bad('edit', args.join(' '), expected);
  return act({ act: 'edit', code, version, ...wanted });
}

const MINUTES = /^([1-5])(?:m|min|分|分钟)?$/iu;

/** `CODE 2m`: without a code the message replied to, or the only ticket that waits. */
function parseSnooze(args: readonly string[], context: Context): Reply {
  const { code, rest } = codeOf(args, context);
  const minutes = Number(MINUTES.exec(rest[0] ?? '')?.[1]);
  if (!(minutes >= 1) || rest.length > 1) return bad('snooze', args.join(' '), '<code> <1-5m>');
  return act({ act: 'snooze', code, minutes });
}
