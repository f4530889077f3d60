import type { Message } from '#core/engine/message.ts';
import type { PulseReport } from '#core/engine/pulse-report.ts';
import type { Verdict } from '#core/engine/state.ts';
import type { Distance } from '#core/gates/sentiment.ts';
import type { Ticket, TicketPulse } from '#core/machines/ticket.ts';
import type { SheetLine, SheetPlan } from '#core/strategies/sector-pulse/day-sheet.ts';
import type { Of, Speech } from './catalogue.ts';
import { funnelText, valueText } from './pulse-lines.ts';
import type { PulseWords } from './pulse-words.ts';

/* The A-share desk's day in messages: sheet of the morning, ticket, verdict of a checkpoint, report. */

type Words = PulseWords;

function planText(plan: SheetPlan, w: Words): string {
  switch (plan.kind) {
    case 'auction_sell':
      return w.day.plan.auction_sell(plan.quantity, w.day.exit[plan.because]);
    case 'last_day_exit':
      return w.day.plan.last_day_exit(plan.time, plan.again);
    case 'review':
      return w.day.plan.review;
    case 'stop_held':
      return w.day.plan.stop_held;
  }
}

function sheetLine(line: SheetLine, s: Speech, w: Words): string {
  const { instrument, quantity, sellable, heldDays, stop, firstTarget, secondTarget } = line;
  const targets = [
    ...(firstTarget === null ? [] : [`${s.f.price(firstTarget)} ${w.held.half}`]),
    `${s.f.price(secondTarget)} ${w.held.all}`,
  ];
  return [
    `${s.f.symbol(instrument)} ${w.shares(quantity)}`,
    w.held.sellable(sellable),
    w.held.heldDays(heldDays),
    `${w.held.stop} ${s.f.price(stop)}`,
    `${w.held.targets} ${targets.join(' / ')}`,
    ...line.plans.map((plan) => planText(plan, w)),
  ].join(' · ');
}

function distanceText(one: Distance, s: Speech, w: Words): string {
  const { name, passed, value, threshold, unit, distance } = one;
  const text = (number: number | null) => valueText(number, unit, name, s, w);
  const room = distance === null ? null : Math.abs(distance);
  const tail =
    room === null
      ? ''
      : `${w.comma}${passed ? w.gate.left(text(room)) : w.gate.reached(text(room))}`;
  const level = name.startsWith('l2_')
    ? w.gate.level.l2
    : name.startsWith('l1_')
      ? w.gate.level.l1
      : '';
  return `${passed ? '✓' : '✕'} ${level === '' ? '' : `${level} `}${w.row(name.replace(/^l[12]_/, ''))} ${text(value)} / ${text(threshold)}${tail}`;
}

/** The sheet of 9:10. */
export function sheetLinesOf(m: Of<Message, 'day_sheet'>, s: Speech, w: Words): string[] {
  const known = [...m.gate, ...m.killSwitch].filter(({ value }) => value !== null);
  return [
    w.day.sheet(m.tradingDay, m.lines.length),
    ...(m.lines.length === 0 ? [w.day.nothingHeld] : m.lines.map((line) => sheetLine(line, s, w))),
    ...(known.length === 0
      ? []
      : [
          `${w.day.distances}${w.colon}`,
          ...known.slice(0, 8).map((one) => distanceText(one, s, w)),
        ]),
    w.day.allow,
  ];
}

/** First line of a ticket of this desk: what to buy, below what price, how long it lives. */
export function pulseHeadline(
  ticket: Ticket,
  pulse: TicketPulse,
  stateWord: string,
  s: Speech,
  w: Words,
): string {
  // a list without names repeats the code, which comes next anyway
  const isNamed = pulse.name !== '' && !ticket.instrument.startsWith(pulse.name);
  const name = isNamed ? `${s.f.words(pulse.name, 12)} ` : '';
  const what = `${w.card.buy} ${name}${s.f.symbol(ticket.instrument)} ${w.shares(ticket.quantity)} ≤ ${s.f.price(ticket.entryLimit)} · ${ticket.code}`;
  if (ticket.isAdvice) return `▲ ${what} · ${w.card.advice}`;
  if (ticket.state !== 'pending')
    return `${ticket.state === 'confirmed' ? '✓' : '✕'} ${stateWord}${w.colon}${what}`;
  const left = ticket.expiresAt > s.now ? s.f.duration(ticket.expiresAt - s.now) : w.card.lifeOver;
  return `▲ ${what} · ${left}`;
}

/** The lines of a ticket between its first line and its later life. */
export function pulseCardLines(
  ticket: Ticket,
  pulse: TicketPulse,
  axes: string,
  s: Speech,
  w: Words,
): string[] {
  const { stop, entryLimit, legs, code } = ticket;
  const [first, second] = legs;
  const ratio = (value: number) => s.f.ratio(value);
  const targets = [
    ...(first?.target == null || second === undefined
      ? []
      : [`${s.f.price(first.target)} ${w.held.half}`]),
    `${s.f.price(second?.target ?? first?.target ?? ticket.firstTarget)} ${w.held.all}`,
  ];
  const origin =
    pulse.sector === null || pulse.sectorRank === null || pulse.rank === null
      ? []
      : [w.sectors.rank(s.f.words(pulse.sector, 16), pulse.sectorRank, pulse.rank)];
  const figures = [
    ...origin,
    ...(pulse.strength === null ? [] : [`${w.card.strength}${pulse.strength.toFixed(2)}`]),
    ...(pulse.volumeRatio === null ? [] : [`${w.card.volumeRatio}${pulse.volumeRatio.toFixed(1)}`]),
    ...(pulse.vwapDeviation === null ? [] : [`${w.card.toVwap} ${ratio(pulse.vwapDeviation)}`]),
  ];
  const size = pulse.ratioAfter - pulse.ratioBefore;
  return [
    `${w.held.stop} ${s.f.price(stop)}(${ratio(stop / entryLimit - 1)}) · ${w.held.targets} ${targets.join(' / ')}`,
    axes,
    [
      w.card.first(ratio(size), ratio(pulse.ratioBefore), ratio(pulse.ratioAfter)),
      w.card.notToday,
      ...(pulse.overnightGap === null ? [] : [w.card.gap(ratio(pulse.overnightGap))]),
      ...(pulse.isHalved ? [w.card.halved] : []),
    ].join(' · '),
    ...(figures.length === 0 ? [] : [figures.join(' · ')]),
    [
      `${w.card.costs} ${s.f.money(ticket.costMinor)}`,
      ...(pulse.isByHand === false ? [] : [w.card.byHand(code)]),
    ].join(' · '),
  ];
}

/** The verdict of a checkpoint whose gate passed: what comes of it is not known yet, so no result is told. */
export function checkpointOpenLines(verdict: Verdict, s: Speech, w: Words): string[] {
  return [
    `■ ${w.day.mayTrade(verdict.checkpoint)}`,
    ...verdict.reasons.slice(0, 5).map((reason) => `✕ ${s.reason(reason)}`),
    w.day.soFar(verdict.tickets, verdict.confirmed, verdict.trades),
  ];
}

/** First line of the verdict of a checkpoint that opened nothing. */
export function checkpointTitle(verdict: Verdict, kindWord: string, w: Words): string {
  const failed = verdict.reasons.some(({ code }) => code === 'gate_failed');
  // nothing is said of a gate that nobody judged: a checkpoint that only sells has none
  const isFailed = verdict.kind !== 'data_not_ready' && failed;
  const title = `■ ${w.day.noTrade(verdict.checkpoint, isFailed)}`;
  // the title says it already
  return verdict.kind === 'no_trade' ? title : `${title} · ${kindWord}`;
}

function checkpointText(one: PulseReport['checkpoints'][number], w: Words): string {
  const mark = one.passed === null ? '–' : one.passed ? '✓' : '✕';
  return `${one.checkpoint} ${mark} ${w.verdict[one.kind]}`;
}

/** What the report of this desk says beyond trades and tickets. */
export function pulseReportLines(pulse: PulseReport, s: Speech, w: Words): string[] {
  const { checkpoints, path, positionRatio, monthReturn, dayResultMinor, equityMinor } = pulse;
  const funnel = checkpoints.findLast((one) => one.funnel.length > 0);
  const rejected = new Map<string, number>();
  for (const one of checkpoints)
    for (const { code, times } of one.rejected)
      rejected.set(code, (rejected.get(code) ?? 0) + times);
  const most = [...rejected].sort((a, b) => b[1] - a[1]).slice(0, 6);
  const stances = path.map(({ at, stance }, k) =>
    k === 0 ? w.stance[stance] : `${w.stance[stance]}(${s.f.time(at)})`,
  );
  const ratio = positionRatio === null ? w.unknown : s.f.ratio(positionRatio);
  return [
    [
      `${w.day.result} ${dayResultMinor === null ? w.unknown : s.f.gain(dayResultMinor)}`,
      `${w.day.month} ${monthReturn === null ? w.unknown : s.f.ratio(monthReturn)}`,
      `${w.day.equity} ${equityMinor === null ? w.unknown : s.f.money(equityMinor)}`,
      `${w.gate.ratio} ${ratio}`,
    ].join(' · '),
    `${w.day.gates}${w.colon}${checkpoints.length === 0 ? w.none : checkpoints.map((one) => checkpointText(one, w)).join(' · ')}`,
    `${w.day.path}${w.colon}${stances.length === 0 ? w.unknown : stances.join(' → ')}`,
    ...(funnel === undefined
      ? []
      : [`${w.why.funnel} ${funnel.checkpoint}${w.colon}${funnelText(funnel.funnel, w)}`]),
    ...(most.length === 0
      ? []
      : [
          `${w.why.rejected}${w.colon}${most.map(([code, times]) => `${s.reason({ code: code as never, figures: {} })} ${w.times(times)}`).join(w.comma)}`,
        ]),
    ...pulse.held.map(
      (one) =>
        `${w.day.holding} ${s.f.symbol(one.instrument)} ${w.shares(one.quantity)} · ${one.boughtOn} @ ${s.f.price(one.entryPrice)} · ${w.held.stop} ${s.f.price(one.stop)}`,
    ),
  ];
}
