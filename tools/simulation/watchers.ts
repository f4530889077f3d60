import type { WireWatcher } from './brokerage.ts';
import type { ChatWatcher } from './chat.ts';
import type { Stage } from './stage.ts';

/** Looks over the wire to the broker. The stage is asked for when something happens, not before. */
export function watchWire(stage: () => Stage): WireWatcher {
  return {
    submitting(life, order) {
      const { orderId, quantity, type } = order;
      const price = order.limitPrice ?? order.stopPrice ?? '';
      stage().note(`#${life.number} → submit ${orderId} ${quantity} ${type} ${price}`);
      stage().count(`submit ${order.side}`);
      stage().witness.tell('submitting', life, order);
    },
    calling: (life, call, orderId) => stage().note(`#${life.number} → ${call} ${orderId}`),
    arrived: (order, isTaken) =>
      stage().note(`broker ${isTaken ? 'has' : 'refuses again'} ${order.orderId}`),
    reported: (life, { kind, orderId, filledQuantity }) =>
      stage().note(`#${life.number} ← ${kind} ${orderId} ${filledQuantity}`),
    troubled: () => stage().witness.disturbBroker(),
  };
}

/** Looks over the wire to the chats, and lets the people read what they show. */
export function watchChats(stage: () => Stage): ChatWatcher {
  return {
    receiving(life, update) {
      const { channel, userId, text, updateId } = update.incoming;
      stage().note(`#${life.number} is given ${updateId} ${channel}:${userId} ${text}`);
      stage().witness.tell('receiving', life, update);
    },
    received: (life, update) => stage().witness.tell('received', life, update),
    acknowledged: (update) => stage().witness.tell('acknowledged', update),
    delivering(life, channel, outgoing) {
      const facts = stage().speaking.factsOf(outgoing.card);
      stage().witness.tell('delivering', life, channel, outgoing, facts);
    },
    shown(channel, outgoing, messageId) {
      const { speaking, witness, people, note, count } = stage();
      const facts = speaking.factsOf(outgoing.card);
      const row = witness.rowOf(`chat:${channel}:${outgoing.chatId}`, outgoing, facts);
      const state = facts.message?.kind === 'signal_entry' ? ` ${facts.message.ticket.state}` : '';
      note(`${channel}:${outgoing.chatId} shows ${facts.kind}${state}`);
      count(`shown ${facts.kind}`);
      witness.tell('shown', channel, outgoing.chatId, facts, row);
      people.see(channel, outgoing.chatId, messageId, outgoing.card, facts);
    },
  };
}
