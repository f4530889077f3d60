import fc from 'fast-check';
import type { Input } from '#core/engine/input.ts';
import { mayFill } from '#core/machines/order.ts';
import { newYorkSession } from './bars.ts';
import {
  AAPL,
  ack,
  actOf,
  allow,
  bar,
  beat,
  cancel,
  closed,
  confirm,
  doubtful,
  exit,
  fill,
  flatten,
  half,
  halt,
  kill,
  mismatch,
  mode,
  notFound,
  ny,
  OWNER,
  planned,
  QQQM,
  quote,
  quoteOf,
  reach,
  ready,
  reconciled,
  report,
  resume,
  safe,
  sent,
  signalBar,
  skip,
  started,
  stop,
  tick,
  unlock,
  withFirstTarget,
  withPosition,
  withTicket,
  withWorkingEntries,
} from './builders.ts';
import { type Desk, newDesk, run, step } from './engine.ts';

/** What happens next, free of the state it will meet; `pick` chooses an order or symbol, `size` a figure. */
export type Happening = {
  readonly kind: (typeof KINDS)[number];
  readonly pick: number;
  readonly size: number;
  /** Seconds that pass before it. */
  readonly wait: number;
};

/** Kinds, each as often as it should come. */
const KINDS = [
  ...Array<'signal'>(6).fill('signal'),
  ...Array<'bar'>(6).fill('bar'),
  ...Array<'quote'>(4).fill('quote'),
  ...Array<'confirm'>(8).fill('confirm'),
  ...Array<'fill'>(12).fill('fill'),
  ...Array<'partial'>(6).fill('partial'),
  ...Array<'accepted'>(6).fill('accepted'),
  ...Array<'canceled'>(6).fill('canceled'),
  ...Array<'sent'>(4).fill('sent'),
  ...Array<'allow'>(4).fill('allow'),
  ...Array<'reconciled'>(3).fill('reconciled'),
  ...Array<'safe_off'>(3).fill('safe_off'),
  ...Array<'resume'>(3).fill('resume'),
  ...Array<'switch'>(2).fill('switch'),
  'switch_answer',
  'half',
  'skip',
  'stop',
  'kill',
  'flatten',
  'safe_on',
  'ack',
  'exit',
  'exit_part',
  'cancel',
  'mode',
  'rejected',
  'expired',
  'replaced',
  'replaced',
  'replace_rejected',
  'cancel_rejected',
  'doubtful',
  'not_found',
  'mismatch',
  'kill_file',
  'doubt',
  'doubt_passed',
  'delivered',
  'heartbeat',
  'halt',
  'halt_over',
  'reached',
  'unreached',
  'unlock',
  'tick',
  'closed',
  'next_day',
  'restart',
] as const;

export const happening: fc.Arbitrary<Happening> = fc.record({
  kind: fc.constantFrom(...KINDS),
  pick: fc.nat(40),
  size: fc.nat(400),
  wait: fc.oneof(
    { weight: 12, arbitrary: fc.nat(8) },
    { weight: 3, arbitrary: fc.integer({ min: 30, max: 90 }) },
    { weight: 1, arbitrary: fc.integer({ min: 600, max: 9_000 }) },
  ),
});

/** What a desk lives through: where it begins, then what happens. */
export type Life = { readonly begin: keyof typeof BEGINNINGS; readonly list: readonly Happening[] };

const BEGINNINGS = {
  ready,
  ticket: withTicket,
  entries: withWorkingEntries,
  position: withPosition,
  target: withFirstTarget,
} as const;

export const lives: fc.Arbitrary<Life> = fc.record({
  begin: fc.constantFrom(
    ...(['ready', 'ready', 'ticket', 'ticket', 'ticket', 'entries', 'position', 'target'] as const),
  ),
  list: fc.array(happening, { minLength: 5, maxLength: 60, size: 'max' }),
});

const DAYS = ['2026-11-20', '2026-11-23', '2026-11-24', '2026-11-25'] as const;
const CAUSES = ['heartbeat_lost', 'position_mismatch', 'risk_not_computable'] as const;

function dayInput(desk: Desk, at: number, kind: 'closed' | 'next_day' | 'restart'): Input {
  if (kind === 'closed') return closed(at);
  if (kind === 'restart') return started(at, true);
  const known = desk.state.day?.tradingDay ?? '';
  const next = DAYS.find((day) => day > known && ny('09:00', day) >= at);
  return next === undefined ? tick(at) : planned(ny('09:00', next), newYorkSession(next));
}

function orderInput(desk: Desk, at: number, what: Happening): Input {
  const all = Object.values(desk.state.orders);
  const open = all.filter((order) => mayFill(order) && order.state !== 'held');
  const ids = (what.pick % 5 === 0 || open.length === 0 ? all : open).map((one) => one.orderId);
  if (ids.length === 0 && what.pick % 8 !== 0) return tick(at);
  const id = ids[what.size % Math.max(1, ids.length)] ?? 'stranger';
  const order = desk.state.orders[id];
  const price = 98.5 + (what.size % 350) / 100;
  const left = (order?.quantity ?? 100) - (order?.filledQuantity ?? 0);
  const filledQuantity = order?.filledQuantity ?? 0;
  switch (what.kind) {
    case 'fill':
      return fill(at, id, order?.quantity ?? 100, price, { feesMinor: what.size % 7 });
    case 'partial': {
      const part = Math.max(1, Math.min(left - 1, what.size));
      const change = { isPartial: true, lastQuantity: part, feesMinor: what.size % 3 };
      return fill(at, id, filledQuantity + part, price, change);
    }
    case 'accepted':
    case 'canceled':
    case 'rejected':
    case 'expired':
    case 'replace_rejected':
    case 'cancel_rejected':
      return report(at, id, what.kind, { filledQuantity, reason: 'said so' });
    case 'replaced':
      return report(at, id, 'replaced', { filledQuantity, stopPrice: order?.replaceTo ?? price });
    case 'sent':
      return sent(at, id);
    case 'not_found':
      return notFound(at, id);
    default:
      return doubtful(at, id);
  }
}

function marketInput(at: number, what: Happening): Input {
  const instrument = what.pick % 4 === 0 ? AAPL : QQQM;
  const bid = 98.5 + (what.size % 350) / 100;
  if (what.kind === 'signal') return signalBar(at, { instrument });
  if (what.kind === 'quote') return quote(at, bid, Math.round(bid * 100 + 2) / 100, instrument);
  const close = Math.round(bid * 100) / 100;
  const prices = { open: close, high: close + 0.1, low: close - 0.1, close, volume: 900 };
  const abnormal = what.size % 29 === 0 ? { rangeOverAtr: 6, volumeOverUsual: null } : null;
  return bar(at, { instrument, bar: prices, lowestLow5: close - 0.2, abnormal });
}

function personInput(desk: Desk, at: number, what: Happening): Input {
  const codes = Object.values(desk.state.tickets).map((ticket) => ticket.code);
  const code = what.pick % 4 === 0 ? (codes[what.size % Math.max(1, codes.length)] ?? null) : null;
  const isAapl = Object.values(desk.state.tickets).at(-1)?.instrument === AAPL;
  switch (what.kind) {
    case 'confirm':
      return confirm(at, { code, quote: quoteOf(at, 99.98, 100, isAapl ? AAPL : QQQM) });
    case 'half':
      return half(at, code);
    case 'skip':
      return skip(at, code);
    case 'stop':
      return stop(at);
    case 'kill':
      return kill(at);
    case 'flatten':
      return flatten(at, what.pick % 4 !== 0);
    case 'resume':
      return resume(at, what.pick % 4 !== 0);
    case 'safe_on':
      return safe(at, true);
    case 'safe_off':
      return safe(at, false, what.pick % 4 !== 0);
    case 'ack':
      return ack(at);
    case 'exit':
      return exit(at, what.pick % 3 === 0 ? 'AAPL' : 'QQQM');
    case 'exit_part':
      return exit(at, 'QQQM', 0.3);
    case 'switch': {
      const [from, to, quoted] =
        what.pick % 2 === 0 ? ['QQQM', 'AAPL', AAPL] : ['AAPL', 'QQQM', QQQM];
      const ratio = what.size % 5 === 0 ? 0.4 : 1;
      const act = { act: 'switch', verb: 'propose', from, to, ratio } as const;
      return actOf(at, act, { quote: quoteOf(at, 99.98, 100, quoted) });
    }
    case 'switch_answer': {
      const verb = what.pick % 3 === 0 ? 'keep' : 'sell';
      return actOf(at, { act: 'switch', verb, code: null });
    }
    case 'cancel':
      return cancel(at, what.pick % 2 === 0 ? 'all' : 'QQQM');
    case 'unlock':
      return unlock(at, desk.state.locks[0]?.id ?? 'none', what.pick % 4 !== 0);
    case 'mode':
      return mode(at, what.pick % 2 === 0 ? 'semi' : 'alert', true);
    default:
      return allow(at);
  }
}

function healthInput(desk: Desk, at: number, what: Happening): Input | null {
  const cause = CAUSES[what.pick % CAUSES.length] ?? 'heartbeat_lost';
  switch (what.kind) {
    case 'reconciled':
      return reconciled(at, desk.state.cashMinor);
    case 'mismatch':
      return mismatch(at);
    case 'kill_file':
      return { kind: 'kill_file_seen', at, isPresent: what.pick % 2 === 0, by: OWNER.id };
    case 'doubt':
      return { kind: 'doubt_noticed', at, cause, subject: 'x', figures: {} };
    case 'doubt_passed':
      return { kind: 'doubt_passed', at, cause, subject: 'x' };
    case 'heartbeat':
      return beat(at, what.pick % 2 === 0 ? [QQQM, AAPL] : [AAPL]);
    case 'halt':
    case 'halt_over':
      return halt(at, what.kind === 'halt', what.pick % 3 === 0 ? AAPL : QQQM);
    case 'reached':
    case 'unreached':
      return reach(at, what.kind === 'reached');
    case 'tick':
      return tick(at);
    case 'delivered': {
      const ids = Object.keys(desk.state.tickets);
      const ticketId = ids[what.pick % Math.max(1, ids.length)] ?? 'none';
      return { kind: 'ticket_delivered', at, ticketId, channel: 'terminal' };
    }
    default:
      return null;
  }
}

const ORDER_KINDS: ReadonlySet<string> = new Set([
  'fill',
  'partial',
  'accepted',
  'canceled',
  'rejected',
  'expired',
  'replace_rejected',
  'cancel_rejected',
  'replaced',
  'sent',
  'not_found',
  'doubtful',
]);

/** The input that a happening is for a desk as it stands at `at`. */
export function inputOf(desk: Desk, at: number, what: Happening): Input {
  if (what.kind === 'closed' || what.kind === 'next_day' || what.kind === 'restart')
    return dayInput(desk, at, what.kind);
  if (ORDER_KINDS.has(what.kind)) return orderInput(desk, at, what);
  if (what.kind === 'signal' || what.kind === 'bar' || what.kind === 'quote')
    return marketInput(at, what);
  return healthInput(desk, at, what) ?? personInput(desk, at, what);
}

/** One step of a random run. */
export type Step = {
  readonly before: Desk;
  readonly input: Input;
  readonly after: Desk;
  readonly decided: ReturnType<typeof step>['events'];
};

/** Lives through a life, step by step; its beginning is no step. */
export function live({ begin, list }: Life, policy = newDesk().policy): Step[] {
  const before = BEGINNINGS[begin]();
  let desk = run(newDesk(policy), before);
  let at = before.at(-1)?.at ?? ny('10:00');
  const steps: Step[] = [];
  for (const what of list) {
    const input = inputOf(desk, at + what.wait * 1000, what);
    at = Math.max(at, input.at);
    const before = desk;
    const { desk: after, events } = step(before, input);
    steps.push({ before, input, after, decided: events });
    desk = after;
  }
  return steps;
}
