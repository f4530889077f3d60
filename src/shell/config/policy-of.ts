import type { BreakerPolicy, ExecutionPolicy, Policy } from '#core/engine/policy.ts';
import type { EventWindowParams } from '#core/gates/event-window.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { parseInstrumentId } from '#core/market/instrument.ts';
import type { VwapReclaimParams } from '#core/strategies/vwap-reclaim/params.ts';
import type { DeskConfig, DeskConfigOf } from './config.ts';
import { refuse, shown } from './read-file.ts';
import { sectorPulseParamsOf } from './sector-pulse.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
const MINOR_PER_UNIT = 100;
const ZONES = { US: 'America/New_York', CN: 'Asia/Shanghai' } as const;

/** Exact for the two decimals the schema allows. */
function toMinor(amount: number): number {
  return Math.round(amount * MINOR_PER_UNIT);
}

function instrumentsOf(desk: DeskConfigOf<'vwap-reclaim'>): InstrumentId[] {
  return desk.symbols.map((symbol) => {
    const id = parseInstrumentId(desk.market === 'US' ? `${symbol}.US` : symbol);
    return (
      id ?? refuse(`config/desks/${desk.id}.yaml: symbols`, shown(symbol), 'symbols of its market')
    );
  });
}

/**
 * What the account's broker does by itself. A-shares know no resting stops and settle T+1; what a
 * person executes is watched by the desk.
 */
function executionOf(desk: DeskConfig): ExecutionPolicy {
  const { broker } = desk.accountSettings;
  const isChinese = desk.market === 'CN';
  const isPerson = broker === 'manual';
  const isWatched = isChinese || isPerson;
  return {
    broker,
    protection: isWatched ? 'watched' : 'broker',
    isPerson,
    sellableAfterDays: isChinese ? 1 : 0,
    hasBracket: !isWatched,
    hasOco: !isWatched,
    hasReplace: !isWatched,
    hasExtendedHours: broker === 'alpaca' || broker === 'ibkr',
    flatten: FLATTEN[broker],
  };
}

/** As the adapters' capabilities say it. */
const FLATTEN = {
  paper: 'each',
  manual: 'each',
  alpaca: 'one_request',
  ibkr: 'global_cancel',
} as const satisfies Record<DeskConfig['accountSettings']['broker'], ExecutionPolicy['flatten']>;

function whoOf(desk: DeskConfig) {
  const { accountSettings } = desk;
  return {
    deskId: desk.id,
    strategy: desk.strategy,
    accountId: desk.account,
    environment: accountSettings.environment,
    market: desk.market,
    zone: ZONES[desk.market],
    currency: accountSettings.currency,
    mode: desk.mode,
    capitalMinor: toMinor(desk.capital),
    execution: executionOf(desk),
    isDataPartial: isPartial(desk),
  };
}

/** One venue's prices: free, and a small part of the tape. */
function isPartial({ accountSettings: account }: DeskConfig): boolean {
  return account.broker === 'alpaca' && account.feed === 'iex';
}

/** The breakers of a desk that sets none of its own: no minute bars, no expected slippage of a ticket. */
const NO_BREAKERS: BreakerPolicy = {
  pauseMs: 0,
  haltPauseMs: 5 * MINUTE_MS,
  slippageMultiple: Number.MAX_SAFE_INTEGER,
  slippageFills: Number.MAX_SAFE_INTEGER,
};

/** What the desk's decisions depend on, in the units of the core. Throws ConfigError. */
export function policyOf(desk: DeskConfig): Policy {
  if (desk.mode === 'auto' && isPartial(desk))
    refuse(
      `config/desks/${desk.id}.yaml: mode`,
      'auto',
      'alert or semi: the feed of its account is iex, one venue',
    );
  return desk.strategy === 'sector-pulse' ? pulsePolicyOf(desk) : vwapPolicyOf(desk);
}

/**
 * A sector-pulse desk sizes by shares of total assets; what the engine counts in R follows from
 * them: R is the stop's distance of a first entry. No minute bar is awaited, nothing is flat at the
 * close, and the names are those of the market it looks at.
 */
function pulsePolicyOf(desk: DeskConfigOf<'sector-pulse'>): Policy {
  const { ticket, cost, watch } = desk;
  const { entry, clock, stocks, stance, restart } = sectorPulseParamsOf(desk);
  const riskPerTradeRatio = entry.firstRatio * entry.stopRatio;
  return {
    ...whoOf(desk),
    instruments: [],
    risk: {
      riskPerTradeRatio,
      positionCapRatio: entry.singleCapRatio,
      // the account's day is judged against the equity of its morning, not against entries of days ago
      dayLossLimitR: Number.MAX_SAFE_INTEGER,
      tradesPerDay: stocks.perCheckpoint * clock.checkpoints.length,
      consecutiveLosses: Number.MAX_SAFE_INTEGER,
      openRiskLimitR: entry.totalCapRatio / entry.firstRatio,
      minQuantity: 1,
      maxSpreadBps: ticket.maxSpreadBps,
      maxSpreadRatioOfR: 1,
      minVolumeRatio: 0,
      maxCostR: 1,
      eventDays: 'off',
      shrinkRatio: 1,
    },
    ticket: {
      lifeMs: entry.lifeMs,
      bandBelowR: entry.bandRatio / entry.stopRatio,
      bandAboveR: entry.bandRatio / entry.stopRatio,
      limitOffsetR: 0,
      quietMs: clock.buyPointWatchMs,
      quoteMaxAgeMs: ticket.quoteMaxAgeSeconds * SECOND_MS,
      entryLifeAfterBarMs: entry.lifeMs,
      bareConfirmMs: ticket.bareConfirmSeconds * SECOND_MS,
    },
    exits: {
      firstTargetR: entry.firstTargetRatio / entry.stopRatio,
      firstTargetRatio: entry.firstTargetShare,
      trailBars: 1,
      flatBeforeCloseMs: null,
    },
    cost: {
      commissionPerShareMinor: 0,
      commissionMinimumMinor: toMinor(cost.commissionMinimum),
      commissionRate: cost.commissionRatio,
      slippageBps: cost.slippageBps,
    },
    watch: {
      heartbeatMaxAgeMs: watch.heartbeatMaxAgeSeconds * SECOND_MS,
      barDelayMs: 0,
      barOverdueMs: null,
      quoteStaleMs: watch.quoteStaleSeconds * SECOND_MS,
      quietMinutesMs: 0,
      orderConfirmMs: watch.orderConfirmSeconds * SECOND_MS,
      operatorSilentMs: watch.operatorSilentMinutes * MINUTE_MS,
      alarmRepeatMs: watch.alarmRepeatMinutes.map((minutes) => minutes * MINUTE_MS),
    },
    breakers: NO_BREAKERS,
    pulse: {
      stance,
      restart,
      checkpoints: clock.checkpoints,
      whenMissed: clock.whenMissed,
      entry,
    },
    openingNoTradeMs: 0,
    cooldownMs: 0,
  };
}

function vwapPolicyOf(desk: DeskConfigOf<'vwap-reclaim'>): Policy {
  const { breakers, risk, session, ticket, exits, cost, watch } = desk;
  return {
    ...whoOf(desk),
    instruments: instrumentsOf(desk),
    risk: {
      riskPerTradeRatio: risk.riskPerTradeRatio,
      positionCapRatio: risk.positionCapRatio,
      dayLossLimitR: risk.dayLossLimitR,
      tradesPerDay: risk.tradesPerDay,
      consecutiveLosses: risk.consecutiveLosses,
      openRiskLimitR: risk.openRiskLimitR,
      minQuantity: risk.minQuantityShares,
      maxSpreadBps: risk.maxSpreadBps,
      maxSpreadRatioOfR: risk.maxSpreadRatioOfR,
      minVolumeRatio: risk.minVolumeRatio,
      maxCostR: risk.maxCostR,
      eventDays: risk.eventDays,
      shrinkRatio: risk.shrinkRatio,
    },
    ticket: {
      lifeMs: ticket.lifeSeconds * SECOND_MS,
      bandBelowR: ticket.bandBelowR,
      bandAboveR: ticket.bandAboveR,
      limitOffsetR: ticket.limitOffsetR,
      quietMs: ticket.quietMinutes * MINUTE_MS,
      quoteMaxAgeMs: ticket.quoteMaxAgeSeconds * SECOND_MS,
      entryLifeAfterBarMs: ticket.entryLifeAfterBarSeconds * SECOND_MS,
      bareConfirmMs: ticket.bareConfirmSeconds * SECOND_MS,
    },
    exits: {
      firstTargetR: exits.firstTargetR,
      firstTargetRatio: exits.firstTargetRatio,
      trailBars: exits.trailBars,
      flatBeforeCloseMs: session.flatBeforeCloseMinutes * MINUTE_MS,
    },
    cost: {
      commissionPerShareMinor: cost.commissionPerShare * MINOR_PER_UNIT,
      commissionMinimumMinor: toMinor(cost.commissionMinimum),
      commissionRate: 0,
      slippageBps: cost.slippageBps,
    },
    watch: {
      heartbeatMaxAgeMs: watch.heartbeatMaxAgeSeconds * SECOND_MS,
      barDelayMs: watch.barDelaySeconds * SECOND_MS,
      barOverdueMs: watch.barOverdueSeconds * SECOND_MS,
      quoteStaleMs: watch.quoteStaleSeconds * SECOND_MS,
      quietMinutesMs: watch.quietMinutes * MINUTE_MS,
      orderConfirmMs: watch.orderConfirmSeconds * SECOND_MS,
      operatorSilentMs: watch.operatorSilentMinutes * MINUTE_MS,
      alarmRepeatMs: watch.alarmRepeatMinutes.map((minutes) => minutes * MINUTE_MS),
    },
    breakers: {
      pauseMs: breakers.pauseMinutes * MINUTE_MS,
      haltPauseMs: breakers.haltPauseMinutes * MINUTE_MS,
      slippageMultiple: breakers.slippageMultiple,
      slippageFills: breakers.slippageFills,
    },
    pulse: null,
    openingNoTradeMs: session.openingNoTradeMinutes * MINUTE_MS,
    cooldownMs: session.cooldownMinutes * MINUTE_MS,
  };
}

/** The desk where only the VWAP reclaim can run. Throws ConfigError for another strategy. */
export function vwapDeskOf(desk: DeskConfig): DeskConfigOf<'vwap-reclaim'> {
  if (desk.strategy === 'vwap-reclaim') return desk;
  return refuse('start', `${desk.id}, a sector-pulse desk`, 'a vwap-reclaim desk here');
}

/** Parameters of the VWAP reclaim as the desk's file states them. */
export function vwapReclaimParamsOf(desk: DeskConfigOf<'vwap-reclaim'>): VwapReclaimParams {
  const { parameters } = desk;
  return {
    windows: parameters.windows,
    isShortAllowed: parameters.isShortAllowed,
    isMa20Required: parameters.isMa20Required,
    isEventDayTraded: desk.risk.eventDays === 'shrink',
    band: parameters.band,
    atrPeriod: parameters.atrPeriodBars,
    pullbackBars: parameters.pullbackBars,
    excursionBars: parameters.excursionBars,
    stopAtrMultiple: parameters.stopAtrMultiple,
    stopMinFraction: parameters.stopMinRatio,
    stopMaxAtr20d: parameters.stopMaxAtr20d,
    abnormalRangeAtr: parameters.abnormalRangeAtr,
    abnormalVolume: parameters.abnormalVolume,
    regime: parameters.regime,
  };
}

/** Which events black a session out, and how widely. */
export function eventWindowsOf(desk: DeskConfigOf<'vwap-reclaim'>): EventWindowParams {
  return desk.parameters.events;
}

/** Cash of the desk's account at its first start, minor units; null: the broker is asked. */
export function startingCashMinorOf(desk: DeskConfig): number | null {
  const { accountSettings } = desk;
  return 'cash' in accountSettings ? toMinor(accountSettings.cash) : null;
}

/** The desk on a simulated account with the cash of its own, for a day that is played. */
export function simulatedTwinOf(desk: DeskConfig): DeskConfig {
  const { accountSettings: account, capital } = desk;
  const { id, market, currency } = account;
  const cash = 'cash' in account ? account.cash : capital;
  return {
    ...desk,
    accountSettings: { id, market, currency, broker: 'paper', environment: 'paper', cash },
  };
}
