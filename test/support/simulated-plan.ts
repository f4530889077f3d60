import type { Item, Plan, Say, Setting } from '../../tools/simulation/plan.ts';

/** A session in which nothing goes wrong by itself. */
const CALM: Setting = {
  seed: 1,
  days: 1,
  isHeldOvernight: false,
  minutes: 20,
  account: 'us',
  isByHand: false,
  isLive: false,
  flatten: 'each',
  mode: 'semi',
  eventDays: 'off',
  storeMs: 0,
  brokerMs: 80,
  chatMs: 50,
  feeMinor: 0,
  cancelsGroup: true,
  snapshotEvery: 60,
  sweepMs: 6_000,
  hasStandby: false,
  isCopied: false,
  quoteMs: 5_000,
  swing: [0.03, 0.07],
};

/** A calm session but for what is set and what happens in it. */
export function plan(setting: Partial<Setting>, items: readonly Item[]): Plan {
  return { setting: { ...CALM, ...setting }, items };
}

/** What every word of the owner has. */
export const OWNER = { kind: 'say', channel: 'telegram', who: 'owner', as: 'text' } as const;

/** The owner allows the day. */
export const ALLOW: Say = {
  ...OWNER,
  when: { seen: 'premarket_brief', nth: 1, afterMs: 5_000 },
  text: '/allow {desk} {day}',
  as: 'button',
  agreeAfterMs: null,
  travelMs: 50,
  repeats: 0,
};
