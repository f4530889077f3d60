import type { Event } from '#core/engine/event.ts';
import type { Input } from '#core/engine/input.ts';
import type { Policy } from '#core/engine/policy.ts';
import { ticketByCode } from '#core/engine/select.ts';
import type { DeskState } from '#core/engine/state.ts';
import type { MarketView } from '#core/engine/view.ts';
import type { Ticket } from '#core/machines/ticket.ts';
import type { Tamper } from './boot.ts';
import type { PlantedBug } from './planted-bug.ts';

type Step = {
  readonly state: DeskState;
  readonly view: MarketView;
  readonly input: Input;
  readonly policy: Policy;
};

/** A bug of deciding: changes what is asked or what is answered. */
function deciding(
  id: string,
  sentence: string,
  ask: (step: Step) => Step,
  answer: (events: readonly Event[], step: Step) => readonly Event[] = (events) => events,
): PlantedBug {
  const plant = (): Tamper => (parts) => ({
    ...parts,
    decide: (state, view, input, policy) => {
      const step = ask({ state, view, input, policy });
      return answer(parts.decide(step.state, step.view, step.input, step.policy), step);
    },
  });
  return { id, sentence, plant };
}

const same = (step: Step): Step => step;

function withRisk(step: Step, change: Partial<Policy['risk']>): Step {
  return { ...step, policy: { ...step.policy, risk: { ...step.policy.risk, ...change } } };
}

/** The ticket a confirm means, when it has one and is no longer open. */
function endedTicket({ state, input }: Step, as: Ticket['state']): Ticket | null {
  if (input.kind !== 'operator_acted' || input.act.act !== 'confirm') return null;
  const ticket = input.act.code === null ? undefined : ticketByCode(state, input.act.code);
  return ticket?.state === as ? ticket : null;
}

function reopened(step: Step, as: Ticket['state']): Step {
  const ticket = endedTicket(step, as);
  if (ticket === null) return step;
  const open: Ticket = { ...ticket, state: 'pending', expiresAt: step.input.at + 60_000 };
  return {
    ...step,
    state: { ...step.state, tickets: { ...step.state.tickets, [ticket.id]: open } },
  };
}

const isKilled = ({ state }: Step) => state.kill.kind !== 'clear' || state.isKillFilePresent;

function isExitWork(event: Event): boolean {
  if (event.type === 'exit_started') return true;
  if (event.type === 'cancel_requested') return event.why === 'exit';
  return event.type === 'order_intended' && event.order.role === 'exit';
}

/** Bugs of deciding. */
export const DECIDING: readonly PlantedBug[] = [
  deciding('confirm_after_expiry', 'a ticket that has expired can still be confirmed', (step) =>
    reopened(step, 'expired'),
  ),
  deciding('skipped_ticket_trades', 'a ticket that was skipped can still be confirmed', (step) =>
    reopened(step, 'skipped'),
  ),
  deciding(
    'second_confirm_doubles',
    'a second yes, from another channel, orders once more',
    (step) => reopened(step, 'confirmed'),
  ),
  deciding(
    'stop_forgotten',
    'STOP cancels what is open and leaves consent as it was',
    same,
    (events) => events.filter((event) => event.type !== 'consent_withdrawn'),
  ),
  deciding(
    'acts_without_asking',
    'entries leave in semi mode before anybody has said yes',
    (step) => ({ ...step, state: { ...step.state, mode: 'auto' } }),
  ),
  deciding('stale_data_entry', 'a quote counts however old it is', (step) => ({
    ...step,
    policy: {
      ...step.policy,
      ticket: { ...step.policy.ticket, quoteMaxAgeMs: 24 * 3_600_000 },
      watch: { ...step.policy.watch, barOverdueMs: 24 * 3_600_000 },
    },
  })),
  deciding('cap_exceeded', 'a trade may risk and cost three times what it should', (step) =>
    withRisk(step, {
      riskPerTradeRatio: step.policy.risk.riskPerTradeRatio * 3,
      positionCapRatio: step.policy.risk.positionCapRatio * 3,
      openRiskLimitR: 3,
    }),
  ),
  deciding('open_risk_ignored', 'tickets of several symbols are not added up', (step) =>
    withRisk(step, { openRiskLimitR: 9 }),
  ),
  deciding('trades_per_day_ignored', 'the number of trades of a day is not limited', (step) =>
    withRisk(step, { tradesPerDay: 99 }),
  ),
  deciding(
    't_plus_one_sale',
    'shares are offered for sale on the day they were bought',
    (step) => ({
      ...step,
      policy: { ...step.policy, execution: { ...step.policy.execution, sellableAfterDays: 0 } },
    }),
  ),
  deciding('ex_date_ignored', 'what is held is not restated on its ex-date', (step) => {
    const { input } = step;
    const isMorning = input.kind === 'session_planned' || input.kind === 'ex_dates_known';
    return isMorning ? { ...step, input: { ...input, exDates: [] } } : step;
  }),
  deciding('event_ignored', 'what the calendar has of a day changes nothing', (step) => {
    const { day } = step.state;
    return day === null
      ? step
      : { ...step, state: { ...step.state, day: { ...day, blackouts: [] } } };
  }),
  deciding('half_buys_all', 'half of a ticket is taken for all of it', (step) => {
    const { input } = step;
    if (input.kind !== 'operator_acted' || input.act.act !== 'half') return step;
    const act = { ...input.act, act: 'confirm', quantity: null, price: null } as const;
    return { ...step, input: { ...input, act } };
  }),
  deciding('exit_blocked_by_kill', 'after a kill no exit leaves either', same, (events, step) =>
    isKilled(step) ? events.filter((event) => !isExitWork(event)) : events,
  ),
  deciding(
    'resume_undoes_later_kill',
    'a resume counts from its second confirmation and undoes a kill said after it was asked about',
    (step) => {
      const { input } = step;
      if (input.kind !== 'operator_acted' || input.act.act !== 'resume') return step;
      return { ...step, input: { ...input, sentAt: input.at } };
    },
  ),
  deciding(
    'exit_blocked_by_safe_mode',
    'in SAFE_MODE no exit leaves either',
    same,
    (events, step) =>
      step.state.safeMode.length > 0 ? events.filter((event) => !isExitWork(event)) : events,
  ),
  deciding('time_exit_forgotten', 'the exit before the close does not happen', (step) => ({
    ...step,
    policy: { ...step.policy, exits: { ...step.policy.exits, flatBeforeCloseMs: 0 } },
  })),
  deciding('absence_ignored', 'an operator whom no channel reaches changes nothing', (step) => ({
    ...step,
    policy: {
      ...step.policy,
      watch: { ...step.policy.watch, operatorSilentMs: 24 * 3_600_000 },
    },
  })),
  deciding('halt_ignored', 'what the feed says of a halt is not heard', (step) =>
    step.input.kind === 'halt_seen'
      ? { ...step, input: { kind: 'time_passed', at: step.input.at } }
      : step,
  ),
  deciding('suspension_ignored', 'what the morning says of suspensions is not heard', (step) => {
    const symbols = Object.entries(step.state.symbols).map(([id, symbol]) => {
      const day = symbol.facts?.instrumentDay ?? null;
      if (day === null || symbol.facts === null) return [id, symbol] as const;
      const instrumentDay = { ...day, isSuspended: false, halts: [] };
      return [id, { ...symbol, facts: { ...symbol.facts, instrumentDay } }] as const;
    });
    return { ...step, state: { ...step.state, symbols: Object.fromEntries(symbols) } };
  }),
  deciding(
    'seal_is_no_price',
    'a board sealed at limit-down counts as one without a price',
    (step) => {
      const symbols = Object.entries(step.view.symbols).map(([id, seen]) =>
        seen.quote?.bid === 0 ? [id, { ...seen, quote: null }] : [id, seen],
      );
      return { ...step, view: { ...step.view, symbols: Object.fromEntries(symbols) } };
    },
  ),
  deciding(
    'purchase_waits_on',
    'a purchase that is not filled in time is not taken back',
    same,
    (events) =>
      events.filter(
        (event) => event.type !== 'cancel_requested' || event.why !== 'not filled in time',
      ),
  ),
  deciding('lost_stop_not_replaced', 'a stop that is gone is not set again', same, (events) =>
    events.filter(
      (event) =>
        event.type !== 'order_intended' ||
        event.order.role !== 'stop' ||
        event.order.parentId !== null,
    ),
  ),
];
