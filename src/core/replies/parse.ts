import type { DeskAct, Reply } from './act.ts';
import { type CommandName, commandOf, commandOfWord, nearestCommand } from './command-table.ts';
import { parsePair, parseRevoke, parseRole } from './parse-access.ts';
import { parseBacktest } from './parse-backtest.ts';
import { parseAccount, parseCalendar, parseMode } from './parse-desk.ts';
import { parseFill, parseProtected, reportedFill } from './parse-fill.ts';
import { parseMute, parseNotify, parseQuiet } from './parse-hearing.ts';
import { parseLookCommand } from './parse-look.ts';
import { parsePositionCommand } from './parse-positions.ts';
import { parseChart, parseLogs, parseReport, parseScore } from './parse-report.ts';
import { parseSafe, parseUnlock } from './parse-safety.ts';
import { parseSystem } from './parse-system.ts';
import { parseTicketCommand } from './parse-tickets.ts';
import { act, bad, NAME, ORDER_ID, question, TARGET } from './reply-of.ts';

/** What a text is read together with: the ticket code of the message it replies to. */
export type ReplyContext = { readonly replyToCode: string | null };

/** A word that lowers risk at once and may overtake everything else. */
export type Urgent =
  | { readonly kind: 'kill'; readonly scope: string | null }
  | { readonly kind: 'stop'; readonly scope: string | null; readonly reason: string | null };

const CODE = /^[2-9A-HJ-NP-Z]{4}$/;
const NONCE = /^[A-Za-z0-9_-]{4,32}$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const WALL_TIME = /^([01]?\d|2[0-3]):([0-5]\d)$/;
const PHRASE =
  /^(KILL|LIVE|RESUME|ALLOW|SAFE|UNLOCK|AUTO|CANCEL|ACCEPT|CONFIG) [A-Z0-9-]{1,40} (\d{4}|\d{6})$/;
/** Desk names hold a hyphen (`us-vwap`); markets and `all` are the other scopes. */
const SCOPE = /^(all|us|cn|[a-z]{2,12}(-[a-z0-9]{1,12}){1,3})$/;
/** Characters without width and direction marks: never part of a word somebody meant. */
const INVISIBLE = /[\u00AD\u061C\u180E\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/gu;
/** A longer message is free text, whatever it starts with. In characters. */
const LONGEST_COMMAND = 400;
const LONGEST_REASON = 200;
const SHARES_PER_LOT = 100;

const NOT_UNDERSTOOD: Reply = { kind: 'not_understood' };

/** Full-width forms become ASCII, runs of white space one blank; nothing else is guessed. */
function folded(text: string): string {
  return text.normalize('NFKC').replace(/\s+/gu, ' ').trim();
}

/**
 * Reads a chat text. Slash commands in English and Chinese take arguments; words without a slash
 * count only as the whole message, optionally with a ticket code. All other text is
 * `not_understood`: no free text is ever an act. Never throws, whatever the text.
 *
 * Source: the chat contract, "Commands" and "Plain words".
 */
export function parseReply(text: string, context: ReplyContext = { replyToCode: null }): Reply {
  const urgent = urgentOf(text);
  if (urgent !== null) return act(actOfUrgent(urgent));
  if (text.length > LONGEST_COMMAND) return NOT_UNDERSTOOD;
  const clean = folded(text);
  if (clean.search(INVISIBLE) !== -1) return NOT_UNDERSTOOD;
  if (clean.startsWith('/')) return parseSlash(clean, context);
  const reported = reportedFill(clean);
  if (reported !== null) return reported;
  if (PHRASE.test(clean.toUpperCase())) {
    return { kind: 'second_confirm', nonce: clean.toUpperCase(), agreed: true };
  }
  return parseWords(clean, context);
}

/**
 * The kill or stop word in a text, or null. Tolerates invisible characters, case and closing
 * punctuation, because stopping must never fail on a keyboard; `/stop` and `/kill` count at any
 * length, the bare words only as the whole message (with `all` or a market at most).
 */
export function urgentOf(text: string): Urgent | null {
  const clean = folded(text.slice(0, LONGEST_COMMAND).replace(INVISIBLE, ''));
  const isSlash = clean.startsWith('/');
  const bare = isSlash ? clean.slice(1) : clean.replace(/[!.。!]+$/u, '').trim();
  const [first = '', ...rest] = bare.split(' ');
  const word = (isSlash ? first.replace(/@.*$/, '') : first).replace(/[!.。]+$/u, '').toLowerCase();
  const command = isSlash ? commandOf(word) : commandOfWord(word);
  if (command?.name !== 'kill' && command?.name !== 'stop') return null;
  if (!isSlash) {
    if (text.length > LONGEST_COMMAND || rest.length > 1) return null;
    if (rest[0] !== undefined && !/^(all|us|cn)$/i.test(rest[0])) return null;
  }
  return urgentWith(command.name, rest);
}

function urgentWith(kind: 'kill' | 'stop', rest: readonly string[]): Urgent {
  const first = rest[0]?.toLowerCase() ?? null;
  if (kind === 'kill') return { kind, scope: first !== null && NAME.test(first) ? first : null };
  const scope = first !== null && SCOPE.test(first) ? first : null;
  const reason = (scope === null ? rest : rest.slice(1)).join(' ').slice(0, LONGEST_REASON);
  return { kind, scope, reason: reason === '' ? null : reason };
}

/** True when the text is a kill or stop word and may take the immediate lane. */
export function isUrgent(text: string): boolean {
  return urgentOf(text) !== null;
}

function actOfUrgent(urgent: Urgent): DeskAct {
  return urgent.kind === 'kill'
    ? { act: 'kill', scope: urgent.scope }
    : { act: 'stop', scope: urgent.scope, reason: urgent.reason };
}

function parseWords(clean: string, context: ReplyContext): Reply {
  const [first = '', second, ...more] = clean.split(' ');
  if (more.length > 0) return NOT_UNDERSTOOD;
  const word = first.toLowerCase();
  if (word === '清仓') {
    if (second === undefined) return question({ ask: 'kill_menu' });
    const target = second.toUpperCase();
    return TARGET.test(target) ? act({ act: 'exit', target, ratio: 1 }) : NOT_UNDERSTOOD;
  }
  const command = commandOfWord(word);
  if (command === null) return NOT_UNDERSTOOD;
  if (second === undefined) return parseCommand(command.name, [], context);
  const takesCode = ['confirm', 'skip', 'half', 'why', 'ticket', 'chart'].includes(command.name);
  if (!takesCode || !CODE.test(second.toUpperCase())) return NOT_UNDERSTOOD;
  return parseCommand(command.name, [second], context);
}

function parseSlash(clean: string, context: ReplyContext): Reply {
  const [first = '', ...rest] = clean.slice(1).split(' ');
  const spelling = first.replace(/@.*$/, '').toLowerCase();
  if (spelling === 'yes' || spelling === 'no') {
    const nonce = rest[0] ?? '';
    if (rest.length !== 1 || !NONCE.test(nonce)) return bad(spelling, rest.join(' '), '<nonce>');
    return { kind: 'second_confirm', nonce, agreed: spelling === 'yes' };
  }
  if (spelling === '清仓' && rest.length === 0) return question({ ask: 'kill_menu' });
  const command = commandOf(spelling);
  if (command === null) {
    const found = spelling.slice(0, 32);
    return { kind: 'unknown_command', found, nearest: nearestCommand(found) };
  }
  return parseCommand(command.name, rest, context);
}

function parseCommand(name: CommandName, args: readonly string[], context: ReplyContext): Reply {
  switch (name) {
    case 'confirm':
      return parseConfirm(args, context);
    case 'half':
    case 'skip':
      return parseAnswer(name, args, context);
    case 'allow':
      return parseAllow(args);
    case 'stop':
    case 'kill':
      return act(actOfUrgent(urgentWith(name, args)));
    case 'flatten':
      return parseFlatten(args);
    case 'drill':
      return act({ act: 'drill', scope: args[0]?.toLowerCase().slice(0, 40) ?? null });
    case 'resume':
      return parseResume(args);
    case 'safe':
      return parseSafe(args);
    case 'unlock':
      return parseUnlock(args);
    case 'ack':
      return act({ act: 'ack', id: args[0]?.slice(0, 80) ?? null });
    case 'exit':
      return parseExit(args);
    case 'cancel':
      return parseCancel(args);
    case 'mode':
      return parseMode(args);
    case 'account':
      return parseAccount(args);
    case 'fill':
      return parseFill(args, context);
    case 'protected':
      return parseProtected(args);
    case 'lang':
      return parseLanguage(args);
    case 'pair':
      return parsePair(args);
    case 'role':
      return parseRole(args);
    case 'revoke':
      return parseRevoke(args);
    case 'notify':
      return parseNotify(args);
    case 'quiet':
      return parseQuiet(args);
    case 'mute':
      return parseMute(args);
    default:
      return (
        parsePositionCommand(name, args) ??
        parseTicketCommand(name, args, context) ??
        parseSystem(name, args) ??
        parseLookCommand(name, args) ??
        parseQuestion(name, args, context)
      );
  }
}

function parseConfirm(args: readonly string[], context: ReplyContext): Reply {
  const expected = '<code> [quantity] [@price]';
  let code = context.replyToCode;
  let rest = args;
  const first = args[0]?.toUpperCase();
  if (first !== undefined && CODE.test(first) && !/^[2-9]{4}$/.test(first)) {
    code = first;
    rest = args.slice(1);
  } else if (first !== undefined && CODE.test(first) && code === null) {
    code = first;
    rest = args.slice(1);
  }
  let version: number | null = null;
  let quantity: number | null = null;
  let price: number | null = null;
  for (const token of rest) {
    const asVersion = /^v(\d{1,4})$/i.exec(token);
    const asPrice = /^@(\d{1,9}(?:\.\d{1,6})?)$/.exec(token);
    const asQuantity = /^(\d{1,9})(股|手)?$/u.exec(token);
    if (asVersion !== null && version === null) version = Number(asVersion[1]);
    else if (asPrice !== null && price === null) price = Number(asPrice[1]);
    else if (asQuantity !== null && quantity === null) {
      quantity = Number(asQuantity[1]) * (asQuantity[2] === '手' ? SHARES_PER_LOT : 1);
    } else return bad('confirm', token, expected);
  }
  if (quantity === 0 || price === 0) return bad('confirm', '0', expected);
  if (code === null && rest.length > 0) return bad('confirm', rest.join(' '), expected);
  return act({ act: 'confirm', code, version, quantity, price });
}

function parseAnswer(name: 'half' | 'skip', args: readonly string[], context: ReplyContext): Reply {
  const first = args[0]?.toUpperCase();
  const named = first !== undefined && CODE.test(first) ? first : null;
  const rest = named === null ? args : args.slice(1);
  const code = named ?? context.replyToCode;
  if (name === 'skip') {
    if (code === null && rest.length > 0) return bad('skip', rest.join(' '), '<code> [reason]');
    const reason = rest.filter((token) => !/^v\d{1,4}$/i.test(token)).join(' ');
    return act({
      act: 'skip',
      code,
      reason: reason === '' ? null : reason.slice(0, LONGEST_REASON),
    });
  }
  const asVersion = /^v(\d{1,4})$/i.exec(rest[0] ?? '');
  if (rest.length > (asVersion === null ? 0 : 1)) return bad('half', rest.join(' '), '<code>');
  return act({ act: 'half', code, version: asVersion === null ? null : Number(asVersion[1]) });
}

function parseAllow(args: readonly string[]): Reply {
  const expected = '[desk] [until HH:MM|today]';
  let scope: string | null = null;
  let until: string | null = null;
  let day: string | null = null;
  for (let i = 0; i < args.length; i += 1) {
    const token = args[i]!;
    const lower = token.toLowerCase();
    const time = WALL_TIME.exec(token);
    if (lower === 'until' || lower === 'today' || lower === '到') continue;
    if (time !== null && until === null) until = `${time[1]!.padStart(2, '0')}:${time[2]}`;
    else if (DAY.test(token) && day === null) day = token;
    else if (NAME.test(lower) && scope === null) scope = lower;
    else return bad('allow', token, expected);
  }
  return act({ act: 'allow', scope, until }, day);
}

function parseFlatten(args: readonly string[]): Reply {
  const scope = args[0]?.toLowerCase() ?? null;
  if (args.length > 1 || (scope !== null && !NAME.test(scope))) {
    return bad('flatten', args.join(' '), '[desk|all]');
  }
  return act({ act: 'flatten', scope });
}

function parseResume(args: readonly string[]): Reply {
  const first = args[0]?.toLowerCase() ?? '';
  const scope = SCOPE.test(first) ? first : null;
  const reason = (scope === null ? args : args.slice(1)).join(' ').slice(0, LONGEST_REASON);
  if (reason === '') return bad('resume', args.join(' '), '[desk|all] <reason>');
  return act({ act: 'resume', scope, reason });
}

function parseExit(args: readonly string[]): Reply {
  if (args.length === 0) return question({ ask: 'exit_list' });
  const expected = '[symbol|code] [percent]';
  const target = args[0]!.toUpperCase();
  if (!TARGET.test(target) || args.length > 2) return bad('exit', args.join(' '), expected);
  if (args[1] === undefined) return act({ act: 'exit', target, ratio: 1 });
  const percent = /^(\d{1,3}(?:\.\d)?)%?$/.exec(args[1]);
  const ratio = percent === null ? Number.NaN : Number(percent[1]) / 100;
  if (!(ratio > 0 && ratio <= 1)) return bad('exit', args[1], expected);
  return act({ act: 'exit', target, ratio });
}

function parseCancel(args: readonly string[]): Reply {
  const target = args[0] ?? '';
  const flag = args[1]?.toLowerCase();
  const isProtectionMeant = flag === 'protective' || flag === '保护单';
  if (args.length > 2 || (flag !== undefined && !isProtectionMeant) || !ORDER_ID.test(target)) {
    return bad('cancel', args.join(' '), '<order|symbol|code|all>');
  }
  return act({ act: 'cancel', target, isProtectionMeant });
}

function parseLanguage(args: readonly string[]): Reply {
  const word = args[0]?.toLowerCase() ?? '';
  if (['zh', '中文', 'zh-cn', 'cn'].includes(word)) {
    return { kind: 'setting', setting: { set: 'lang', language: 'zh' } };
  }
  if (['en', 'english', '英文'].includes(word)) {
    return { kind: 'setting', setting: { set: 'lang', language: 'en' } };
  }
  return bad('lang', args.join(' '), 'zh|en');
}

function parseQuestion(name: CommandName, args: readonly string[], context: ReplyContext): Reply {
  const first = args[0] ?? null;
  switch (name) {
    case 'help':
      return question({ ask: 'help', topic: first?.replace(/^\//, '').toLowerCase() ?? null });
    case 'ticket':
      return parseTicketQuestion(first, context);
    case 'why':
      return question({
        ask: 'why',
        target: first === null ? context.replyToCode : first.toUpperCase(),
      });
    case 'orders':
      return question({ ask: 'orders', filter: first });
    case 'trades':
      return parseTrades(args);
    case 'regime':
      return question({ ask: 'regime', symbol: first?.toUpperCase() ?? null });
    case 'gates':
      return parseGates(args);
    case 'sectors':
      return args.length > 1
        ? bad('sectors', args.join(' '), '[desk]')
        : question({ ask: 'sectors', scope: first?.toLowerCase() ?? null });
    case 'calendar':
      return parseCalendar(args);
    case 'backtest':
      return parseBacktest(args);
    case 'report':
      return parseReport(args);
    case 'score':
      return parseScore(args);
    case 'chart':
      return parseChart(args, context.replyToCode);
    case 'logs':
      return parseLogs(args);
    case 'start':
    case 'status':
    case 'pending':
    case 'locks':
    case 'positions':
    case 'pnl':
    case 'jobs':
    case 'health':
    case 'ping':
    case 'settings':
    case 'users':
    case 'whoami':
    case 'todo':
    case 'accounts':
      return question({ ask: name });
    default:
      return NOT_UNDERSTOOD;
  }
}

function parseTicketQuestion(first: string | null, context: ReplyContext): Reply {
  const code = first?.toUpperCase() ?? context.replyToCode;
  if (code !== null && !CODE.test(code)) return bad('ticket', code, '<code>');
  return question({ ask: 'ticket', code });
}

function parseTrades(args: readonly string[]): Reply {
  const number = args.find((token) => /^\d{1,3}$/.test(token));
  const symbol = args.find((token) => token !== number);
  if (args.length > 2) return bad('trades', args.join(' '), '[count] [symbol]');
  return question({
    ask: 'trades',
    count: number === undefined ? null : Number(number),
    symbol: symbol?.toUpperCase() ?? null,
  });
}

/** A scope, a checkpoint, or both in this order. */
function parseGates(args: readonly string[]): Reply {
  const isTime = (word: string) => /^([01]?\d|2[0-3])[::][0-5]\d$/.test(word);
  const isWhen = (word: string) => isTime(word) || /^(now|现在)$/i.test(word);
  const last = args.at(-1) ?? null;
  const when = last !== null && isWhen(last) ? last : null;
  const rest = when === null ? args : args.slice(0, -1);
  const scope = rest[0]?.toLowerCase() ?? null;
  if (rest.length > 1 || (scope !== null && isWhen(scope)))
    return bad('gates', args.join(' '), '[desk] [HH:MM|now]');
  const checkpoint =
    when === null ? null : isTime(when) ? when.replace(':', ':').padStart(5, '0') : 'now';
  return question({ ask: 'gates', scope, checkpoint });
}
