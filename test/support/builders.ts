import type { Input, OrderReport } from '#core/engine/input.ts';
import type { Policy } from '#core/engine/policy.ts';
import type { Blackout, SymbolFacts } from '#core/engine/state.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import type { Session } from '#core/market/session.ts';
import { instantAt } from '#core/market/session.ts';
import type { Actor, DeskAct } from '#core/replies/act.ts';
import type { DayType, Evaluation, Signal } from '#core/strategies/strategy.ts';
import { newYorkSession } from './bars.ts';

export const DAY = '2026-11-20';
export const QQQM: InstrumentId = 'QQQM.US';
export const AAPL: InstrumentId = 'AAPL.US';
export const CASH_MINOR = 10_000_000;

/** Id of the first ticket of the day in QQQM, and of its first orders. */
export const TICKET = `${DAY}.us-vwap.QQQM.US.long.1`;

/** Instant at which the New York clock shows `HH:MM` or `HH:MM:SS` on the day of the tests. */
export function ny(wall: string, day = DAY): number {
  const seconds = Number(wall.slice(6) || '0');
  return instantAt(day, wall.slice(0, 5), 'America/New_York') + seconds * 1000;
}

type Section = 'execution' | 'risk' | 'ticket' | 'exits' | 'cost' | 'watch' | 'breakers';

export type PolicyChange = Partial<Omit<Policy, Section>> & {
  readonly [K in Section]?: Partial<Policy[K]>;
};

/** The desk of the tests: the shipped values of us-vwap on two symbols with USD 100,000. */
export function policyOf(change: PolicyChange = {}): Policy {
  return {
    deskId: 'us-vwap',
    strategy: 'vwap-reclaim',
    accountId: 'paper-us',
    environment: 'paper',
    market: 'US',
    zone: 'America/New_York',
    currency: 'USD',
    mode: 'semi',
    instruments: [QQQM, AAPL],
    isDataPartial: false,
    capitalMinor: CASH_MINOR,
    openingNoTradeMs: 15 * 60_000,
    cooldownMs: 15 * 60_000,
    ...change,
    execution: {
      broker: 'paper',
      protection: 'broker',
      isPerson: false,
      sellableAfterDays: 0,
      hasBracket: true,
      hasOco: true,
      hasReplace: true,
      hasExtendedHours: false,
      flatten: 'each',
      ...change.execution,
    },
    risk: {
      riskPerTradeRatio: 0.005,
      positionCapRatio: 0.2,
      dayLossLimitR: 1.5,
      tradesPerDay: 2,
      consecutiveLosses: 2,
      openRiskLimitR: 1,
      minQuantity: 2,
      maxSpreadBps: 5,
      maxSpreadRatioOfR: 0.15,
      minVolumeRatio: 0.3,
      maxCostR: 0.2,
      eventDays: 'off',
      shrinkRatio: 0.5,
      ...change.risk,
    },
    ticket: {
      lifeMs: 120_000,
      bandBelowR: 0.5,
      bandAboveR: 0.25,
      limitOffsetR: 0.05,
      quietMs: 15 * 60_000,
      quoteMaxAgeMs: 5_000,
      entryLifeAfterBarMs: 30_000,
      bareConfirmMs: 3_000,
      ...change.ticket,
    },
    exits: {
      firstTargetR: 1,
      firstTargetRatio: 0.5,
      trailBars: 5,
      flatBeforeCloseMs: 5 * 60_000,
      ...change.exits,
    },
    cost: {
      commissionPerShareMinor: 0,
      commissionRate: 0,
      commissionMinimumMinor: 0,
      slippageBps: 0.5,
      ...change.cost,
    },
    pulse: null,
    breakers: {
      pauseMs: 5 * 60_000,
      haltPauseMs: 5 * 60_000,
      slippageMultiple: 3,
      slippageFills: 2,
      ...change.breakers,
    },
    watch: {
      heartbeatMaxAgeMs: 15_000,
      barDelayMs: 1_000,
      barOverdueMs: 20_000,
      quoteStaleMs: 30_000,
      quietMinutesMs: 5 * 60_000,
      orderConfirmMs: 10_000,
      operatorSilentMs: 10 * 60_000,
      alarmRepeatMs: [60_000, 180_000, 600_000, 900_000],
      ...change.watch,
    },
  };
}

export function quoteOf(
  at: number,
  bid: number,
  ask: number,
  instrument: InstrumentId = QQQM,
): Quote {
  return { instrument, bid, ask, bidSize: 500, askSize: 500, at };
}

const EVIDENCE = {
  minuteOfSession: 60,
  vwapCrossCount: 2,
  pctTimeAboveVwap: 0.7,
  orWidth: 0.8,
  orWidthAtr: 0.4,
  rangeAtr: 0.7,
  rangeAtrNeeded: 0.24,
  earlyVolumeRatio: 1.1,
  orBreaksUp: 1,
  orBreaksDown: 0,
  orBreakHeld: 'up' as const,
  event: null,
};

/** A long signal of QQQM: reclaim close 100, stop 99, so 1 R is USD 1 a share. */
export function signalOf(asOf: number, change: Partial<Signal> = {}): Signal {
  return {
    strategy: 'vwap-reclaim',
    instrument: QQQM,
    side: 'long',
    asOf,
    referencePrice: 100,
    pullbackLow: 99.02,
    stop: 99,
    stopWidened: false,
    dayType: 'trend_up',
    checks: [],
    evidence: EVIDENCE,
    ...change,
  };
}

export function evaluationOf(asOf: number, change: Partial<Evaluation> = {}): Evaluation {
  const dayType: DayType = 'trend_up';
  return {
    instrument: QQQM,
    asOf,
    minuteOfSession: Math.round((asOf - ny('09:30')) / 60_000),
    bar: { open: 99.9, high: 100.1, low: 99.8, close: 100, volume: 1_000 },
    vwap: 99.7,
    band: 0.1,
    atr1m: 0.1,
    lowestLow5: 99.5,
    highestHigh5: 100.1,
    or5: { high: 100, low: 99 },
    or15: { high: 100, low: 99 },
    volume5m: 5_000,
    usualVolume5m: 5_000,
    regime: { kind: 'live', dayType, evidence: EVIDENCE },
    inWindow: true,
    signal: null,
    refusals: [],
    checks: [],
    abnormal: null,
    ...change,
  };
}

/** The person who acts in the tests. */
export const OWNER: Actor = {
  id: 'terminal:owner',
  name: 'Owner',
  role: 'owner',
  channel: 'terminal',
  chatId: 'terminal',
};

/** A person's act. Without a quote none could be had; `isConfirmed`: the second confirmation was given. */
export function actOf(
  at: number,
  act: DeskAct,
  more: { quote?: Quote | null; isConfirmed?: boolean } = {},
): Input {
  const { quote = null, isConfirmed = false } = more;
  return { kind: 'operator_acted', at, act, actor: OWNER, sentAt: at, quote, isConfirmed };
}

export const allow = (at: number, until: string | null = null): Input =>
  actOf(at, { act: 'allow', scope: null, until });
export const stop = (at: number, reason: string | null = null): Input =>
  actOf(at, { act: 'stop', scope: null, reason });
export const kill = (at: number): Input => actOf(at, { act: 'kill', scope: null });
export const flatten = (at: number, isConfirmed = true): Input =>
  actOf(at, { act: 'flatten', scope: null }, { isConfirmed });
export const resume = (at: number, isConfirmed = true): Input =>
  actOf(at, { act: 'resume', scope: null, reason: 'checked' }, { isConfirmed });
export const safe = (at: number, on: boolean, isConfirmed = true): Input =>
  actOf(at, { act: 'safe', on }, { isConfirmed });
export const ack = (at: number, id: string | null = null): Input => actOf(at, { act: 'ack', id });
export const skip = (at: number, code: string | null = null): Input =>
  actOf(at, { act: 'skip', code, reason: null });
export const exit = (at: number, target = 'QQQM', ratio = 1): Input =>
  actOf(at, { act: 'exit', target, ratio });
export const cancel = (at: number, target = 'all'): Input =>
  actOf(at, { act: 'cancel', target, isProtectionMeant: false });
export const mode = (at: number, to: Policy['mode'], isConfirmed = false): Input =>
  actOf(at, { act: 'mode', desk: '', mode: to }, { isConfirmed });

type ConfirmChange = {
  code?: string | null;
  version?: number | null;
  quantity?: number | null;
  price?: number | null;
  quote?: Quote | null;
};

/** A confirmation with a fresh quote of bid 99.98, ask 100.00 unless told otherwise. */
export function confirm(at: number, change: ConfirmChange = {}): Input {
  const { code = null, version = null, quantity = null, price = null } = change;
  const quote = change.quote === undefined ? quoteOf(at, 99.98, 100) : change.quote;
  return actOf(at, { act: 'confirm', code, version, quantity, price }, { quote });
}

export function half(at: number, code: string | null = null): Input {
  return actOf(at, { act: 'half', code, version: null }, { quote: quoteOf(at, 99.98, 100) });
}

export function bar(
  at: number,
  change: Partial<Evaluation> = {},
  quote: Quote | null = null,
): Input {
  return { kind: 'bar_evaluated', at, evaluation: evaluationOf(at, change), inputHash: 'h', quote };
}

/** A bar that closes at `at` with a signal and the quote bid 99.98, ask 100.00. */
export function signalBar(at: number, change: Partial<Signal> = {}, quote?: Quote | null): Input {
  const signal = signalOf(at, change);
  const { instrument } = signal;
  const seen = quote === undefined ? quoteOf(at, 99.98, 100, instrument) : quote;
  return bar(at, { instrument, signal }, seen);
}

export const quote = (
  at: number,
  bid: number,
  ask: number,
  instrument: InstrumentId = QQQM,
): Input => ({
  kind: 'quote_seen',
  at,
  quote: quoteOf(at, bid, ask, instrument),
});
/** The exchange halts a symbol, or resumes trading in it. */
export const halt = (
  at: number,
  isHalted: boolean,
  instrument: InstrumentId = QQQM,
  cause = 'H T1',
): Input => ({ kind: 'halt_seen', at, instrument, isHalted, cause });
/** A sign of life of the data connection, with the symbols a price was heard of just then. */
export const beat = (at: number, heard: readonly InstrumentId[] = []): Input => ({
  kind: 'heartbeat_seen',
  at,
  prices: Object.fromEntries(heard.map((instrument) => [instrument, at])),
});
/** A card did, or did not, reach a chat of an operator. */
export const reach = (at: number, isReached: boolean, channel = 'telegram'): Input => ({
  kind: 'reach_seen',
  at,
  isReached,
  channel,
});
export const unlock = (at: number, id: string, isConfirmed = true): Input =>
  actOf(at, { act: 'unlock', id }, { isConfirmed });
export const tick = (at: number): Input => ({ kind: 'time_passed', at });
export const started = (at: number, isRecovery = false): Input => ({
  kind: 'desk_started',
  at,
  cashMinor: CASH_MINOR,
  isRecovery,
});
export const reconciled = (at: number, cashMinor = CASH_MINOR): Input => ({
  kind: 'account_reconciled',
  at,
  isClean: true,
  cashMinor,
  differences: [],
});
/** A person says that the account they execute holds nothing but cash. */
export const attest = (at: number, cashMinor = CASH_MINOR): Input =>
  actOf(
    at,
    { act: 'reconcile', verb: 'attest', holdings: [], cashMinor, scope: null },
    { isConfirmed: true },
  );
export const mismatch = (at: number): Input => ({
  kind: 'account_reconciled',
  at,
  isClean: false,
  cashMinor: CASH_MINOR,
  differences: [{ subject: 'QQQM.US', ours: '0', theirs: '7' }],
});

export const FACTS: readonly SymbolFacts[] = [QQQM, AAPL].map((instrument) => ({
  instrument,
  ma20: 95,
  atr20d: 2,
  previousClose: 99,
  usualDays: 20,
  instrumentDay: null,
}));

export function planned(
  at: number,
  session: Session = newYorkSession(DAY),
  blackouts: readonly Blackout[] = [],
  facts: readonly SymbolFacts[] = FACTS,
): Input {
  return { kind: 'session_planned', at, session, blackouts, facts };
}
export const closed = (at: number): Input => ({ kind: 'session_closed', at, labels: [] });

type ReportChange = Partial<Omit<OrderReport, 'orderId' | 'kind'>>;

/** A broker's report of an order. */
export function report(
  at: number,
  orderId: string,
  kind: OrderReport['kind'],
  change: ReportChange = {},
): Input {
  const base: OrderReport = {
    reportId: `${orderId}:${kind}:${at}`,
    orderId,
    kind,
    at,
    filledQuantity: 0,
    lastQuantity: 0,
    lastPrice: null,
    feesMinor: 0,
    reason: null,
    stopPrice: null,
    limitPrice: null,
  };
  return { kind: 'order_reported', at, report: { ...base, ...change } };
}

/** A fill: `filledQuantity` is cumulative. */
export function fill(
  at: number,
  orderId: string,
  filledQuantity: number,
  lastPrice: number,
  change: ReportChange & { isPartial?: boolean } = {},
): Input {
  const { isPartial = false, ...rest } = change;
  const kind = isPartial ? 'partially_filled' : 'filled';
  return report(at, orderId, kind, {
    filledQuantity,
    lastQuantity: filledQuantity,
    lastPrice,
    ...rest,
  });
}
export const sent = (at: number, orderId: string): Input => ({ kind: 'order_sent', at, orderId });
export const doubtful = (at: number, orderId: string): Input => ({
  kind: 'order_doubtful',
  at,
  orderId,
  cause: 'timeout',
});
export const notFound = (at: number, orderId: string): Input => ({
  kind: 'order_not_found',
  at,
  orderId,
});

/** Closed minutes of both symbols from `from` to `to`, both included, at the same price. */
export function bars(from: string, to: string): Input[] {
  const inputs: Input[] = [];
  for (let at = ny(from); at <= ny(to); at += 60_000)
    inputs.push(bar(at, { instrument: AAPL }), bar(at));
  return inputs;
}

/** Up to 10:00 with permission given: the desk may trade. */
export function ready(): Input[] {
  return [
    started(ny('09:59')),
    reconciled(ny('09:59')),
    planned(ny('09:59')),
    allow(ny('09:59')),
    ...bars('10:00', '10:00'),
  ];
}

/** A ticket of 200 QQQM at 100.00, stop 99.00, target 101.00, opened at 10:01. */
export function withTicket(): Input[] {
  return [...ready(), bar(ny('10:01'), { instrument: AAPL }), signalBar(ny('10:01'))];
}

/** The ticket confirmed at 10:01:10: two entries of 100 intended. */
export function withEntries(): Input[] {
  return [...withTicket(), confirm(ny('10:01:10'))];
}

/** Both entries sent and accepted by the broker, nothing filled. */
export function withWorkingEntries(): Input[] {
  return [
    ...withEntries(),
    sent(ny('10:01:11'), `${TICKET}.entry-1`),
    sent(ny('10:01:11'), `${TICKET}.entry-2`),
    report(ny('10:01:11'), `${TICKET}.entry-1`, 'accepted'),
    report(ny('10:01:11'), `${TICKET}.entry-2`, 'accepted'),
  ];
}

/** Both entries sent, accepted and filled at 100.00; stops of 100 and 100 and a target of 100 work. */
export function withPosition(): Input[] {
  return [
    ...withWorkingEntries(),
    fill(ny('10:01:12'), `${TICKET}.entry-1`, 100, 100),
    report(ny('10:01:12'), `${TICKET}.stop-1`, 'accepted'),
    report(ny('10:01:12'), `${TICKET}.target-1`, 'accepted'),
    fill(ny('10:01:12'), `${TICKET}.entry-2`, 100, 100),
    report(ny('10:01:12'), `${TICKET}.stop-2`, 'accepted'),
  ];
}

/** The first target filled at 101.00 and the other stop moved to the entry. */
export function withFirstTarget(): Input[] {
  return [
    ...withPosition(),
    fill(ny('10:01:30'), `${TICKET}.target-1`, 100, 101),
    report(ny('10:01:30'), `${TICKET}.stop-1`, 'canceled', { reason: 'oco' }),
    report(ny('10:01:31'), `${TICKET}.stop-2`, 'replaced', { stopPrice: 100 }),
  ];
}
