import type { Policy } from '#core/engine/policy.ts';
import type { DeskState, SetupRefused, Trade, VerdictKind } from '#core/engine/state.ts';
import type { Reason } from '#core/gates/reason.ts';
import type { Ticket } from '#core/machines/ticket.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { MinutePoint } from '#core/pictures/picture.ts';
import type { DayType } from '#core/strategies/strategy.ts';
import { shadowOf } from './shadow.ts';

/** What became of a proposal: what a person said to it, or that the desk refused the setup itself. */
export type ProposalAnswer = 'confirmed' | 'skipped' | 'expired' | 'void' | 'refused';

/** A rule of the desk that was met, or that a person set aside. */
export type RuleBreak =
  | 'stop_widened'
  | 'protection_waived'
  | 'lock_lifted'
  | 'limit_reached'
  | 'slippage_beyond_estimate';

export type RecordedTrade = Pick<
  Trade,
  'code' | 'instrument' | 'side' | 'quantity' | 'entryPrice' | 'exitPrice' | 'resultR' | 'pnlMinor'
> & {
  readonly dayType: DayType;
  readonly exitReason: Trade['exitReason'];
  readonly entryBps: number | null;
  readonly exitBps: number | null;
};

/** A proposal with what it brought, or (`isShadow`) would have brought. */
export type Proposal = {
  /** Ticket code; null: the setup was refused before a ticket. */
  readonly code: string | null;
  readonly instrument: InstrumentId;
  readonly at: number;
  readonly dayType: DayType | null;
  readonly answer: ProposalAnswer;
  /** In R; null: not entered, still held, or not known. */
  readonly resultR: number | null;
  readonly isShadow: boolean;
};

/** A day of a desk as reports add it up: what was said, done and left undone. */
export type DayRecord = {
  readonly deskId: string;
  readonly currency: string;
  readonly market: 'US' | 'CN';
  readonly tradingDay: TradingDay;
  readonly verdict: VerdictKind;
  readonly reasons: readonly Reason[];
  readonly resultMinor: number;
  readonly resultR: number;
  readonly feesMinor: number;
  /** What the account was worth at the close; null: not known while something is held. */
  readonly equityMinor: number | null;
  readonly trades: readonly RecordedTrade[];
  readonly proposals: readonly Proposal[];
  readonly gates: readonly { readonly checkpoint: string; readonly passed: boolean }[];
  readonly breaks: readonly { readonly kind: RuleBreak; readonly count: number }[];
};

/** What a day's record needs beside the desk's state. */
export type DaySeen = {
  readonly minutesOf: (instrument: InstrumentId) => readonly MinutePoint[];
  /** At the close, of a desk that marks it; null: not known. */
  readonly equityMinor: number | null;
  readonly breaks: DayRecord['breaks'];
};

const ANSWERS: Partial<Record<Ticket['state'], ProposalAnswer>> = {
  confirmed: 'confirmed',
  skipped: 'skipped',
  expired: 'expired',
  void: 'void',
};

function recorded(trade: Trade): RecordedTrade {
  const { code, instrument, side, quantity, entryPrice, exitPrice, resultR, pnlMinor } = trade;
  const { entry, exit } = trade.slippage;
  return {
    code,
    instrument,
    side,
    quantity,
    entryPrice,
    exitPrice,
    resultR,
    pnlMinor,
    dayType: trade.dayTypeAtEntry,
    exitReason: trade.exitReason,
    entryBps: entry.midBps ?? entry.ticketBps,
    exitBps: exit.midBps ?? exit.ticketBps,
  };
}

function ofTicket(ticket: Ticket, state: DeskState, policy: Policy, seen: DaySeen): Proposal[] {
  const answer = ANSWERS[ticket.state];
  // what a switch proposes is no signal, and what a person brought along was never asked about
  if (answer === undefined || ticket.isOfSwitch === true || ticket.closed?.by === 'book') return [];
  const { code, instrument, createdAt: at, dayType } = ticket;
  const row = { code, instrument, at, dayType, answer };
  const trade = state.day?.trades.find(({ ticketId }) => ticketId === ticket.id);
  if (answer === 'confirmed') return [{ ...row, resultR: trade?.resultR ?? null, isShadow: false }];
  const [first] = ticket.legs;
  const shadow = shadowOf(seen.minutesOf(instrument), {
    side: ticket.side,
    fromAt: at,
    untilAt: ticket.createdAt + ticket.lifeMs,
    entryLimit: ticket.entryLimit,
    stop: ticket.stop,
    firstTarget: ticket.firstTarget,
    targetRatio: first?.target == null ? 0 : first.quantity / ticket.quantity,
    costR: ticket.costR,
    flatAt: flatAt(state, policy),
  });
  return [{ ...row, resultR: shadow.resultR, isShadow: true }];
}

/** A refused setup as the ticket it would have become: at its reference price, with the usual first target. */
function ofSetup(setup: SetupRefused, state: DeskState, policy: Policy, seen: DaySeen): Proposal[] {
  const { at, instrument, side, referencePrice, stop } = setup;
  if (referencePrice === null || stop === null) return [];
  const { firstTargetR, firstTargetRatio } = policy.exits;
  const shadow = shadowOf(seen.minutesOf(instrument), {
    side,
    fromAt: at,
    untilAt: at + policy.ticket.lifeMs,
    entryLimit: referencePrice,
    stop,
    firstTarget: referencePrice + (referencePrice - stop) * firstTargetR,
    targetRatio: firstTargetRatio,
    costR: 0,
    flatAt: flatAt(state, policy),
  });
  const row = { code: null, instrument, at, dayType: null, answer: 'refused' as const };
  return [{ ...row, resultR: shadow.resultR, isShadow: true }];
}

function flatAt(state: DeskState, { exits }: Policy): number {
  return (state.day?.session.closeAt ?? 0) - (exits.flatBeforeCloseMs ?? 0);
}

/** The record of the day a desk has just closed; null before its verdict. */
export function dayRecordOf(state: DeskState, policy: Policy, seen: DaySeen): DayRecord | null {
  const { day } = state;
  const verdict = day?.verdict ?? null;
  if (day === null || verdict === null) return null;
  const tickets = Object.values(state.tickets).filter(
    ({ tradingDay }) => tradingDay === day.tradingDay,
  );
  const isFlat = Object.keys(state.positions).length === 0;
  return {
    deskId: state.deskId,
    currency: policy.currency,
    market: policy.market,
    tradingDay: day.tradingDay,
    verdict: verdict.kind,
    reasons: verdict.reasons.slice(0, 3),
    resultMinor: day.realizedMinor,
    resultR: day.trades.reduce((sum, { resultR }) => sum + resultR, 0),
    feesMinor: day.feesMinor,
    equityMinor: seen.equityMinor ?? (isFlat ? state.cashMinor : null),
    trades: day.trades.map(recorded),
    proposals: [
      ...tickets.flatMap((ticket) => ofTicket(ticket, state, policy, seen)),
      ...day.setupsRefused.flatMap((setup) => ofSetup(setup, state, policy, seen)),
    ].sort((a, b) => a.at - b.at),
    gates: (state.pulse?.gates ?? []).flatMap(({ tradingDay, checkpoint, passed }) =>
      tradingDay === day.tradingDay && passed !== null ? [{ checkpoint, passed }] : [],
    ),
    breaks: [
      ...seen.breaks,
      ...(day.fillsBeyondEstimate === 0
        ? []
        : [{ kind: 'slippage_beyond_estimate' as const, count: day.fillsBeyondEstimate }]),
    ],
  };
}
