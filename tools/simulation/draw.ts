import { createRandom, type Random } from '#core/lib/random.ts';
import type { ChannelName, Item, Plan, Say, Setting, Site, SymbolIndex, When } from './plan.ts';

const MINUTE = 60_000;
const SECOND = 1_000;

/** A random sequence with the draws a plan needs. */
type Dice = {
  chance(probability: number): boolean;
  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number;
  pick<T>(list: readonly T[]): T;
};

function diceOf(random: Random): Dice {
  const whole = (low: number, high: number) =>
    low + Math.floor(random.uniform() * (high - low + 1));
  return {
    chance: (probability) => random.uniform() < probability,
    whole,
    pick: (list) => list[whole(0, list.length - 1)] as (typeof list)[number],
  };
}

function settingOf(seed: number, dice: Dice): Setting {
  const account = dice.chance(0.25) ? 'cn' : 'us';
  const days = account === 'cn' || dice.chance(0.06) ? 2 : 1;
  return {
    seed,
    account,
    days,
    isHeldOvernight: account === 'cn' && dice.chance(0.7),
    minutes: days === 2 ? 22 : dice.whole(24, 44),
    mode: dice.chance(0.06) ? 'auto' : dice.chance(0.03) ? 'alert' : 'semi',
    storeMs: dice.chance(0.6) ? 0 : dice.whole(1, 40),
    brokerMs: dice.pick([5, 20, 80, 80, 200]),
    chatMs: dice.pick([1, 50, 150, 600]),
    feeMinor: dice.chance(0.5) ? 0 : dice.whole(1, 120),
    cancelsGroup: dice.chance(0.5),
    snapshotEvery: dice.pick([5, 20, 60, 500]),
    sweepMs: dice.chance(0.25) ? 2_000 : dice.whole(6, 15) * SECOND,
    hasStandby: dice.chance(0.1),
    isCopied: dice.chance(0.1),
    swing: [dice.whole(1, 9) / 100, dice.whole(1, 9) / 100],
  };
}

const CHANNELS: readonly ChannelName[] = ['telegram', 'second'];

function say(dice: Dice, when: When, text: string, change: Partial<Say> = {}): Say {
  return {
    kind: 'say',
    when,
    channel: dice.chance(0.75) ? 'telegram' : 'second',
    who: 'owner',
    text,
    as: 'text',
    agreeAfterMs: dice.chance(0.85) ? dice.whole(800, 20 * SECOND) : null,
    travelMs: dice.chance(0.9) ? dice.whole(20, 900) : dice.whole(1, 90) * SECOND,
    repeats: dice.chance(0.06) ? dice.whole(1, 2) : 0,
    ...change,
  };
}

/** How the nth ticket is answered; mostly by one plain yes, sometimes late, twice, wrong or not at all. */
function answers(dice: Dice, nth: number): Say[] {
  const soon: When = { seen: 'ticket', nth, afterMs: dice.whole(3_200, 40_000) };
  const yes = `${dice.pick(['/confirm', 'confirm', '确认'])} {code}`;
  const button = { as: 'button', text: '/confirm {code} v1' } as const;
  switch (dice.whole(0, 15)) {
    case 0:
      return [];
    case 1:
      return [say(dice, soon, dice.pick(['/half {code}', '/half {code} v1']))];
    case 2:
      return [say(dice, soon, '/skip {code} do not like it')];
    case 3:
      return [say(dice, { seen: 'ticket', nth, afterMs: dice.whole(110_000, 130_000) }, yes)];
    case 4:
      return [say(dice, soon, yes, button), say(dice, soon, yes, button)];
    case 5:
      return CHANNELS.map((channel) => say(dice, soon, yes, { channel }));
    case 6:
      return [say(dice, soon, dice.pick(['confirm', '确认', '/confirm']))];
    case 7:
      return [say(dice, soon, 'yes', { text: '/confirm', as: 'reply' })];
    case 8:
      return [say(dice, soon, '/confirm {code} 10'), say(dice, soon, '/skip {code}')];
    default:
      return [say(dice, soon, yes, dice.chance(0.5) ? button : {})];
  }
}

/** What a person who minds the desk does: ALLOW, answers, seen, SAFE off, resume, exits now and then. */
function diligence(dice: Dice, setting: Setting): Item[] {
  const items: Item[] = [];
  for (let day = 1; day <= setting.days; day += 1) {
    const when: When = { seen: 'premarket_brief', nth: day, afterMs: dice.whole(5, 90) * SECOND };
    const how = dice.chance(0.6)
      ? { text: '/allow {desk} {day}', as: 'button' as const }
      : { text: '/allow' };
    if (dice.chance(0.96)) items.push(say(dice, when, '/allow', { ...how, agreeAfterMs: 2_000 }));
  }
  for (let nth = 1; nth <= 5; nth += 1) items.push(...answers(dice, nth));
  for (let nth = 1; nth <= 3; nth += 1) {
    const seen = { seen: 'safe_mode_on', nth, afterMs: dice.whole(20, 200) * SECOND };
    if (dice.chance(0.8)) items.push(say(dice, seen, '/safe off', { travelMs: 50 }));
  }
  const killed = { seen: 'kill_stage1', nth: 1, afterMs: dice.whole(15, 240) * SECOND };
  if (dice.chance(0.7)) items.push(say(dice, killed, '/resume looked at it', { travelMs: 50 }));
  const stopped = { seen: 'consent_withdrawn', nth: 1, afterMs: dice.whole(15, 240) * SECOND };
  if (dice.chance(0.6)) items.push(say(dice, stopped, '/allow', { travelMs: 50 }));
  const alarmed = { seen: 'alarm_repeat', nth: 1, afterMs: dice.whole(2, 60) * SECOND };
  items.push(say(dice, alarmed, '/ack'));
  return items;
}

const ERRATIC = [
  '/stop',
  'STOP',
  '停止开仓',
  '/kill',
  'kill',
  '急停',
  '/flatten',
  '/exit {symbol}',
  '/exit {other} 50',
  '/cancel all',
  '/mode alert',
  '/mode semi',
  '/mode auto',
  '/safe on',
  '/allow',
  '/resume all good',
  '/status',
  '/confirm ZZZZ',
  'confirm',
  'what now?',
  '/ack',
] as const;

/** Two acts that contradict each other, almost at once and from two chats. */
function contradiction(dice: Dice, end: number): Item[] {
  const at = dice.whole(-MINUTE, end);
  const [first, second] = dice.pick([
    ['/allow {desk} {day}', 'STOP'],
    ['/allow {desk} {day}', '/kill'],
    ['/confirm {code}', 'STOP'],
    ['/confirm {code}', '/skip {code}'],
    ['/confirm {code}', '/kill'],
    ['/mode auto', '/stop'],
  ] as const);
  const asked = { seen: 'second_confirm', nth: dice.whole(1, 4), afterMs: dice.whole(300, 9_000) };
  if (dice.chance(0.4))
    return [say(dice, asked, dice.pick(['/kill', 'STOP']), { channel: 'second', travelMs: 40 })];
  const button = first.startsWith('/allow') ? { as: 'button' as const } : {};
  return [
    say(dice, { at }, first, { channel: 'telegram', travelMs: dice.whole(20, 300), ...button }),
    say(dice, { at: at + dice.whole(0, 200) }, second, { channel: 'second', travelMs: 30 }),
  ];
}

function erratic(dice: Dice, end: number): Item {
  const when: When = { at: dice.whole(-60 * SECOND, end) };
  switch (dice.whole(0, 9)) {
    case 0: {
      const who = dice.pick(['viewer', 'stranger', 'operator'] as const);
      return say(
        dice,
        { seen: 'ticket', nth: dice.whole(1, 3), afterMs: 5_000 },
        '/confirm {code}',
        {
          who,
        },
      );
    }
    case 1: {
      const late = { seen: 'ticket', nth: dice.whole(1, 3), afterMs: dice.whole(60, 600) * SECOND };
      return say(dice, late, '/confirm {code} v1', { as: 'button' });
    }
    case 2: {
      const soon = { seen: 'ticket', nth: dice.whole(1, 3), afterMs: dice.whole(0, 30_000) };
      return say(dice, soon, dice.pick(['/kill', '/stop', 'STOP', '急停']));
    }
    case 3: {
      const soon = { seen: 'order_filled', nth: 1, afterMs: dice.whole(0, 300) * SECOND };
      return say(
        dice,
        soon,
        dice.pick(['/kill', '/flatten', '/exit {symbol}', '/exit {other}', '/stop']),
      );
    }
    default:
      return say(dice, when, dice.pick(ERRATIC));
  }
}

const STORE_SITES: readonly Site[] = [
  'events.append',
  'events.append',
  'events.append',
  'inbox.receive',
  'inbox.markDone',
  'inbox.pending',
  'outbox.enqueue',
  'outbox.markAttempting',
  'outbox.markAttempting',
  'outbox.markDelivered',
  'outbox.markFailed',
  'outbox.due',
  'inputs.append',
  'snapshots.save',
];

const DEATH_SITES: readonly Site[] = [
  ...STORE_SITES,
  'events.read',
  'snapshots.latest',
  'outbox.settleInterrupted',
  'journal.append',
  'journal.markLoaded',
  'kill_file.write',
  'kill_file.remove',
  'broker.submit',
  'broker.submit',
  'broker.submit',
  'broker.cancel',
  'broker.replace',
  'broker.query',
  'chat.deliver',
  'chat.receive',
  'quote.fetch',
];

/** Calls of a site that a session usually has at most; a fault beyond them never strikes. */
const MOST_CALLS: Partial<Record<Site, number>> = {
  'events.append': 160,
  'inbox.receive': 14,
  'inbox.markDone': 10,
  'inbox.pending': 60,
  'outbox.markAttempting': 50,
  'outbox.markDelivered': 50,
  'outbox.due': 900,
  'inputs.append': 40,
  'broker.submit': 5,
  'broker.cancel': 6,
  'broker.replace': 4,
  'broker.query': 60,
  'chat.deliver': 45,
  'chat.receive': 14,
  'quote.fetch': 8,
};

function nthOf(dice: Dice, site: Site): number {
  return dice.whole(1, MOST_CALLS[site] ?? 4);
}

/** Where a session's trouble mostly comes from; a cluster of related faults reaches what single ones do not. */
const FOCI = ['broker', 'store', 'death', 'chat', 'feed', 'machine'] as const;
type Focus = (typeof FOCI)[number];

function brokerFault(dice: Dice, end: number): Item {
  const at = dice.whole(0, end);
  const symbol = dice.whole(0, 1) as SymbolIndex;
  switch (dice.whole(0, 9)) {
    case 0: {
      const how = dice.pick(['lost', 'twice', 'late'] as const);
      return { kind: 'report', nth: dice.whole(1, 24), fault: how, ms: dice.whole(100, 15_000) };
    }
    case 1:
      return { kind: 'partial', nth: dice.whole(1, 4), ratio: dice.whole(1, 9) / 10 };
    case 2:
      return { kind: 'race', nth: dice.whole(1, 3) };
    case 3:
      return { kind: 'link', at, forMs: dice.whole(2, 150) * SECOND };
    case 4:
      return { kind: 'external', at, symbol, what: dice.pick(['buy', 'order', 'cancel_all']) };
    default: {
      const calls = ['submit', 'submit', 'submit', 'cancel', 'cancel', 'replace', 'query'] as const;
      const call = dice.pick(calls);
      const how = dice.pick(['timeout', 'lost_ack', 'disconnect', 'reject', 'slow'] as const);
      const nth = dice.whole(1, call === 'query' ? 40 : 6);
      return { kind: 'broker', call, nth, fault: how, ms: dice.whole(200, 2_500) };
    }
  }
}

function storeFault(dice: Dice, end: number): Item[] {
  if (dice.chance(0.6)) {
    const site = dice.pick(STORE_SITES);
    const how = dice.pick(['fail', 'lost_ack', 'slow'] as const);
    return [{ kind: 'store', site, nth: nthOf(dice, site), fault: how, ms: dice.whole(20, 6_000) }];
  }
  const at = dice.whole(-2 * MINUTE, end);
  const forMs = dice.whole(1, 180) * SECOND;
  const items: Item[] = [{ kind: 'outage', at, forMs }];
  // somebody stops the desk while the store is down, and the process dies before it comes back
  const within = () => ({ at: at + dice.whole(100, forMs) });
  const word = dice.pick(['/kill', '/stop', '/exit {symbol}', '/flatten', '/safe on']);
  if (dice.chance(0.4)) items.push(say(dice, within(), word, { travelMs: 50 }));
  if (dice.chance(0.3))
    items.push({ kind: 'die_at', at: within().at, downMs: forMs + dice.whole(100, 9_000) });
  return items;
}

function death(dice: Dice, end: number): Item {
  if (dice.chance(0.25))
    return { kind: 'die_at', at: dice.whole(-2 * MINUTE, end), downMs: downTime(dice) };
  const site = dice.pick(DEATH_SITES);
  const moment = dice.pick(['before', 'after'] as const);
  return { kind: 'die', site, nth: nthOf(dice, site), moment, downMs: downTime(dice) };
}

function feedFault(dice: Dice, end: number): Item {
  const at = dice.whole(-MINUTE, end);
  const symbol = dice.whole(0, 1) as SymbolIndex;
  const forMs = dice.whole(5, 240) * SECOND;
  if (dice.chance(0.5)) return { kind: 'gap', at, forMs, symbol: dice.chance(0.5) ? null : symbol };
  const how = dice.pick(['crossed', 'frozen', 'one_sided', 'future'] as const);
  return { kind: 'quotes', at, forMs, symbol, fault: how };
}

function fault(dice: Dice, focus: Focus, end: number): Item[] {
  switch (dice.chance(0.6) ? focus : dice.pick(FOCI)) {
    case 'broker':
      return [brokerFault(dice, end)];
    case 'store':
      return storeFault(dice, end);
    case 'death':
      return [death(dice, end)];
    case 'chat': {
      const how = dice.pick(['retry', 'rate', 'lost_ack', 'slow'] as const);
      const channel = dice.pick(CHANNELS);
      const ms = dice.whole(1, 40) * SECOND;
      return [{ kind: 'channel', channel, nth: dice.whole(1, 30), fault: how, ms }];
    }
    case 'feed':
      return [feedFault(dice, end)];
    case 'machine': {
      const at = dice.whole(-2 * MINUTE, end);
      if (dice.chance(0.3)) return [{ kind: 'kill_file', at }];
      return dice.chance(0.5)
        ? [{ kind: 'clock', at, byMs: dice.whole(-90, 90) * SECOND }]
        : [{ kind: 'freeze', at, forMs: dice.whole(1, dice.pick([6, 12, 90])) * SECOND }];
    }
  }
}

function downTime(dice: Dice): number {
  return dice.chance(0.7) ? dice.whole(300, 8_000) : dice.whole(10, 200) * SECOND;
}

/** The plan of a seed: what the session is, what people do, what goes wrong. The same for ever for one version. */
export function drawPlan(seed: number): Plan {
  const dice = diceOf(createRandom(`simulation/${seed}`));
  const setting = settingOf(seed, dice);
  const end = setting.minutes * MINUTE;
  const items: Item[] = [];
  for (let day = 0; day < setting.days; day += 1) {
    for (let left = dice.whole(2, 5); left > 0; left -= 1) {
      const minute = dice.whole(6, setting.minutes - 7);
      const symbol = dice.whole(0, 1) as SymbolIndex;
      const distance = dice.chance(0.7) ? dice.whole(35, 110) / 100 : dice.whole(110, 300) / 100;
      items.push({ kind: 'signal', symbol, minute, distance, day });
    }
  }
  items.push(...diligence(dice, setting));
  const jumps = dice.whole(0, 2);
  for (let left = jumps; left > 0; left -= 1) {
    const by = dice.whole(-180, 180) / 100;
    items.push({
      kind: 'jump',
      at: dice.whole(0, end),
      symbol: dice.whole(0, 1) as SymbolIndex,
      by,
    });
  }
  for (let left = dice.chance(0.3) ? 0 : dice.whole(1, 5); left > 0; left -= 1)
    if (dice.chance(0.2)) items.push(...contradiction(dice, end));
    else items.push(erratic(dice, end));
  if (setting.hasStandby && dice.chance(0.8)) {
    const forMs = dice.whole(2, dice.pick([8, 30, 120])) * SECOND;
    items.push({ kind: 'freeze', at: dice.whole(0, end), forMs });
  }
  const focus = dice.pick(FOCI);
  for (let left = dice.chance(0.12) ? 0 : dice.whole(1, 8); left > 0; left -= 1)
    items.push(...fault(dice, focus, end));
  return { setting, items };
}
