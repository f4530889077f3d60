import { type Dice, MINUTE, SECOND } from './dice.ts';
import { CHANNELS, say } from './draw-people.ts';
import type { Item, Site, SymbolIndex } from './plan.ts';

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
  'broker.flatten',
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
  'broker.flatten': 1,
  'chat.deliver': 45,
  'chat.receive': 14,
  'quote.fetch': 8,
};

function nthOf(dice: Dice, site: Site): number {
  return dice.whole(1, MOST_CALLS[site] ?? 4);
}

/** Where a session's trouble mostly comes from; a cluster of related faults reaches what single ones do not. */
export const FOCI = ['broker', 'store', 'death', 'chat', 'feed', 'machine'] as const;
type Focus = (typeof FOCI)[number];

const EXTERNAL = ['buy', 'order', 'cancel_all', 'sell_out'] as const;

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
      return { kind: 'external', at, symbol, what: dice.pick(EXTERNAL) };
    default: {
      const calls = [
        'submit',
        'submit',
        'submit',
        'cancel',
        'cancel',
        'replace',
        'query',
        'flatten',
      ] as const;
      const call = dice.pick(calls);
      const how = dice.pick(['timeout', 'lost_ack', 'disconnect', 'reject', 'slow'] as const);
      const nth = dice.whole(1, call === 'query' ? 40 : call === 'flatten' ? 1 : 6);
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
  const word = dice.pick(['/kill', '/stop', '/exit {symbol}', '/flatten', '/safe on']);
  const wordAt = at + dice.whole(100, forMs);
  const deathAt = dice.chance(0.5) ? wordAt + dice.whole(200, 20_000) : at + dice.whole(100, forMs);
  if (dice.chance(0.6)) items.push(say(dice, { at: wordAt }, word, { travelMs: 50 }));
  if (dice.chance(0.4))
    items.push({ kind: 'die_at', at: deathAt, downMs: forMs + dice.whole(100, 9_000) });
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
  if (dice.chance(0.3)) return { kind: 'halt', at, forMs, symbol };
  if (dice.chance(0.5)) return { kind: 'gap', at, forMs, symbol: dice.chance(0.5) ? null : symbol };
  const how = dice.pick(['crossed', 'frozen', 'one_sided', 'future'] as const);
  return { kind: 'quotes', at, forMs, symbol, fault: how };
}

export function fault(dice: Dice, focus: Focus, end: number): Item[] {
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
      if (dice.chance(0.25))
        return [{ kind: 'silence', at: dice.whole(-2 * MINUTE, end / 2), forMs: silentMs(dice) }];
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

/** Some minutes, or longer than an operator may be out of reach. */
function silentMs(dice: Dice): number {
  return dice.chance(0.3) ? dice.whole(10, 300) * SECOND : dice.whole(12, 18) * MINUTE;
}

function downTime(dice: Dice): number {
  return dice.chance(0.7) ? dice.whole(300, 8_000) : dice.whole(10, 200) * SECOND;
}
