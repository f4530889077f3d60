import type { Reply, StopAct } from './act.ts';
import type { CommandName } from './command-table.ts';
import { act, bad, NAME, ORDER_ID, question, TARGET } from './reply-of.ts';

/** Reads the commands about holdings and the account behind them; null for any other command. */
export function parsePositionCommand(name: CommandName, args: readonly string[]): Reply | null {
  switch (name) {
    case 'adopt':
      return parseAdopt(args);
    case 'stoploss':
      return parseStoploss(args);
    case 'breakeven':
      return parseBreakeven(args);
    case 'reconcile':
      return parseReconcile(args);
    case 'switch':
      return parseSwitch(args);
    default:
      return null;
  }
}

/** A price as people write it, also `stop=…`; null when it is none. */
function priceOf(text: string): number | null {
  const found = /^(?:stop=|止损=|@)?(\d{1,9}(?:\.\d{1,6})?)$/u.exec(text);
  const price = found === null ? 0 : Number(found[1]);
  return price > 0 ? price : null;
}

const SWITCH_ANSWERS = { keep: 'keep', sell: 'sell', 保留: 'keep', 卖出: 'sell' } as const;

/** `FROM TO [percent]`, or the answer `keep|sell [code]`: in small letters, a name is never meant. */
function parseSwitch(args: readonly string[]): Reply {
  const expected = '<from> <to> [percent] | keep|sell [code]';
  const [first = '', second, third] = args;
  if (first in SWITCH_ANSWERS && third === undefined) {
    const code = second?.toUpperCase() ?? null;
    if (code !== null && !TARGET.test(code)) return bad('switch', args.join(' '), expected);
    const verb = SWITCH_ANSWERS[first as keyof typeof SWITCH_ANSWERS];
    return act({ act: 'switch', verb, code });
  }
  const from = first.toUpperCase();
  const to = second?.toUpperCase() ?? '';
  if (!TARGET.test(from) || !TARGET.test(to) || args.length > 3)
    return bad('switch', args.join(' '), expected);
  const percent = third === undefined ? 100 : Number(/^(\d{1,3}(?:\.\d)?)%?$/u.exec(third)?.[1]);
  if (!(percent > 0 && percent <= 100)) return bad('switch', third ?? '', expected);
  return act({ act: 'switch', verb: 'propose', from, to, ratio: percent / 100 });
}

function parseAdopt(args: readonly string[]): Reply {
  const expected = '<symbol> [stop=price]';
  const target = args[0]?.toUpperCase() ?? '';
  if (!TARGET.test(target) || args.length > 2) return bad('adopt', args.join(' '), expected);
  const stop = args[1] === undefined ? null : priceOf(args[1]);
  if (args[1] !== undefined && stop === null) return bad('adopt', args[1], expected);
  return act({ act: 'adopt', target, stop });
}

const DRY: ReadonlySet<string> = new Set(['--dry', '—dry', '试算']);
const ALL: ReadonlySet<string> = new Set(['ALL', '全部']);
/** A stop further below the cost is none. */
const MOST_PERCENT = 50;

/** `SYMBOL PRICE` or `all PERCENT%`, each with `--dry`: then it is asked what it would do. */
function parseStoploss(args: readonly string[]): Reply {
  const words = args.filter((word) => !DRY.has(word.toLowerCase()));
  const of = stopActOf(words);
  if (of === null)
    return bad('stoploss', args.join(' '), '<symbol|code> <price> | all <percent>% [--dry]');
  return words.length < args.length ? question({ ask: 'stops', of }) : act(of);
}

function stopActOf([first = '', second = '', ...more]: readonly string[]): StopAct | null {
  const target = first.toUpperCase();
  if (more.length > 0) return null;
  if (ALL.has(target)) {
    const percent = Number(/^(\d{1,2}(?:\.\d{1,2})?)[%%]$/u.exec(second)?.[1]);
    return percent > 0 && percent <= MOST_PERCENT ? { act: 'stops', percent } : null;
  }
  const price = priceOf(second);
  return !TARGET.test(target) || price === null ? null : { act: 'stoploss', target, price };
}

function parseBreakeven(args: readonly string[]): Reply {
  const target = args[0]?.toUpperCase() ?? '';
  if (args.length !== 1 || !TARGET.test(target))
    return bad('breakeven', args.join(' '), '<symbol|code>');
  return act({ act: 'breakeven', target });
}

const VERBS = { accept: 'accept', disown: 'disown', 认账: 'accept', 不管: 'disown' } as const;

function verbOf(word: string | undefined): 'accept' | 'disown' | null {
  const lower = word?.toLowerCase() ?? '';
  return lower in VERBS ? VERBS[lower as keyof typeof VERBS] : null;
}

const CASH: ReadonlySet<string> = new Set(['cash', '现金']);

/** A whole account: `[account] SYMBOL QUANTITY … cash AMOUNT`, in any order; null when it is something else. */
function parseAttest(args: readonly string[]): Reply | null {
  if (!args.some((word) => CASH.has(word.toLowerCase())) || args.some((word) => verbOf(word)))
    return null;
  const expected = '[account] <symbol> <quantity> … cash <amount>';
  const scope = args.length % 2 === 1 ? (args[0]?.toLowerCase() ?? null) : null;
  if (scope !== null && !NAME.test(scope)) return bad('reconcile', args.join(' '), expected);
  const words = scope === null ? args : args.slice(1);
  const holdings: { target: string; quantity: number }[] = [];
  let cashMinor: number | null = null;
  for (let i = 0; i < words.length; i += 2) {
    const name = words[i]?.toUpperCase() ?? '';
    const figure = words[i + 1] ?? '';
    const isCash = CASH.has(name.toLowerCase());
    const found = `${words[i]} ${figure}`;
    if (isCash) {
      const amount = minorOf(figure);
      if (amount === null || cashMinor !== null) return bad('reconcile', found, expected);
      cashMinor = amount;
      continue;
    }
    const isKnown = holdings.some(({ target }) => target === name);
    if (!TARGET.test(name) || !/^[1-9]\d{0,9}$/u.test(figure) || isKnown)
      return bad('reconcile', found, expected);
    holdings.push({ target: name, quantity: Number(figure) });
  }
  if (cashMinor === null) return bad('reconcile', args.join(' '), expected);
  return act({ act: 'reconcile', verb: 'attest', holdings, cashMinor, scope });
}

/** An amount of money with at most two decimals in minor units, exact; null when it is none. */
function minorOf(text: string): number | null {
  const found = /^(\d{1,12})(?:\.(\d{1,2}))?$/u.exec(text);
  if (found === null) return null;
  return Number(found[1]) * 100 + Number((found[2] ?? '').padEnd(2, '0'));
}

function parseReconcile(args: readonly string[]): Reply {
  const attested = parseAttest(args);
  if (attested !== null) return attested;
  const expected = '[account] [accept|disown <symbol|order|cash>]';
  const first = args[0]?.toLowerCase();
  const hasScope = first !== undefined && verbOf(first) === null;
  if (hasScope && !NAME.test(first)) return bad('reconcile', args.join(' '), expected);
  const scope = hasScope ? first : null;
  const [word, id, ...more] = hasScope ? args.slice(1) : args;
  if (word === undefined) return question({ ask: 'reconcile', scope });
  const verb = verbOf(word);
  if (verb === null || id === undefined || more.length > 0 || !ORDER_ID.test(id))
    return bad('reconcile', args.join(' '), expected);
  return act({ act: 'reconcile', verb, id, scope });
}
