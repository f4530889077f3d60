import type { Message } from '#core/engine/message.ts';
import type { DeskState } from '#core/engine/state.ts';
import type { Rotation } from '#core/machines/rotation.ts';
import type { Of, Speech } from './catalogue.ts';

function leaving(rotation: Rotation, s: Speech): string {
  const name = s.f.symbol(rotation.from);
  const parts = [
    ...(rotation.workingQuantity > 0 ? [`cancel ${name} ${rotation.workingQuantity}`] : []),
    ...(rotation.sellQuantity > 0 ? [`sell ${name} ${rotation.sellQuantity} at the market`] : []),
  ];
  return parts.length === 0 ? `${name} is gone already` : parts.join(', ');
}

function stepWords(rotation: Rotation, s: Speech): string {
  const from = s.f.symbol(rotation.from);
  const to = s.f.symbol(rotation.to);
  switch (rotation.step) {
    case 'proposed':
      return `${leaving(rotation, s)}, then buy ${to}; nothing happens before your answer`;
    case 'canceling':
      return `canceling ${from}; ${to} waits until nothing of it can fill`;
    case 'reconciling':
      return `it is not known what became of ${from}; the broker is being asked, ${to} waits`;
    case 'asking':
      return `${from} was bought while it was being canceled: ${rotation.filledQuantity}. Keep it, or sell it and then buy ${to}?`;
    case 'selling':
      return `selling ${from} ${rotation.sellQuantity}; ${to} waits until it is sold`;
    case 'freed':
      return `${from} is gone; ${to} waits for a fresh price`;
    case 'buying':
      return `${from} is gone; ${to} is being bought`;
    case 'ended':
      return ended(rotation, s);
  }
}

function ended(rotation: Rotation, s: Speech): string {
  const from = s.f.symbol(rotation.from);
  const to = s.f.symbol(rotation.to);
  if (rotation.outcome === 'bought') return `done: ${to} ${rotation.boughtQuantity} bought`;
  const why = rotation.reason === null ? '' : `: ${s.reason(rotation.reason)}`;
  const filled =
    rotation.filledQuantity > 0 ? ` · ${from} ${rotation.filledQuantity} was bought meanwhile` : '';
  const kept = rotation.outcome === 'kept' ? `${from} is kept, ` : '';
  return `${kept}${to} is not bought${why}${filled}`;
}

/** One line for lists: which switch, and how far it is. */
export function switchLine(rotation: Rotation, s: Speech): string {
  const names = `${s.f.symbol(rotation.from)} → ${s.f.symbol(rotation.to)}`;
  return `⇄ switch ${names} · ${rotation.code} · ${stepWords(rotation, s)}`;
}

/** The line of a desk's switch that is under way; none when there is none. */
export function runningSwitch(state: DeskState, s: Speech): string[] {
  const { rotation } = state;
  if (rotation === null || rotation === undefined || rotation.step === 'ended') return [];
  return [switchLine(rotation, s)];
}

/** The message of a switch through its life. */
export function switchMessage(m: Of<Message, 'rotation'>, s: Speech): string[] {
  const { rotation, ticket } = m;
  const mark = rotation.step === 'asking' ? '? ' : '';
  const lines = [`${mark}${switchLine(rotation, s)}`];
  if (ticket !== null && rotation.step !== 'ended') {
    const { f } = s;
    lines.push(
      `▲ ${f.symbol(rotation.to)} ${rotation.quantity} @ ${f.price(rotation.limit)}, band ${f.price(ticket.bandLow)} to ${f.price(ticket.bandHigh)} · stop ${f.price(ticket.stop)} · target ${f.price(ticket.firstTarget)} · risk ${f.money(ticket.riskMinor)}`,
    );
    const dueAt = rotation.step === 'proposed' ? rotation.answerBy : ticket.expiresAt;
    if (dueAt > s.now) lines.push(`for ${f.duration(dueAt - s.now)} more`);
  }
  if (rotation.freedMinor !== null) lines.push(`free cash then ${s.f.money(rotation.freedMinor)}`);
  return lines;
}
