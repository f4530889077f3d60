import type { Event } from '#core/engine/event.ts';
import { hasEnded } from '#core/machines/order.ts';
import { symbolOf } from '#core/market/instrument.ts';
import type { Meaning } from './meaning.ts';
import { entryOf, type Hooks, type Observed } from './observed.ts';
import { mayAct } from './people.ts';

type Told = Extract<Meaning, { wants: 'fill' }> & { isUsed: boolean };

/** What an order may be called by a person: its id, the code of its ticket, its symbol. */
function namesOf(world: Observed, orderId: string): Set<string> {
  const names = new Set([orderId.toUpperCase()]);
  for (const event of world.log) {
    if (event.type !== 'order_intended' || event.order.orderId !== orderId) continue;
    const { instrument, ticketId } = event.order;
    names.add(instrument).add(symbolOf(instrument));
    const code = world.tickets.get(ticketId)?.ticket.code;
    if (code !== undefined) names.add(code);
  }
  return names;
}

/**
 * 4. On an account that a person executes the book holds what was told, each report once, and nothing else.
 *
 * Every fill in the log has a message of its own behind it that a person who may do so had sent and that was handed to
 * the desk before: the same order by its name, the same price and quantity. Every end of an order that left has one
 * that says `none` or `done`: silence is none. Every list that counts was sent so and agreed to.
 */
export function onlyWhatWasTold(world: Observed): Hooks {
  if (!world.policy.execution.isPerson) return {};
  const known = new Set<string>();
  const told: Told[] = [];
  const lists: string[] = [];
  let agreed = 0;
  const use = (event: Extract<Event, { orderId: string }>, quantity: number | null, price = 0) => {
    const names = namesOf(world, event.orderId);
    const isMeant = (one: Told) =>
      !one.isUsed &&
      names.has(one.target) &&
      one.quantity === quantity &&
      (quantity === null || one.price === price);
    const one = told.find(isMeant);
    if (one !== undefined) one.isUsed = true;
    return one !== undefined;
  };
  return {
    receiving(_life, { incoming, meaning }) {
      const { channel, userId, updateId } = incoming;
      if (!mayAct(channel, userId) || known.has(updateId)) return;
      known.add(updateId);
      if (meaning.wants === 'fill') told.push({ ...meaning, isUsed: false });
      if (meaning.wants === 'attest') lists.push(meaning.list);
      if (meaning.wants === 'agree' && meaning.to === 'attest') agreed += 1;
    },
    committed(event) {
      if (event.type === 'order_filled' && !use(event, event.quantity, event.price))
        world.fail(
          4,
          `${event.orderId}: ${event.quantity} at ${event.price} is booked and nobody said so once more`,
        );
      if (event.type === 'order_canceled' && !use(event, null))
        world.fail(4, `${event.orderId} has ended and nobody said so`);
      if (event.type !== 'account_attested') return;
      agreed -= 1;
      if (agreed < 0 || !lists.some((list) => isList(list, event)))
        world.fail(4, 'a list of the account counts that nobody sent and agreed to');
    },
  };
}

/** The words of a list say what the event holds. */
function isList(list: string, event: Extract<Event, { type: 'account_attested' }>): boolean {
  const words = list.split(' ').filter((word) => word !== '');
  const cash = Number(words.at(-1));
  const held = event.holdings.map(({ instrument, quantity }) => [symbolOf(instrument), quantity]);
  return (
    words.slice(0, -2).join(' ') === held.flat().join(' ') &&
    Math.round(cash * 100) === event.cashMinor
  );
}

/**
 * 4. Nor is anything opened on an account nobody has spoken for.
 *
 * At the first byte of an entry: since the process started, and on this day of the market, a person has agreed to the
 * list of the account they had sent.
 */
export function wordStands(world: Observed): Hooks {
  const { execution, zone } = world.policy;
  if (!execution.isPerson) return {};
  const dayOf = new Intl.DateTimeFormat('en-CA', { timeZone: zone, dateStyle: 'short' });
  const words = new Map<number, string>();
  return {
    receiving(life, { incoming, meaning }) {
      if (meaning.wants !== 'agree' || meaning.to !== 'attest') return;
      if (mayAct(incoming.channel, incoming.userId))
        words.set(life.number, dayOf.format(world.deskNow()));
    },
    submitting(life, order) {
      if (entryOf(order) === null) return;
      if (words.get(life.number) !== dayOf.format(world.deskNow()))
        world.fail(4, `${order.orderId} left and nobody had spoken for the account`);
    },
  };
}

/**
 * 6. Nor is a person told to enter an order that is done, or that they are to leave alone.
 *
 * When the card of an order leaves that says it is to be entered: by the desk's own state it is, and as much of it.
 */
export function deadIsNotEntered(world: Observed): Hooks {
  return {
    delivering(_life, channel, outgoing, { message }) {
      if (message?.kind !== 'manual_todo') return;
      const { order, remaining } = message;
      if (hasEnded(order) || order.cancelRequestedAt !== null) return;
      const now = world.desk()?.state().orders[order.orderId];
      if (now === undefined) return;
      const left = now.quantity - now.filledQuantity;
      const isLeftAlone = hasEnded(now) || now.cancelRequestedAt !== null;
      if (isLeftAlone || left < remaining)
        world.fail(
          6,
          `${channel} ${outgoing.chatId} was told to enter ${remaining} of ${order.orderId}, which is ${now.state}`,
        );
    },
  };
}
