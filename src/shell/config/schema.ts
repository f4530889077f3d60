import { z } from 'zod';
import { account } from './account-schema.ts';
import { feedsFile } from './feeds-schema.ts';
import {
  amountPerShare,
  bps,
  count,
  factor,
  flag,
  fraction,
  isZone,
  listOf,
  minutes,
  money,
  multipleOfR,
  name,
  oneOf,
  seconds,
  section,
  text,
  wallTime,
} from './fields.ts';
import { llmFile } from './llm.ts';
import { sectorPulseDeskFile } from './sector-pulse-schema.ts';

/*
 * Shape of every file under config/. Unknown keys are refused, nothing has a default: what a desk
 * runs on can be read in its files.
 */

const market = oneOf(['US', 'CN']);

const risk = section({
  riskPerTradeRatio: fraction(0.05, 0.0001),
  positionCapRatio: fraction(1, 0.001),
  dayLossLimitR: multipleOfR(3, 1),
  tradesPerDay: count(50),
  consecutiveLosses: count(50),
  openRiskLimitR: multipleOfR(5, 0.1),
  minQuantityShares: count(1_000_000),
  maxSpreadBps: bps(500),
  maxSpreadRatioOfR: fraction(1),
  minVolumeRatio: fraction(1),
  maxCostR: multipleOfR(1),
  eventDays: oneOf(['off', 'shrink']),
  shrinkRatio: fraction(1, 0.05),
});

const breakers = section({
  pauseMinutes: minutes(60),
  haltPauseMinutes: minutes(60),
  slippageMultiple: factor(20),
  slippageFills: count(20),
});

const ticket = section({
  lifeSeconds: seconds(600, 30),
  bandBelowR: multipleOfR(2),
  bandAboveR: multipleOfR(1),
  limitOffsetR: multipleOfR(1),
  quietMinutes: minutes(390),
  quoteMaxAgeSeconds: seconds(30),
  entryLifeAfterBarSeconds: seconds(600),
  bareConfirmSeconds: seconds(60),
});

const watch = section({
  heartbeatMaxAgeSeconds: seconds(120),
  barDelaySeconds: seconds(60, 0),
  barOverdueSeconds: seconds(300),
  quoteStaleSeconds: seconds(300),
  quietMinutes: minutes(30, 0),
  orderConfirmSeconds: seconds(120),
  operatorSilentMinutes: minutes(120),
  alarmRepeatMinutes: listOf(minutes(240, 0.5), 'a list of minutes'),
});

const regime = section({
  shareFromMinute: minutes(120),
  crossWindowMinutes: minutes(390, 5),
  crossDeadZone: factor(5),
  trendFromMinute: minutes(390),
  trendShareUp: fraction(1, 0.5),
  trendShareDown: fraction(0.5),
  trendMaxCrosses: count(100, 0),
  trendRangeFactor: factor(10),
  rangeFromMinute: minutes(390),
  rangeMinCrosses: count(100, 0),
  rangeShareLow: fraction(1),
  rangeShareHigh: fraction(1),
  rangeMinBreaks: count(100, 0),
});

const events = section({
  kinds: listOf(
    oneOf(['fomc', 'cpi', 'payrolls', 'release_10', 'earnings']),
    'a list of event kinds',
    0,
  ),
  fomcMinutesBefore: minutes(390),
  fomcMinutesAfter: minutes(390),
  releaseMinutesAfterOpen: minutes(390),
  tenMinutesBefore: minutes(60),
  tenMinutesAfter: minutes(120),
  isHalfDayEvent: flag(),
});

const entryWindow = section({ from: wallTime(), to: wallTime() }).refine((w) => w.from < w.to, {
  error: 'a window whose from is before its to',
});

const parameters = section({
  windows: listOf(entryWindow, 'a list of windows'),
  isShortAllowed: flag(),
  isMa20Required: flag(),
  band: section({ fraction: fraction(0.05), atrMultiple: factor(10) }),
  atrPeriodBars: count(120, 2),
  pullbackBars: count(120),
  excursionBars: count(240),
  stopAtrMultiple: factor(10),
  stopMinRatio: fraction(0.05),
  stopMaxAtr20d: factor(5),
  abnormalRangeAtr: factor(100),
  abnormalVolume: factor(1000),
  regime,
  events,
});

/** config/desks/*.yaml of the strategy vwap-reclaim */
const vwapReclaimDeskFile = section({
  id: name('a desk id'),
  strategy: z.literal('vwap-reclaim'),
  account: name('an account id'),
  market,
  mode: oneOf(['alert', 'semi', 'auto']),
  symbols: listOf(
    text('a symbol in capitals, quoted when it is a number', /^[A-Z0-9][A-Z0-9.-]{0,14}$/),
    'a list of symbols',
  ),
  capital: money(1_000_000_000, 100),
  risk,
  session: section({
    openingNoTradeMinutes: minutes(120),
    cooldownMinutes: minutes(390),
    flatBeforeCloseMinutes: minutes(60, 1),
  }),
  ticket,
  exits: section({
    firstTargetR: multipleOfR(10, 0.1),
    firstTargetRatio: fraction(1),
    trailBars: count(120),
  }),
  cost: section({
    commissionPerShare: amountPerShare(10),
    commissionMinimum: money(1000),
    slippageBps: bps(100),
  }),
  watch,
  breakers,
  parameters,
});

/** config/desks/*.yaml; which keys a desk has depends on its strategy. */
export const deskFile = z.discriminatedUnion(
  'strategy',
  [vwapReclaimDeskFile, sectorPulseDeskFile],
  {
    error: 'a strategy: one of vwap-reclaim, sector-pulse',
  },
);

/** config/accounts.yaml */
export const accountsFile = section({
  accounts: listOf(account, 'a list of accounts'),
  /** Over all accounts of one side and one currency. */
  person: section({
    nameCapRatio: fraction(1, 0.01),
    checkpointCapRatio: fraction(1, 0.01),
    dayCapRatio: fraction(1, 0.01),
    correlationLimit: fraction(1, -1),
  }),
});

/** Channels by which people far from the desk are reached. */
const REMOTE_CHANNELS = ['telegram', 'wecom', 'wechat'] as const;
/** Every channel; the last two only speak. */
const CHANNELS = ['terminal', ...REMOTE_CHANNELS, 'wecom-webhook', 'mail'] as const;

const address = () => text('a mail address', /^[^\s@<>]+@[^\s@<>]+$/);

/** config/channels.yaml */
export const channelsFile = section({
  language: oneOf(['zh', 'en']),
  order: listOf(oneOf(REMOTE_CHANNELS), `a list of ${REMOTE_CHANNELS.join(', ')}`),
  operatorZone: z
    .string({ error: 'an IANA time zone or null' })
    .refine(isZone, { error: 'an IANA time zone or null' })
    .nullable(),
  pictures: flag(),
  terminal: section({ hasColor: flag() }),
  telegram: section({
    apiRoot: text('a URL that starts with http:// or https://', /^https?:\/\/[^\s]+$/),
    library: oneOf(['grammy', 'telegraf']),
    pollSeconds: seconds(50),
    webhook: section({
      url: text('a URL that starts with https://', /^https:\/\/[^\s]+$/),
      port: count(65_535, 1),
    }).nullable(),
    proxy: z
      .string({ error: 'null or a URL that starts with http://' })
      .regex(/^http:\/\/[^\s]+$/, { error: 'null or a URL that starts with http://' })
      .nullable(),
  }),
  wecom: section({ wsUrl: text('a URL that starts with ws:// or wss://', /^wss?:\/\/[^\s]+$/) }),
  wechat: section({ port: count(65_535, 0) }),
  wecomWebhook: section({ says: oneOf(['reports', 'all']) }),
  mail: section({
    host: text('a host name', /^[A-Za-z0-9.:-]+$/).nullable(),
    port: count(65_535),
    security: oneOf(['tls', 'starttls', 'none']),
    from: address().nullable(),
    to: listOf(address(), 'a list of mail addresses', 0),
  }),
});

const scheduled = {
  job: name('a job name'),
  market,
  graceMinutes: minutes(1440, 0.5),
};

/** config/schedule.yaml */
export const scheduleFile = section({
  jobs: listOf(
    z.union([
      section({ ...scheduled, at: wallTime() }),
      section({ ...scheduled, afterCloseMinutes: minutes(720, -60) }),
    ]),
    'a list of jobs',
  ),
  maxWorkers: count(16),
  cancelSeconds: seconds(120),
});

/** config/profiles/*.yaml */
export const profileFile = section({
  description: z.string({ error: 'a sentence' }),
  desks: listOf(name('a desk id'), 'a list of desk ids'),
  /** Desks whose days are played after those of `desks`, one desk after the other; none if left out. */
  playedAfter: listOf(name('a desk id'), 'a list of desk ids').optional(),
  channels: listOf(oneOf(CHANNELS), `a list of ${CHANNELS.join(', ')}`),
  /** `recorded`: stored days only, with --replay. `live`: the sources of config/feeds.yaml. */
  market: oneOf(['simulated', 'recorded', 'live']),
  /** Threshold set of its sector-pulse desks; null: the one each desk names. */
  set: name('a threshold set').nullable(),
  isScheduled: flag(),
  speed: z.union([z.enum(['realtime', 'max']), z.number().min(0.1).max(100_000)], {
    error: 'realtime, max or simulated seconds a second',
  }),
  seed: count(4_294_967_295, 0),
});

/** A channel by its name. */
export type ChannelName = (typeof CHANNELS)[number];

export type DeskFile = z.infer<typeof deskFile>;
export type ChannelsFile = z.infer<typeof channelsFile>;
export type ScheduleFile = z.infer<typeof scheduleFile>;
export type ProfileFile = z.infer<typeof profileFile>;

/** Every kind of file by the name of its JSON Schema. */
export const CONFIG_SCHEMAS = {
  desk: vwapReclaimDeskFile,
  'sector-pulse-desk': sectorPulseDeskFile,
  accounts: accountsFile,
  channels: channelsFile,
  schedule: scheduleFile,
  profile: profileFile,
  feeds: feedsFile,
  llm: llmFile,
} as const;
