import type { Message, MessageKind } from '#core/engine/message.ts';
import type { Trade, Verdict } from '#core/engine/state.ts';
import { checkOf } from '#core/gates/gate.ts';
import { reason } from '#core/gates/reason.ts';
import type { Order } from '#core/machines/order.ts';
import type { Ticket } from '#core/machines/ticket.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { newYorkSession } from './bars.ts';
import { DAY, evaluationOf, ny, QQQM, TICKET } from './builders.ts';

/** The member of the message union whose kind is (or may be) K. */
type MessageOf<K> = Message extends infer M
  ? M extends { readonly kind: infer Kinds }
    ? K extends Kinds
      ? M
      : never
    : never
  : never;

const AT = ny('10:07');

export const SAMPLE_TICKET: Ticket = {
  id: TICKET,
  code: 'K7QD',
  version: 1,
  hash: 'h',
  deskId: 'us-vwap',
  accountId: 'paper-us',
  strategy: 'vwap-reclaim',
  tradingDay: DAY,
  instrument: QQQM,
  side: 'long',
  createdAt: AT,
  expiresAt: AT + 120_000,
  lifeMs: 120_000,
  state: 'pending',
  isAdvice: false,
  quantity: 21,
  entryLimit: 252.38,
  bandLow: 252.17,
  bandHigh: 252.49,
  stop: 251.96,
  stopWidened: false,
  firstTarget: 252.8,
  legs: [
    { leg: 1, quantity: 10, target: 252.8 },
    { leg: 2, quantity: 11, target: null },
  ],
  riskPerShare: 0.42,
  riskMinor: 882,
  riskOfCapital: 0.0003,
  costMinor: 123,
  costR: 0.14,
  referencePrice: 252.36,
  spreadBps: 1.2,
  dayType: 'undecided',
  checks: [
    checkOf({
      name: 'in_window',
      value: true,
      operator: '==',
      threshold: true,
      unit: '',
      source: 'clock',
      asOf: AT,
    }),
    checkOf({
      name: 'day_type',
      value: 'undecided',
      operator: 'not_in',
      threshold: 'event|range|trend_down',
      unit: '',
      source: 'bars_1m',
      asOf: AT,
    }),
    checkOf({
      name: 'close_beyond_vwap',
      value: 252.36,
      operator: '>',
      threshold: 252.1,
      unit: 'price',
      source: 'bars_1m',
      asOf: AT,
    }),
    checkOf({
      name: 'close_beyond_ma20',
      value: 252.36,
      operator: '>',
      threshold: 247.9,
      unit: 'price',
      source: 'bars_1d',
      asOf: AT,
    }),
  ],
  expectancy: null,
  deliveredAt: null,
  closed: null,
  progress: [],
};

/** The same ticket confirmed, filled, half sold and closed. */
export const CLOSED_TICKET: Ticket = {
  ...SAMPLE_TICKET,
  state: 'confirmed',
  expectancy: { meanR: -0.02, lowR: -0.21, highR: 0.17, trades: 86 },
  closed: { at: AT + 41_000, by: 'Li', reason: null, price: 252.37 },
  progress: [
    { at: AT + 41_000, step: 'confirmed', figures: { by: 'Li', quantity: 21, limit: 252.38 } },
    { at: AT + 42_000, step: 'sent', figures: {} },
    { at: AT + 43_000, step: 'filled', figures: { quantity: 21, price: 252.36, orderId: 'x' } },
    { at: AT + 43_000, step: 'protected', figures: {} },
    { at: AT + 300_000, step: 'first_target', figures: { quantity: 10, price: 252.8 } },
    { at: AT + 301_000, step: 'stop_moved', figures: { stop: 252.36 } },
    {
      at: AT + 900_000,
      step: 'closed',
      figures: { resultR: 0.9, pnlMinor: 790, exitReason: 'trail' },
    },
  ],
};

export const SAMPLE_ORDER: Order = {
  orderId: `${TICKET}.entry-1`,
  ticketId: TICKET,
  leg: 1,
  role: 'entry',
  instrument: QQQM,
  side: 'buy',
  type: 'limit',
  quantity: 10,
  limitPrice: 252.38,
  stopPrice: null,
  stopOrderId: `${TICKET}.stop-1`,
  targetOrderId: `${TICKET}.target-1`,
  ocoGroup: null,
  parentId: null,
  pairId: null,
  state: 'filled',
  filledQuantity: 10,
  filledMinor: 252_360,
  averagePrice: 252.36,
  feesMinor: 0,
  intendedAt: AT,
  submittedAt: AT,
  updatedAt: AT,
  cancelDueAt: null,
  cancelRequestedAt: null,
  replaceTo: null,
  nags: 0,
  why: 'entry',
  midAtIntent: 252.35,
};

export const SAMPLE_TRADE: Trade = {
  ticketId: TICKET,
  code: 'K7QD',
  instrument: QQQM,
  side: 'long',
  openedAt: AT,
  closedAt: AT + 900_000,
  quantity: 21,
  entryPrice: 252.36,
  exitPrice: 252.74,
  stop: 251.96,
  feesMinor: 0,
  pnlMinor: 790,
  riskMinor: 882,
  resultR: 0.9,
  dayTypeAtEntry: 'undecided',
  exitReason: 'trail',
  slippageBps: 1.1,
};

export const SAMPLE_VERDICT: Verdict = {
  kind: 'no_trade',
  tradingDay: DAY,
  at: ny('16:00'),
  checkpoint: 'close',
  reasons: [reason('no_setup')],
  tickets: 0,
  confirmed: 0,
  trades: 0,
  resultR: 0,
  resultMinor: 0,
  setupsSeen: 3,
  refused: [
    {
      at: ny('10:12'),
      instrument: 'MU.US',
      side: 'long',
      reasons: [reason('stop_too_wide', { distanceAtr: 0.31, limitAtr: 0.25 })],
      referencePrice: 100,
      stop: 99,
    },
    {
      at: ny('10:44'),
      instrument: QQQM,
      side: 'long',
      reasons: [reason('spread_too_wide', { spreadBps: 7, limitBps: 5 })],
      referencePrice: 100,
      stop: 99,
    },
    {
      at: ny('14:05'),
      instrument: 'AAPL.US',
      side: 'long',
      reasons: [reason('cost_over_r', { costR: 0.24, limitR: 0.2 })],
      referencePrice: 100,
      stop: 99,
    },
  ],
  evidence: [{ instrument: QQQM, dayType: 'range', rows: { vwap_crosses: 4, range_atr: 0.31 } }],
};

const BASE = {
  at: AT,
  zone: 'America/New_York',
  currency: 'USD',
  axes: {
    deskId: 'us-vwap',
    mode: 'semi',
    permission: 'active',
    isSafeMode: false,
    phases: [{ instrument: QQQM, phase: 'trading_allowed' }],
  },
} as const;

const EXIT = {
  ...BASE,
  instrument: QQQM,
  ticketCode: 'K7QD',
  order: { ...SAMPLE_ORDER, role: 'stop', side: 'sell' },
  exitReason: 'stop',
  quantity: 11,
  price: 251.95,
  remaining: 0,
  trade: { ...SAMPLE_TRADE, pnlMinor: -880, resultR: -1 },
} as const;

const SAFE = {
  cause: 'position_mismatch',
  subject: 'QQQM',
  since: AT,
  figures: { broker: 31, book: 21 },
  isGone: false,
} as const;
const LOCK = {
  id: 'l1',
  cause: 'day_loss_limit',
  scope: 'desk',
  since: AT,
  untilAt: ny('16:00'),
  figures: { lossR: -1.6, limitR: -1.5 },
  isFirm: true,
} as const;
const REGIME = evaluationOf(AT).regime;

/** One message of every kind; the type makes the list complete. */
export const SAMPLES: { readonly [K in MessageKind]: MessageOf<K> } = {
  boot: { ...BASE, kind: 'boot', cashMinor: 10_000_000 },
  recovered: { ...BASE, kind: 'recovered', pending: ['K7QD'], openOrders: 1, positions: 1 },
  premarket_brief: {
    ...BASE,
    kind: 'premarket_brief',
    session: newYorkSession(DAY),
    blackouts: [{ fromAt: ny('13:50'), toAt: ny('14:30'), name: 'FOMC', wholeDay: false }],
    facts: [
      {
        instrument: QQQM,
        ma20: 247.9,
        atr20d: 3.1,
        previousClose: 251.2,
        usualDays: 20,
        instrumentDay: null,
      },
    ],
    unitRMinor: 50_000,
  },
  consent_given: {
    ...BASE,
    kind: 'consent_given',
    by: 'Li',
    untilAt: ny('16:00'),
    heldUntilAt: ny('09:45'),
  },
  consent_withdrawn: {
    ...BASE,
    kind: 'consent_withdrawn',
    by: 'Li',
    reason: 'news',
    entriesToCancel: 2,
  },
  mode_changed: { ...BASE, kind: 'mode_changed', from: 'semi', to: 'alert', by: 'Li' },
  regime_change: {
    ...BASE,
    kind: 'regime_change',
    instrument: QQQM,
    from: 'undecided',
    to: 'trend_up',
    regime: REGIME,
  },
  state_change: {
    ...BASE,
    kind: 'state_change',
    instrument: QQQM,
    from: 'opening_no_trade',
    to: 'trading_allowed',
  },
  signal_entry: { ...BASE, kind: 'signal_entry', ticket: SAMPLE_TICKET },
  signal_expired: {
    ...BASE,
    kind: 'signal_expired',
    ticket: {
      ...SAMPLE_TICKET,
      state: 'expired',
      closed: { at: AT + 120_000, by: 'clock', reason: reason('life_over'), price: 252.5 },
    },
  },
  signal_superseded: {
    ...BASE,
    kind: 'signal_superseded',
    ticket: {
      ...SAMPLE_TICKET,
      state: 'superseded',
      closed: { at: AT + 9000, by: 'desk', reason: reason('superseded'), price: 252.5 },
    },
  },
  signal_void: {
    ...BASE,
    kind: 'signal_void',
    ticket: {
      ...SAMPLE_TICKET,
      state: 'void',
      closed: {
        at: AT + 9000,
        by: 'desk',
        reason: reason('price_above_band', { ask: 252.6, limit: 252.49 }),
        price: 252.6,
      },
    },
  },
  order_filled: {
    ...BASE,
    kind: 'order_filled',
    ticket: SAMPLE_TICKET,
    order: SAMPLE_ORDER,
    quantity: 21,
    price: 252.36,
    slippageBps: -0.8,
    riskMinor: 420,
  },
  order_rejected: {
    ...BASE,
    kind: 'order_rejected',
    ticketCode: 'K7QD',
    order: SAMPLE_ORDER,
    reason: 'insufficient buying power',
  },
  order_denied: {
    ...BASE,
    kind: 'order_denied',
    ticketCode: 'K7QD',
    order: SAMPLE_ORDER,
    reason: reason('price_not_on_tick', { found: 252.381, tick: 0.01 }),
  },
  manual_todo: {
    ...BASE,
    kind: 'manual_todo',
    ticketCode: 'K7QD',
    order: SAMPLE_ORDER,
    remaining: 21,
  },
  manual_overdue: {
    ...BASE,
    kind: 'manual_overdue',
    ticketCode: 'K7QD',
    order: SAMPLE_ORDER,
    remaining: 21,
    ageMs: 120_000,
    isLifeOver: false,
  },
  manual_protection: {
    ...BASE,
    kind: 'manual_protection',
    instrument: QQQM,
    ticketCode: 'K7QD',
    quantity: 21,
    triggerPrice: 251.96,
    limitPrice: 246.92,
    validDays: 5,
  },
  limit_locked: {
    ...BASE,
    kind: 'limit_locked',
    instrument: QQQM,
    ticketCode: 'K7QD',
    quantity: 21,
    reason: reason('not_sellable_today', { wanted: 21 }),
  },
  order_unknown: {
    ...BASE,
    kind: 'order_unknown',
    ticketCode: 'K7QD',
    order: SAMPLE_ORDER,
    cause: 'timeout',
  },
  stop_hit: { ...EXIT, kind: 'stop_hit' },
  take_profit: {
    ...EXIT,
    kind: 'take_profit',
    exitReason: 'target',
    quantity: 10,
    price: 252.8,
    remaining: 11,
    trade: null,
  },
  time_stop: { ...EXIT, kind: 'time_stop', exitReason: 'time' },
  signal_exit: { ...EXIT, kind: 'signal_exit', exitReason: 'operator' },
  trail_moved: {
    ...BASE,
    kind: 'trail_moved',
    instrument: QQQM,
    ticketCode: 'K7QD',
    stop: 252.36,
    why: 'breakeven',
  },
  lock_on: { ...BASE, kind: 'lock_on', lock: LOCK },
  lock_off: { ...BASE, kind: 'lock_off', lock: LOCK },
  safe_mode_on: { ...BASE, kind: 'safe_mode_on', causes: [SAFE], isExposed: true },
  safe_mode_off: { ...BASE, kind: 'safe_mode_off', by: 'Li' },
  kill_stage1: {
    ...BASE,
    kind: 'kill_stage1',
    by: 'Li',
    scope: 'all',
    canceled: ['a', 'b'],
    protectionKept: 2,
  },
  kill_flatten: { ...BASE, kind: 'kill_flatten', by: 'Li', positions: 1 },
  kill_done: { ...BASE, kind: 'kill_done' },
  kill_incomplete: {
    ...BASE,
    kind: 'kill_incomplete',
    left: [{ instrument: QQQM, quantity: 21, reason: reason('halt') }],
  },
  kill_resumed: {
    ...BASE,
    kind: 'kill_resumed',
    by: 'Li',
    reason: 'checked',
    openOrders: 2,
    positions: 1,
  },
  recon_ok: { ...BASE, kind: 'recon_ok' },
  recon_blocked: {
    ...BASE,
    kind: 'recon_blocked',
    differences: [{ subject: 'QQQM', ours: '21', theirs: '31' }],
    externals: [
      {
        id: 'AAPL.US',
        kind: 'position',
        instrument: 'AAPL.US',
        quantity: 50,
        price: 190.12,
        state: 'found',
        since: AT,
      },
    ],
  },
  recon_diff: {
    ...BASE,
    kind: 'recon_diff',
    what: 'cash',
    subject: '',
    ours: 10_000_000,
    theirs: 9_999_950,
    by: null,
    toleranceMinor: 100,
  },
  position_adopted: {
    ...BASE,
    kind: 'position_adopted',
    instrument: QQQM,
    quantity: 50,
    price: 252.1,
    stop: 250.5,
    by: 'Li',
  },
  position_unprotected: { ...BASE, kind: 'position_unprotected', instrument: QQQM, quantity: 21 },
  done_with_position: { ...BASE, kind: 'done_with_position', instrument: QQQM, quantity: 21 },
  alarm_repeat: {
    ...BASE,
    kind: 'alarm_repeat',
    alarmId: 'a1',
    of: 'order_unknown',
    repeats: 2,
    figures: { ageMs: 60_000 },
  },
  act_refused: {
    ...BASE,
    kind: 'act_refused',
    act: 'confirm',
    by: 'Li',
    reason: reason('quote_stale', { ageMs: 6200, limitMs: 5000 }),
  },
  verdict_no_trade: { ...BASE, kind: 'verdict_no_trade', verdict: SAMPLE_VERDICT },
  verdict_signals: {
    ...BASE,
    kind: 'verdict_signals',
    verdict: {
      ...SAMPLE_VERDICT,
      kind: 'signals',
      reasons: [],
      tickets: 2,
      confirmed: 1,
      trades: 1,
      resultR: 0.9,
      resultMinor: 790,
    },
  },
  daily_report: {
    ...BASE,
    kind: 'daily_report',
    verdict: { ...SAMPLE_VERDICT, kind: 'signals', resultR: 0.9, resultMinor: 790 },
    trades: [SAMPLE_TRADE],
    tickets: [CLOSED_TICKET, { ...SAMPLE_TICKET, code: '4FXT', state: 'skipped' }],
    labels: [
      {
        instrument: QQQM,
        label: {
          kind: 'close',
          label: 'range',
          trendContinuation: 0.21,
          dayOpen: 251,
          dayHigh: 253,
          dayLow: 250,
          dayClose: 251.6,
          firstHourShare: 0.3,
        },
      },
    ],
    cashMinor: 10_000_790,
    feesMinor: 0,
    isFlat: true,
  },
};

/** An instrument whose symbol is meant to break mark-up. */
export function hostile(symbol: string): InstrumentId {
  return `${symbol}.US`;
}
