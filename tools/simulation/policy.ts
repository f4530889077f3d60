import type { Policy } from '#core/engine/policy.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Setting } from './plan.ts';

type Account = Pick<
  Policy,
  'deskId' | 'accountId' | 'market' | 'zone' | 'currency' | 'instruments' | 'execution'
>;

const AMERICAN: readonly InstrumentId[] = ['QQQM.US', 'AAPL.US'];
const CHINESE: readonly InstrumentId[] = ['600036.SH', '000001.SZ'];

/** Who executes where, by the name of the account. Another kind of account is another row. */
const ACCOUNTS: Readonly<Record<Setting['account'], Account>> = {
  us: {
    deskId: 'us-vwap',
    accountId: 'simulated-us',
    market: 'US',
    zone: 'America/New_York',
    currency: 'USD',
    instruments: AMERICAN,
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
    },
  },
  cn: {
    deskId: 'cn-rules',
    accountId: 'simulated-cn',
    market: 'CN',
    zone: 'Asia/Shanghai',
    currency: 'CNY',
    instruments: CHINESE,
    execution: {
      broker: 'paper',
      protection: 'watched',
      isPerson: false,
      sellableAfterDays: 1,
      hasBracket: false,
      hasOco: false,
      hasReplace: false,
      hasExtendedHours: false,
      flatten: 'each',
    },
  },
};

/** Nothing rests at the broker of an account that a person executes: the desk watches. */
function executionOf({ account, isByHand, flatten }: Setting): Policy['execution'] {
  const { execution } = ACCOUNTS[account];
  if (!isByHand) return { ...execution, flatten };
  const watched = { protection: 'watched', hasBracket: false, hasOco: false } as const;
  return { ...execution, ...watched, broker: 'manual', isPerson: true, hasReplace: false, flatten };
}

/** The shipped rules of an intraday desk; pauses that depend on the length of a day are shorter, as the days are. */
export function policyOf(setting: Setting): Policy {
  const account = ACCOUNTS[setting.account];
  return {
    ...account,
    execution: executionOf(setting),
    strategy: 'vwap-reclaim',
    environment: setting.isLive ? 'live' : 'paper',
    mode: setting.mode,
    capitalMinor: 10_000_000,
    openingNoTradeMs: 5 * 60_000,
    cooldownMs: 4 * 60_000,
    risk: {
      riskPerTradeRatio: 0.005,
      positionCapRatio: 0.2,
      dayLossLimitR: 1.5,
      tradesPerDay: setting.tradesPerDay ?? 2,
      consecutiveLosses: 2,
      openRiskLimitR: 1,
      minQuantity: 2,
      maxSpreadBps: 5,
      maxSpreadRatioOfR: 0.15,
      minVolumeRatio: 0.3,
      maxCostR: 0.2,
      eventDays: setting.eventDays,
      shrinkRatio: 0.5,
    },
    ticket: {
      lifeMs: 120_000,
      bandBelowR: 0.5,
      bandAboveR: 0.25,
      limitOffsetR: 0.05,
      quietMs: 3 * 60_000,
      quoteMaxAgeMs: 5_000,
      entryLifeAfterBarMs: 30_000,
      bareConfirmMs: 3_000,
    },
    exits: {
      firstTargetR: 1,
      firstTargetRatio: 0.5,
      trailBars: 5,
      flatBeforeCloseMs: setting.isHeldOvernight ? null : 5 * 60_000,
    },
    cost: {
      commissionPerShareMinor: 0,
      commissionRate: 0,
      commissionMinimumMinor: 0,
      slippageBps: 0.5,
    },
    isDataPartial: false,
    breakers: {
      pauseMs: 5 * 60_000,
      haltPauseMs: 5 * 60_000,
      slippageMultiple: 3,
      slippageFills: 2,
    },
    pulse: null,
    watch: {
      heartbeatMaxAgeMs: 15_000,
      barDelayMs: 1_000,
      // bars pause with the exchange at noon: nothing is awaited there
      barOverdueMs: setting.account === 'cn' ? null : 20_000,
      quoteStaleMs: 30_000,
      quietMinutesMs: 5 * 60_000,
      orderConfirmMs: 10_000,
      operatorSilentMs: 10 * 60_000,
      alarmRepeatMs: [60_000, 180_000, 600_000, 900_000],
    },
  };
}
