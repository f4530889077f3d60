import type { PulseWords } from './pulse-words.ts';

/** Words of the A-share pages in English that no other page has. */
export const PULSE_EN: Omit<PulseWords, 'row' | 'stage' | 'stance' | 'permission'> = {
  colon: ': ',
  comma: ', ',
  unknown: 'not known',
  yes: 'yes',
  no: 'no',
  none: 'none',
  yi: (amount) => `¥${(Number(amount) / 10).toFixed(2)} bn`,
  shares: (count) => `${count} shares`,
  days: (count) => (count === 1 ? '1 day' : `${count} days`),
  times: (count) => (count === 1 ? 'once' : `${count} times`),
  degraded: ' *',
  flag: {
    bought_today: 'bought today, not to be sold',
    suspended: 'suspended',
    sealed_up: 'sealed at limit up',
    sealed_down: 'sealed at limit down, cannot be sold',
    limit_up: 'at limit up',
    limit_down: 'at limit down',
    limits_unknown: 'limit prices not known',
  },
  note: {
    no_data: 'no data',
    stale: 'too old',
    from_future: 'stamped in the future',
    wrong_day: 'of another day',
    rows_missing: 'stocks missing',
    history_short: 'history too short',
    history_old: 'history does not reach the day before',
    exchange_missing: 'one exchange missing',
    balance_disagrees: 'the balances contradict what was published as repaid',
    other_time: 'history of another time of day only',
    universe: 'universe',
    source_degraded: 'source degraded',
    day_totals: 'from totals of the day',
    coarse_bars: 'bars too coarse',
  },
  verdict: {
    signals: 'buy points watched',
    no_trade: 'no trade',
    data_not_ready: 'data not ready, no trade',
    blocked: 'blocked, no trade',
  },
  gate: {
    title: (checkpoint, day, passed, failed) =>
      passed
        ? `✓ ${checkpoint} gate passed · ${day}`
        : `✕ ${checkpoint} gate not passed (${failed} ${failed === 1 ? 'row' : 'rows'}) · ${day}`,
    noRecord: 'No checkpoint on record yet: one at 10:00, one at 14:00',
    notAsked: (checkpoint) => `No checkpoint of ${checkpoint} on record`,
    lastPassed: (checkpoint, daysAgo, judged) =>
      judged === 0
        ? `${checkpoint}: not judged yet`
        : daysAgo === null
          ? `${checkpoint}: never passed in the ${judged} days on record`
          : daysAgo === 0
            ? `${checkpoint}: passed the last time`
            : `${checkpoint}: last passed ${daysAgo} trading ${daysAgo === 1 ? 'day' : 'days'} ago`,
    held: 'held',
    kill: 'kill-switch',
    killNow: (time, level) => `kill-switch ${time}: ${level}`,
    level: { none: 'not reached', l1: 'level 1', l2: 'level 2' },
    left: (room) => `${room} away`,
    reached: (over) => `beyond by ${over}`,
    ignored: 'left out by this threshold set',
    margin: (amount, share, day) =>
      `margin net repayment ${amount} (${share} of the balance) · ${day} · background only`,
    stance: 'stance',
    ratio: 'positions',
    month: (drawdown, isNew) =>
      `month so far ${drawdown}${isNew ? ' (a new month starts anew)' : ''}`,
    restart: (passed, needed) => `dormant: passed ${passed} of ${needed} days in a row`,
    data: 'data',
    daily: 'daily through',
    set: 'threshold set',
    universe: 'universe',
    ofUniverse: (text) => text,
  },
  sectors: {
    title: (checkpoint, day, ranked) => `◈ Sectors: ${ranked} ranked · ${checkpoint} ${day}`,
    noRecord: 'No sectors ranked yet: a checkpoint ranks them',
    notRanked: (count) => `${count} more not ranked: too few members, or data missing`,
    members: (count) => `${count} stocks`,
    parts: ['strength', 'breadth', 'leadership', 'funds'],
    taken: 'Stocks of the ranks that are taken',
    shadow: ' (in shadow: nothing is bought now)',
    rank: (sector, sectorRank, rank) => `${sector} (sector ${sectorRank}), place ${rank}`,
    strength: 'strength',
    held: 'Sectors of what is held',
  },
  why: {
    behind: (checkpoint, day) => `Checkpoint ${checkpoint} ${day}`,
    funnel: 'left',
    rejected: 'refused',
    candidate: (symbol) => `candidate ${symbol}`,
    missing: 'missing',
  },
  held: {
    sellable: (count) => `${count} sellable today`,
    heldDays: (days) => (days === null ? 'days held not known' : `T+${days}`),
    cost: 'cost',
    now: 'now',
    stop: 'stop',
    targets: 'targets',
    half: 'for half',
    all: 'for the rest',
  },
  day: {
    sheet: (day, held) => `☰ Sheet of ${day} · ${held} held`,
    nothingHeld: 'nothing is held',
    plan: {
      auction_sell: (quantity, why) =>
        `sell ${quantity} in the opening auction (left over: ${why})`,
      last_day_exit: (time, again) =>
        `last day: sold at ${time}${again === null ? '' : `, again at ${again}`}`,
      review: 'held for three days: review it',
      stop_held: 'ex-date not confirmed, stop held',
    },
    exit: {
      kill_switch: 'kill-switch',
      stop: 'stop',
      last_day: 'last day',
      second_target: 'second target',
      first_target: 'first target',
      giveback: 'giveback',
      sector_out: 'sector out of the top',
    },
    distances: 'distances on yesterday’s figures',
    allow: 'nothing is bought before ALLOW',
    mayTrade: (checkpoint) => `${checkpoint} entries may follow · their buy points are watched`,
    soFar: (tickets, confirmed, trades) =>
      `so far today: tickets ${tickets}, confirmed ${confirmed}, trades closed ${trades}`,
    noTrade: (checkpoint, isGateFailed) =>
      `${checkpoint} no trade${isGateFailed ? ' · gate not passed' : ''}`,
    final: 'final',
    result: 'day',
    month: 'month',
    gates: 'gate',
    path: 'stance',
    equity: 'equity',
    holding: 'held',
    preliminary:
      'preliminary: after-hours trading goes on until 15:30; edited after the comparison of 15:40',
  },
  card: {
    buy: 'BUY',
    advice: 'advice only',
    lifeOver: 'life over',
    first: (share, before, after) => `entry ${share} of assets (positions ${before} → ${after})`,
    notToday: 'not to be sold today',
    gap: (ratio) => `overnight gap, 95th percentile ${ratio}`,
    halved: 'stop inside the noise: size halved',
    strength: 'strength ',
    volumeRatio: 'volume ratio ',
    toVwap: 'to VWAP',
    byHand: (code) => `by hand: confirm, enter it at your broker, then fill ${code} PRICE SHARES`,
    costs: 'fees about',
  },
};
