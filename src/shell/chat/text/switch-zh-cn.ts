import type { Message } from '#core/engine/message.ts';
import type { DeskState } from '#core/engine/state.ts';
import type { Rotation } from '#core/machines/rotation.ts';
import type { Of, Speech } from './catalogue.ts';

function leaving(rotation: Rotation, s: Speech): string {
  const name = s.f.symbol(rotation.from);
  const parts = [
    ...(rotation.workingQuantity > 0
      ? [`撤单 ${name} ${s.f.shares(rotation.workingQuantity)}`]
      : []),
    ...(rotation.sellQuantity > 0 ? [`市价卖出 ${name} ${s.f.shares(rotation.sellQuantity)}`] : []),
  ];
  return parts.length === 0 ? `${name} 已不在` : parts.join(',');
}

function stepWords(rotation: Rotation, s: Speech): string {
  const from = s.f.symbol(rotation.from);
  const to = s.f.symbol(rotation.to);
  switch (rotation.step) {
    case 'proposed':
      return `${leaving(rotation, s)},然后买入 ${to};您回复之前不做任何事`;
    case 'canceling':
      return `正在撤 ${from};确认其不会再成交之前不买 ${to}`;
    case 'reconciling':
      return `${from} 结果未知,正在向券商查询,${to} 等待`;
    case 'asking':
      return `撤单途中 ${from} 已成交 ${s.f.shares(rotation.filledQuantity)}。保留,还是卖出后买 ${to}?`;
    case 'selling':
      return `正在卖出 ${from} ${s.f.shares(rotation.sellQuantity)};卖出之前不买 ${to}`;
    case 'freed':
      return `${from} 已离场;${to} 等待最新报价`;
    case 'buying':
      return `${from} 已离场;正在买入 ${to}`;
    case 'ended':
      return ended(rotation, s);
  }
}

function ended(rotation: Rotation, s: Speech): string {
  const from = s.f.symbol(rotation.from);
  const to = s.f.symbol(rotation.to);
  if (rotation.outcome === 'bought')
    return `完成:已买入 ${to} ${s.f.shares(rotation.boughtQuantity)}`;
  const why = rotation.reason === null ? '' : `:${s.reason(rotation.reason)}`;
  const filled =
    rotation.filledQuantity > 0
      ? ` · 途中 ${from} 成交 ${s.f.shares(rotation.filledQuantity)}`
      : '';
  const kept = rotation.outcome === 'kept' ? `保留 ${from},` : '';
  return `${kept}不买 ${to}${why}${filled}`;
}

/** One line for lists: which switch, and how far it is. */
export function switchLine(rotation: Rotation, s: Speech): string {
  const names = `${s.f.symbol(rotation.from)} → ${s.f.symbol(rotation.to)}`;
  return `⇄ 换股 ${names} · ${rotation.code} · ${stepWords(rotation, s)}`;
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
      `▲ ${f.symbol(rotation.to)} ${f.shares(rotation.quantity)} @ ${f.price(rotation.limit)},区间 ${f.price(ticket.bandLow)} 至 ${f.price(ticket.bandHigh)} · 止损 ${f.price(ticket.stop)} · 目标 ${f.price(ticket.firstTarget)} · 风险 ${f.money(ticket.riskMinor)}`,
    );
    const dueAt = rotation.step === 'proposed' ? rotation.answerBy : ticket.expiresAt;
    if (dueAt > s.now) lines.push(`还有 ${f.duration(dueAt - s.now)}`);
  }
  if (rotation.freedMinor !== null) lines.push(`当时可用现金 ${s.f.money(rotation.freedMinor)}`);
  return lines;
}
