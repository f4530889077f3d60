import type { Mode, Reply } from './act.ts';
import type { CommandName } from './command-table.ts';
import { act, bad, NAME, question, TARGET } from './reply-of.ts';

/** Reads the commands that look at accounts and prices; null for any other command. */
export function parseLookCommand(name: CommandName, args: readonly string[]): Reply | null {
  switch (name) {
    case 'balance':
      return parseBalance(args);
    case 'plan':
      return parsePlan(args);
    case 'strategy':
      return parseStrategy(args);
    case 'quote':
      return parseQuote(args);
    case 'watch':
      return parseWatch(args);
    case 'use':
      return parseUse(args);
    default:
      return null;
  }
}

function parseBalance(args: readonly string[]): Reply {
  const scope = args[0]?.toLowerCase() ?? null;
  return args.length > 1 || (scope !== null && !NAME.test(scope))
    ? bad('balance', args.join(' '), '[account]')
    : question({ ask: 'balance', scope });
}

function parseQuote(args: readonly string[]): Reply {
  const symbol = args[0]?.toUpperCase() ?? null;
  return args.length > 1 || (symbol !== null && !TARGET.test(symbol))
    ? bad('quote', args.join(' '), '[symbol]')
    : question({ ask: 'quote', symbol });
}

const VERBS: Readonly<Record<string, 'add' | 'del'>> = {
  add: 'add',
  加: 'add',
  添加: 'add',
  del: 'del',
  remove: 'del',
  删: 'del',
  删除: 'del',
};
const LIST: ReadonlySet<string> = new Set(['list', '列表']);

/** `add SYMBOL`, `del SYMBOL`, or `list`, which is meant alone as well. */
function parseWatch(args: readonly string[]): Reply {
  const word = args[0]?.toLowerCase() ?? 'list';
  if (LIST.has(word) && args.length <= 1) return question({ ask: 'watch' });
  const verb = Object.hasOwn(VERBS, word) ? VERBS[word] : undefined;
  const symbol = args[1]?.toUpperCase() ?? '';
  if (verb === undefined || args.length !== 2 || !TARGET.test(symbol))
    return bad('watch', args.join(' '), 'add|del <symbol> | list');
  return { kind: 'setting', setting: { set: 'watch', verb, symbol } };
}

const ALL: ReadonlySet<string> = new Set(['all', '全部']);

/** An account or desk, or `all`; alone it lists the accounts. */
function parseUse(args: readonly string[]): Reply {
  const word = args[0]?.toLowerCase() ?? '';
  if (args.length === 0) return question({ ask: 'accounts' });
  if (args.length > 1 || !(NAME.test(word) || ALL.has(word)))
    return bad('use', args.join(' '), '<account>|all');
  return { kind: 'setting', setting: { set: 'use', account: ALL.has(word) ? null : word } };
}

function parsePlan(args: readonly string[]): Reply {
  const scope = args[0]?.toLowerCase() ?? null;
  return args.length > 1 || (scope !== null && !NAME.test(scope))
    ? bad('plan', args.join(' '), '[desk]')
    : question({ ask: 'plan', scope });
}

/** What a strategy may do is its desk's mode: disabled it advises, enabled it proposes tickets. */
const MODES: Readonly<Record<string, Mode>> = {
  enable: 'semi',
  启用: 'semi',
  disable: 'alert',
  停用: 'alert',
};
const SHOW: ReadonlySet<string> = new Set(['show', '查看']);

function parseStrategy(args: readonly string[]): Reply {
  const [word = 'list', name, ...more] = args.map((arg) => arg.toLowerCase());
  const mode = Object.hasOwn(MODES, word) ? MODES[word] : undefined;
  const isBad = more.length > 0 || (name !== undefined && !NAME.test(name));
  if (!isBad && mode !== undefined) return act({ act: 'mode', desk: name ?? '', mode });
  const isWhole = SHOW.has(word);
  if (isBad || !(isWhole || (LIST.has(word) && name === undefined)))
    return bad('strategy', args.join(' '), 'list | show|enable|disable [desk]');
  return question({ ask: 'strategy', scope: name ?? null, isWhole });
}
