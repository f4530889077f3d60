import type { OrderRequest } from '#app/ports.ts';
import { notionalMinor } from '#core/market/money.ts';
import type { Mode } from '#core/replies/act.ts';
import type { Update } from './chat.ts';
import { isAgreement } from './invariants-codes.ts';
import type { Life } from './life.ts';
import type { Part } from './meaning.ts';
import { entryOf, type Hooks, type Observed } from './observed.ts';
import { mayAct } from './people.ts';
import { holdsOthers, isLive } from './venue-order.ts';

function isAuthorized(update: Update): boolean {
  return mayAct(update.incoming.channel, update.incoming.userId);
}

type Yes = {
  readonly code: string | null;
  readonly part: Part;
  readonly version: number | null;
  readonly deskAt: number;
};

/** Keeps the answers of people who may answer, as they were handed to the desk. */
function answersOf(world: Observed): { readonly yes: Yes[]; readonly hooks: Hooks } {
  const yes: Yes[] = [];
  return {
    yes,
    hooks: {
      receiving(_life, { incoming, meaning }) {
        if (meaning.wants !== 'yes' || !mayAct(incoming.channel, incoming.userId)) return;
        const { code, part, version } = meaning;
        yes.push({ code, part, version, deskAt: world.deskNow() });
      },
    },
  };
}

function meant(list: readonly Yes[], code: string | undefined): Yes[] {
  return list.filter((one) => one.code === null || one.code === code);
}

/**
 * 1. In semi mode no entry order exists without a confirmed ticket.
 *
 * At the first byte of an entry: its ticket is in the log, and a person who may do so has said yes to its
 * code (or said a bare yes) and that message was handed to the desk before; a button of another version than
 * its newest is no yes. In `auto` mode, which a person
 * must have agreed to or which the policy sets, the ticket alone is enough; in `alert` nothing is.
 */
export function onlyConfirmed(world: Observed): Hooks {
  const { yes, hooks } = answersOf(world);
  let mode: Mode = world.policy.mode;
  let isAutoAgreed = mode === 'auto';
  return {
    ...hooks,
    receiving(life, update) {
      hooks.receiving?.(life, update);
      const { meaning } = update;
      const isAgreed = meaning.wants === 'agree' && isAgreement(world, meaning);
      if (isAgreed && meaning.to === 'mode' && isAuthorized(update)) isAutoAgreed = true;
    },
    committed(event) {
      if (event.type === 'mode_changed') mode = event.to;
    },
    submitting(_life, order) {
      const entry = entryOf(order);
      if (entry === null) return;
      const known = world.tickets.get(entry.ticketId);
      if (known === undefined) return world.fail(1, `${order.orderId} left without a ticket`);
      if (mode === 'auto' && isAutoAgreed) return;
      const { code, version } = known.ticket;
      const mine = meant(yes, code).filter((one) => (one.version ?? version) === version);
      if (mine.length === 0)
        world.fail(1, `${order.orderId} left and nobody had said yes to ${code} v${version}`);
    },
  };
}

/**
 * 2. At most one entry order per ticket and leg ever reaches the broker.
 *
 * Counted at the first byte, over all processes: no entry leaves twice, no ticket and leg has two entries,
 * the legs together are at most the ticket's quantity, and only the process that leads sends entries. No
 * other order leaves twice from one machine; one that takes over has not the journal of the one that died,
 * and the broker refuses the same client order id.
 */
export function oncePerLeg(world: Observed): Hooks {
  const sent = new Map<string, number>();
  const legs = new Map<string, string>();
  const quantities = new Map<string, number>();
  let newest = 0;
  return {
    recovered(life) {
      newest = Math.max(newest, life.number);
    },
    submitting(life, order) {
      const key = order.side === 'buy' ? order.orderId : `${life.machine}:${order.orderId}`;
      const count = (sent.get(key) ?? 0) + 1;
      sent.set(key, count);
      if (count > 1) world.fail(2, `${order.orderId} left ${count} times`);
      const entry = entryOf(order);
      if (entry === null) return;
      if (life.number < newest)
        world.fail(2, `${order.orderId} left process ${life.number} while ${newest} leads`);
      const leg = `${entry.ticketId}/${entry.leg}`;
      const other = legs.get(leg);
      if (other !== undefined && other !== order.orderId)
        world.fail(2, `${order.orderId} and ${other} are both leg ${entry.leg}`);
      legs.set(leg, order.orderId);
      const total = (quantities.get(entry.ticketId) ?? 0) + order.quantity;
      quantities.set(entry.ticketId, total);
      const most = world.tickets.get(entry.ticketId)?.ticket.quantity ?? 0;
      if (total > most) world.fail(2, `${order.orderId}: ${total} shares sent, ticket of ${most}`);
    },
  };
}

/** A kill or stop in force; `isSafe`: no death and no other machine can forget it any more. */
type Silence = {
  readonly by: string;
  readonly update: Update | null;
  readonly saidAt: number;
  readonly life: Life | null;
  readonly machine: string;
  isSafe: boolean;
};

/**
 * 3. After a kill or stop is accepted no entry is submitted until resume or ALLOW.
 *
 * A kill is accepted when the desk's intake has taken the word and its process lives, or when the kill file
 * is written; the file outlives every process of its machine, another machine knows the kill once the chat
 * was told that it is safe or its event is in the log. A stop is accepted the same way and outlives its
 * process from then on; before, the chat gives it again and it counts from there. A message that is given
 * again although it was safe is the old one. The only ends are a person's agreement to resume (kill), an
 * ALLOW tapped or agreed to (stop): tapped later than the stop, or to a question shown later than the kill
 * or stop was said.
 */
export function silenceAfterStop(world: Observed): Hooks {
  let kills: Silence[] = [];
  let stops: Silence[] = [];
  const heard = new Set<string>();
  /** What was said after an instant still stands; the rest is over for good. */
  const saidAfter = (all: readonly Silence[], at: number): Silence[] =>
    all.filter((one) => {
      if (one.saidAt <= at && one.update !== null) heard.add(one.update.incoming.updateId);
      return one.saidAt > at;
    });
  const makeSafe = (all: readonly Silence[], isMeant: (one: Silence) => boolean) => {
    for (const one of all) if (isMeant(one)) one.isSafe = true;
  };
  return {
    killFileWritten(machine) {
      const saidAt = world.now();
      kills.push({ by: 'kill file', update: null, saidAt, life: null, machine, isSafe: false });
    },
    received(life, update) {
      const { updateId, sentAt } = update.incoming;
      const { wants } = update.meaning;
      if (wants !== 'kill' && wants !== 'stop') return;
      const all = wants === 'kill' ? kills : stops;
      const isKnown = heard.has(updateId) || all.some((one) => one.update === update);
      if (!isAuthorized(update) || isKnown) return;
      const { machine } = life;
      all.push({ by: updateId, update, saidAt: sentAt, life, machine, isSafe: false });
    },
    receiving(_life, update) {
      if (!isAuthorized(update)) return;
      const { meaning, incoming } = update;
      const isTapEnough = world.policy.environment === 'paper';
      if (meaning.wants === 'allow_by_button' && isTapEnough)
        stops = saidAfter(stops, incoming.sentAt);
      if (meaning.wants !== 'agree' || !isAgreement(world, meaning)) return;
      if (meaning.to === 'resume') kills = saidAfter(kills, meaning.askedAt);
      if (meaning.to === 'allow') stops = saidAfter(stops, meaning.askedAt);
    },
    acknowledged(update) {
      heard.add(update.incoming.updateId);
      makeSafe([...kills, ...stops], (one) => one.update === update);
    },
    committed(event) {
      if (event.type === 'kill_engaged') makeSafe(kills, () => true);
      if (event.type === 'consent_withdrawn') makeSafe(stops, () => true);
      // a new day begins without consent: what was stopped is over
      if (event.type === 'session_planned') stops = [];
    },
    died(life) {
      stops = stops.filter((one) => one.isSafe || one.life !== life);
    },
    recovered(life) {
      kills = kills.filter((one) => one.isSafe || one.machine === life.machine);
      stops = stops.filter((one) => one.isSafe || one.life === life);
    },
    submitting(_life, order) {
      if (entryOf(order) === null) return;
      const [kill] = kills;
      const [stop] = stops;
      if (kill !== undefined) world.fail(3, `${order.orderId} left after the kill of ${kill.by}`);
      if (stop !== undefined) world.fail(3, `${order.orderId} left after the stop of ${stop.by}`);
    },
  };
}

/**
 * 5. No submission exceeds a cap that was in force when it was sent.
 *
 * At the first byte of an entry: its ticket's worth and risk are within the position cap and the risk per
 * trade; shares are at most what the person agreed to; the risk of what is held and may still fill at the
 * exchange, with this ticket, is within the open-risk limit; the day's tickets with an entry at the
 * exchange are at most the trades per day; working buys are covered by cash; no firm lock of the log is on.
 */
export function withinCaps(world: Observed): Hooks {
  const { yes, hooks } = answersOf(world);
  const locks = new Map<string, number>();
  const moved = new Map<string, number>();
  const { risk, capitalMinor } = world.policy;
  const budgetMinor = capitalMinor * risk.riskPerTradeRatio;
  return {
    ...hooks,
    committed(event) {
      if (event.type === 'lock_set' && event.lock.isFirm)
        locks.set(event.lock.id, event.lock.untilAt);
      if (event.type === 'lock_released') locks.delete(event.lockId);
      // no order says where a watched stop stands
      if (event.type === 'watched_stop_moved') moved.set(event.instrument, event.stop);
      if (event.type === 'ex_date_restated') moved.set(event.instrument, event.to.stop);
      if (event.type === 'trade_closed') moved.delete(event.trade.instrument);
      if (event.type === 'session_planned') locks.clear();
    },
    submitting(_life, order) {
      const entry = entryOf(order);
      const known = entry === null ? undefined : world.tickets.get(entry.ticketId);
      if (entry === null || known === undefined) return;
      const say = (words: string) => world.fail(5, `${order.orderId}: ${words}`);
      const { ticket } = known;
      const limit = order.limitPrice ?? Number.POSITIVE_INFINITY;
      const worthMinor = notionalMinor(ticket.entryLimit, ticket.quantity);
      if (limit > ticket.entryLimit) say(`limit ${limit}, ticket ${ticket.entryLimit}`);
      const capMinor = capitalMinor * risk.positionCapRatio;
      if (worthMinor > capMinor) say(`worth ${worthMinor}, cap ${capMinor}`);
      if (order.quantity > ticket.quantity) say(`${order.quantity} of ${ticket.quantity} shares`);
      const riskMinor = notionalMinor(ticket.entryLimit - ticket.stop, ticket.quantity);
      if (riskMinor > budgetMinor + 1) say(`risk ${riskMinor}, budget ${budgetMinor}`);
      const agreed = agreedQuantity(meant(yes, ticket.code), ticket.quantity);
      const sent = sentQuantity(world, entry.ticketId, order);
      if (agreed !== null && sent > agreed) say(`${sent} shares, agreed ${agreed}`);
      const openMinor = openRiskMinor(world, entry.ticketId, moved) + riskMinor;
      if (openMinor > budgetMinor * risk.openRiskLimitR + 1)
        say(`open risk ${openMinor}, limit ${budgetMinor * risk.openRiskLimitR}`);
      const started = startedTickets(world, entry.ticketId);
      if (started > risk.tradesPerDay) say(`${started} trades of ${risk.tradesPerDay}`);
      // the other leg of a trade that has begun is no further trade
      const isBegun = sent > order.quantity;
      for (const [id, untilAt] of locks)
        if (untilAt > world.deskNow() && !isBegun) say(`left while ${id} was locked`);
    },
  };
}

function agreedQuantity(yes: readonly Yes[], quantity: number): number | null {
  if (yes.length === 0) return null;
  return Math.max(
    ...yes.map(({ part }) =>
      part === 'all' ? quantity : part === 'half' ? Math.floor(quantity / 2) : part,
    ),
  );
}

function sentQuantity(world: Observed, ticketId: string, order: OrderRequest): number {
  let sum = order.quantity;
  for (const { request } of world.venue.orders.values())
    if (entryOf(request)?.ticketId === ticketId && request.orderId !== order.orderId)
      sum += request.quantity;
  return sum;
}

/** Risk of what is held and may still be bought at the exchange, other tickets than this one; minor units. */
function openRiskMinor(
  world: Observed,
  exceptId: string,
  moved: ReadonlyMap<string, number>,
): number {
  const { venue, tickets } = world;
  let sum = 0;
  for (const order of venue.orders.values()) {
    const id = entryOf(order.request)?.ticketId;
    const ticket = id === undefined || id === exceptId ? undefined : tickets.get(id)?.ticket;
    if (ticket === undefined || !isLive(order)) continue;
    const open = order.request.quantity - order.filled;
    sum += notionalMinor(Math.max(0, (order.limitPrice ?? 0) - ticket.stop), open);
  }
  for (const [instrument, { quantity, averagePrice }] of venue.holdings) {
    // what somebody else bought has no ticket, and its price is in the average
    if (venue.fills.some((fill) => fill.orderId === null && fill.instrument === instrument))
      continue;
    if (world.policy.execution.isPerson && holdsOthers(venue, instrument)) continue;
    const stops = [...venue.orders.values()].filter(
      (order) =>
        order.request.instrument === instrument && order.request.type === 'stop' && isLive(order),
    );
    const lowest = Math.min(...stops.map((order) => order.stopPrice ?? 0));
    const bought = [...tickets.values()].findLast((one) => one.ticket.instrument === instrument);
    if (bought === undefined || bought.ticket.id === exceptId) continue;
    const watched = moved.get(instrument) ?? bought.ticket.stop;
    const stop = Number.isFinite(lowest) ? lowest : watched;
    sum += notionalMinor(Math.max(0, averagePrice - stop), quantity);
  }
  return sum;
}

/** Tickets of the day of which an entry traded or may still trade at the exchange, this one included. */
function startedTickets(world: Observed, ticketId: string): number {
  const day = world.session()?.tradingDay ?? '';
  const ids = new Set([ticketId]);
  for (const order of world.venue.orders.values()) {
    const id = entryOf(order.request)?.ticketId;
    if (id === undefined || !id.startsWith(day)) continue;
    if (order.filled > 0 || isLive(order)) ids.add(id);
  }
  return ids.size;
}

/**
 * 7. An expired, skipped, superseded or void ticket never trades.
 *
 * At the first byte of an entry: the log says confirmed, the life of the ticket had not ended by the
 * desk's clock when a yes to it was handed in, and no skip of it had been handed in before every yes.
 */
export function deadNeverTrades(world: Observed): Hooks {
  const { yes, hooks } = answersOf(world);
  let mode: Mode = world.policy.mode;
  return {
    ...hooks,
    committed(event) {
      if (event.type === 'mode_changed') mode = event.to;
    },
    submitting(_life, order) {
      const entry = entryOf(order);
      const known = entry === null ? undefined : world.tickets.get(entry.ticketId);
      if (known === undefined) return;
      const { ticket, state } = known;
      if (state !== 'confirmed') world.fail(7, `${order.orderId}: its ticket is ${state}`);
      if (mode === 'auto') return;
      const mine = meant(yes, ticket.code);
      const isInTime = mine.some((one) => one.deskAt < ticket.expiresAt);
      if (mine.length > 0 && !isInTime)
        world.fail(7, `${order.orderId}: every yes came after ${ticket.code} had expired`);
    },
  };
}

/**
 * 10. No entry is decided on stale or future data.
 *
 * When a ticket is opened or confirmed: the newest bar of its symbol is closed, not in the future and no
 * older than bars may be; when confirmed, the quote is one that the feed gave, not crossed, at most as old
 * as the policy allows and not in the future, all by the desk's clock. A signal is judged at its own bar.
 */
export function freshData(world: Observed): Hooks {
  const { ticket: rules, watch } = world.policy;
  const barLimitMs = 60_000 + watch.barDelayMs + (watch.barOverdueMs ?? Number.POSITIVE_INFINITY);
  return {
    committed(event) {
      if (event.type === 'signal_raised') {
        const ageMs = event.at - event.signal.asOf;
        if (!(ageMs >= 0 && ageMs <= barLimitMs))
          world.fail(10, `a signal of a bar ${ageMs} ms old was raised`);
      }
      if (event.type !== 'ticket_confirmed') return;
      const { quote } = event;
      const ageMs = event.at - quote.at;
      if (!(ageMs >= 0 && ageMs <= rules.quoteMaxAgeMs))
        world.fail(10, `${event.ticketId} confirmed on a quote ${ageMs} ms old`);
      if (!world.wasQuoted(quote))
        world.fail(10, `${event.ticketId} confirmed on no quote of the feed`);
      if (quote.ask < quote.bid) world.fail(10, `${event.ticketId} confirmed on a crossed quote`);
    },
  };
}
