import type { Order } from '#core/machines/order.ts';
import type { Ticket } from '#core/machines/ticket.ts';
import { figuresOf, NO_SLIPPAGE, slippageOf } from '#core/portfolio/slippage.ts';
import { WIDENED } from './decide-stops.ts';
import type { Event } from './event.ts';
import type { Axes, Message, MessageKind } from './message.ts';
import { deskPermission, isUnattested } from './permission-of.ts';
import type { Policy } from './policy.ts';
import type { Body, Make, Push } from './push.ts';
import { accountPushes } from './push-account.ts';
import { deskPushes } from './push-desk.ts';
import { environmentPushes } from './push-environment.ts';
import { manualPushes } from './push-manual.ts';
import { pulsePushes } from './push-pulse.ts';
import { rotationPushes } from './push-rotation.ts';
import { safetyPushes } from './push-safety.ts';
import { symbolsBlocked } from './safe-scope.ts';
import type { DeskState } from './state.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SESSION = 8 * HOUR;
const DAY = 24 * HOUR;

/** Priority and life of each kind of push. Source: chat.md "Push kinds". Null life: until delivered. */
export const RULES: Readonly<Record<MessageKind, readonly [0 | 1 | 2 | 3, number | null]>> = {
  boot: [2, HOUR],
  recovered: [2, HOUR],
  event_ahead: [2, DAY],
  premarket_brief: [1, 2 * HOUR],
  consent_given: [1, HOUR],
  consent_withdrawn: [1, HOUR],
  mode_changed: [1, DAY],
  edge_overridden: [1, DAY],
  attest_due: [1, DAY],
  account_asked: [1, DAY],
  account_dropped: [1, DAY],
  account_changed: [1, DAY],
  regime_change: [2, HOUR],
  state_change: [2, HOUR],
  signal_entry: [1, null],
  signal_reminder: [1, null],
  signal_expired: [2, HOUR],
  signal_superseded: [2, HOUR],
  signal_void: [2, HOUR],
  rotation: [1, DAY],
  order_filled: [1, HOUR],
  order_rejected: [1, HOUR],
  order_denied: [1, HOUR],
  order_unknown: [0, null],
  manual_todo: [1, SESSION],
  manual_overdue: [1, SESSION],
  manual_protection: [1, SESSION],
  limit_locked: [1, SESSION],
  ex_date_restated: [2, DAY],
  ex_date_held: [1, DAY],
  stop_hit: [1, HOUR],
  take_profit: [1, HOUR],
  time_stop: [1, HOUR],
  signal_exit: [1, 10 * MINUTE],
  trail_moved: [2, HOUR],
  lock_on: [1, SESSION],
  lock_off: [1, SESSION],
  data_stale: [2, 30 * MINUTE],
  data_recovered: [2, 30 * MINUTE],
  safe_mode_on: [2, null],
  safe_mode_off: [2, HOUR],
  operator_gone: [1, SESSION],
  kill_stage1: [0, null],
  kill_strangers: [0, null],
  kill_flatten: [0, null],
  kill_progress: [0, null],
  kill_done: [0, null],
  kill_incomplete: [0, null],
  kill_resumed: [1, DAY],
  recon_ok: [3, DAY],
  recon_diff: [1, DAY],
  recon_blocked: [0, null],
  position_unprotected: [0, null],
  position_adopted: [1, DAY],
  done_with_position: [0, null],
  alarm_repeat: [0, 15 * MINUTE],
  act_refused: [1, HOUR],
  gate_result: [2, HOUR],
  day_sheet: [2, 2 * HOUR],
  stance_change: [1, SESSION],
  risk_l1: [1, SESSION],
  risk_l2: [0, null],
  risk_off: [1, SESSION],
  sale_proposed: [1, SESSION],
  verdict_no_trade: [1, SESSION],
  verdict_signals: [1, SESSION],
  daily_report: [2, DAY],
};

function blockedOf(state: DeskState): Pick<Axes, 'safeModeOf'> {
  const symbols = symbolsBlocked(state);
  return symbols === null ? {} : { safeModeOf: symbols };
}

/** Returns the three axes as they stand: what every push and /status prints. */
export function axesOf(
  state: DeskState,
  { environment }: Pick<Policy, 'environment'>,
  at: number,
): Axes {
  return {
    deskId: state.deskId,
    environment,
    mode: state.mode,
    permission: deskPermission(state, at),
    isSafeMode: state.safeMode.length > 0,
    ...(isUnattested(state, at) ? { isUnattested: true } : {}),
    ...blockedOf(state),
    phases: Object.values(state.symbols).map((symbol) => ({
      instrument: symbol.instrument,
      phase: symbol.phase,
    })),
  };
}

/** Returns the messages an event calls for; `state` is the state right after it. */
export function pushesOf(event: Event, state: DeskState, policy: Policy): Push[] {
  const head = {
    at: event.at,
    zone: policy.zone,
    currency: policy.currency,
    axes: axesOf(state, policy, event.at),
  };
  const push = (
    body: Body,
    options: {
      editKey?: string;
      priority?: 0 | 1 | 2 | 3;
      lifeMs?: number;
      onlyChat?: Push['onlyChat'];
    } = {},
  ): Push => {
    const [priority, lifeMs] = RULES[body.kind];
    return {
      kind: 'push',
      message: { ...head, ...body } as Message,
      priority: options.priority ?? priority,
      editKey: options.editKey ?? null,
      lifeMs: options.lifeMs ?? lifeMs,
      onlyChat: options.onlyChat ?? null,
    };
  };
  return [
    ...ticketPushes(event, state, push),
    ...rotationPushes(event, state, push),
    ...fillPushes(event, state, push),
    ...manualPushes(event, state, policy, push),
    ...deskPushes(event, state, policy, push),
    ...environmentPushes(event, state, policy, push),
    ...pulsePushes(event, state, push),
    ...safetyPushes(event, state, push),
    ...accountPushes(event, state, push),
    ...watchedPushes(event, state, policy, push),
  ];
}

const CARD_KIND = {
  expired: 'signal_expired',
  superseded: 'signal_superseded',
  void: 'signal_void',
} as const;

/** `lifeMs`: what is left of one that waits; left out: all of it. */
function card(ticket: Ticket | undefined, make: Make, lifeMs = ticket?.lifeMs): Push[] {
  if (ticket === undefined || lifeMs === undefined) return [];
  // until it is bought the message of the switch speaks for it
  if (ticket.isOfSwitch === true && ticket.state !== 'confirmed') return [];
  const editKey = `ticket:${ticket.id}`;
  const { state } = ticket;
  if (state === 'expired' || state === 'superseded' || state === 'void')
    return [make({ kind: CARD_KIND[state], ticket }, { editKey })];
  if (state === 'pending') return [make({ kind: 'signal_entry', ticket }, { editKey, lifeMs })];
  return [make({ kind: 'signal_entry', ticket }, { editKey, priority: 2, lifeMs: DAY })];
}

/** Shorter lives are not reminded of by themselves. Source: chat.md, `signal_reminder`. */
const REMINDED_LIFE_MS = 5 * MINUTE;

function reminderPushes(
  event: Extract<Event, { type: 'ticket_counted' | 'ticket_reminded' }>,
  ticket: Ticket | undefined,
  make: Make,
): Push[] {
  if (ticket?.state !== 'pending') return [];
  const lifeMs = ticket.expiresAt - event.at;
  if (event.type === 'ticket_reminded') {
    const { channel, chatId } = event;
    const onlyChat = { channel, chatId };
    return [make({ kind: 'signal_reminder', ticket, isAsked: true }, { lifeMs, onlyChat })];
  }
  const editKey = `ticket:${ticket.id}`;
  const counted = make({ kind: 'signal_entry', ticket, isCountdown: true }, { editKey, lifeMs });
  const isLong = ticket.expiresAt - ticket.createdAt >= REMINDED_LIFE_MS;
  if (event.mark === 'last' || !isLong) return [counted];
  return [counted, make({ kind: 'signal_reminder', ticket, isAsked: false }, { lifeMs })];
}

function ticketPushes(event: Event, state: DeskState, make: Make): Push[] {
  switch (event.type) {
    case 'ticket_opened':
      return card(state.tickets[event.ticket.id], make);
    case 'ticket_edited':
      return card(state.tickets[event.ticket.id], make, event.ticket.expiresAt - event.at);
    case 'ticket_counted':
    case 'ticket_reminded':
      return reminderPushes(event, state.tickets[event.ticketId], make);
    case 'ticket_confirmed':
    case 'ticket_skipped':
    case 'ticket_expired':
    case 'ticket_superseded':
    case 'ticket_voided':
      return card(state.tickets[event.ticketId], make);
    case 'trade_closed':
      return card(state.tickets[event.trade.ticketId], make);
    case 'order_sent':
    case 'order_filled':
    case 'order_canceled':
    case 'order_rejected':
    case 'order_denied':
    case 'order_became_unknown': {
      const order = state.orders[event.orderId];
      const ticket = order === undefined ? undefined : state.tickets[order.ticketId];
      const isNews = ticket?.progress.at(-1)?.at === event.at;
      return isNews ? card(ticket, make) : [];
    }
    default:
      return [];
  }
}

const EXIT_KIND = {
  stop: 'stop_hit',
  trail: 'stop_hit',
  target: 'take_profit',
  time: 'time_stop',
  operator: 'signal_exit',
  kill: 'signal_exit',
  event: 'time_stop',
  unprotected: 'signal_exit',
  sector_out: 'signal_exit',
  external: 'signal_exit',
} as const;

function exitPush(
  event: Extract<Event, { type: 'order_filled' }>,
  order: Order,
  state: DeskState,
  make: Make,
): Push[] {
  if (!event.isComplete) return [];
  const position = state.positions[order.instrument];
  const remaining = position?.quantity ?? 0;
  const moved = position !== undefined && position.stop > position.initialStop;
  const exitReason =
    order.role === 'target'
      ? 'target'
      : order.role === 'stop'
        ? moved
          ? 'trail'
          : 'stop'
        : (position?.exiting?.reason ?? (order.why as keyof typeof EXIT_KIND));
  return [
    make({
      kind: EXIT_KIND[exitReason] ?? 'signal_exit',
      instrument: order.instrument,
      ticketCode: state.tickets[order.ticketId]?.code ?? '',
      order,
      exitReason,
      quantity: order.filledQuantity,
      price: order.averagePrice ?? event.price,
      remaining,
      slippage: slippageOf(order, order.averagePrice ?? event.price),
      trade: null,
    }),
  ];
}

function fillPushes(event: Event, state: DeskState, make: Make): Push[] {
  if (!('orderId' in event)) return [];
  const order = state.orders[event.orderId];
  if (order === undefined) return [];
  const ticket = state.tickets[order.ticketId];
  switch (event.type) {
    case 'order_filled': {
      if (order.role !== 'entry') return exitPush(event, order, state, make);
      if (ticket === undefined || !event.isComplete) return [];
      const position = state.positions[order.instrument];
      const legs = Object.values(state.orders).filter(
        (other) => other.role === 'entry' && other.ticketId === ticket.id,
      );
      if (legs.some((leg) => leg.state !== 'filled')) return [];
      return [
        make({
          kind: 'order_filled',
          ticket,
          order,
          quantity: position?.boughtQuantity ?? order.filledQuantity,
          price: position?.entryPrice ?? event.price,
          slippage: figuresOf(position?.slippage.entry ?? NO_SLIPPAGE),
          riskMinor: position?.riskMinor ?? 0,
        }),
      ];
    }
    case 'order_rejected':
      return [
        make({
          kind: 'order_rejected',
          ticketCode: ticket?.code ?? '',
          order,
          reason: event.reason,
        }),
      ];
    case 'order_denied':
      return [
        make(
          { kind: 'order_denied', ticketCode: ticket?.code ?? '', order, reason: event.reason },
          { editKey: `denied:${order.ticketId}:${order.role}` },
        ),
      ];
    case 'order_became_unknown':
      return [
        make({ kind: 'order_unknown', ticketCode: ticket?.code ?? '', order, cause: event.cause }),
      ];
    case 'order_replaced':
      if (order.role !== 'stop' || event.stopPrice === null) return [];
      return [stopMoved(state, order.instrument, event.stopPrice, order.why, make)];
    default:
      return [];
  }
}

const BY_PERSON: ReadonlySet<string> = new Set(['operator', WIDENED]);

/** A stop that moved, at the broker or in the desk's own watch; told once per trade and then edited. */
function stopMoved(
  state: DeskState,
  instrument: Order['instrument'],
  stop: number,
  reason: string,
  make: Make,
): Push {
  const position = state.positions[instrument];
  const ticketCode = state.tickets[position?.ticketId ?? '']?.code ?? '';
  const isBreakeven = Math.abs(stop - (position?.entryPrice ?? stop)) < 0.01;
  const why = BY_PERSON.has(reason) ? 'operator' : isBreakeven ? 'breakeven' : 'trail';
  return make(
    { kind: 'trail_moved', instrument, ticketCode, stop, why },
    { editKey: `trail:${position?.ticketId ?? instrument}` },
  );
}

/** Stops that no broker keeps at a changed price move without an order; a person is told what to set instead. */
function watchedPushes(event: Event, state: DeskState, policy: Policy, make: Make): Push[] {
  if (event.type !== 'watched_stop_moved' || policy.execution.isPerson) return [];
  return [stopMoved(state, event.instrument, event.stop, event.why, make)];
}
