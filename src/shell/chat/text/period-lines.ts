import type { ProposalAnswer, RuleBreak } from '#core/reports/day-record.ts';
import type { PeriodReport, ScoreRow } from '#core/reports/period.ts';
import { createFormat } from '#shell/chat/format.ts';
import { type CalendarWords, itemLine } from './calendar-lines.ts';
import type { Catalogue, Speech } from './catalogue.ts';

/** Words of reports over days. */
export type PeriodWords = {
  readonly spans: Readonly<Record<PeriodReport['span'], string>>;
  readonly days: (count: number) => string;
  readonly fees: (money: string) => string;
  readonly byDayType: (type: string, trades: number, wins: number, sum: string) => string;
  readonly noTrades: string;
  readonly person: (since: string) => string;
  readonly answers: Readonly<Record<ProposalAnswer, string>>;
  readonly saved: (amount: string) => string;
  readonly missed: (amount: string) => string;
  readonly notJudged: string;
  readonly nothingProposed: string;
  readonly slippage: (entry: string, exit: string) => string;
  readonly gates: (passed: number, judged: number) => string;
  readonly breaks: Readonly<Record<RuleBreak, string>>;
  readonly breaksHead: (list: string) => string;
  readonly noBreaks: string;
  readonly next: (session: string, events: string) => string;
  readonly noEvents: string;
  readonly noReport: string;
  readonly shadowNote: string;
};

export const PERIOD_EN: PeriodWords = {
  spans: { day: 'Day', week: 'Week', month: 'Month', score: 'Score' },
  days: (count) => `${count} ${count === 1 ? 'day' : 'days'}`,
  fees: (money) => `fees ${money}`,
  byDayType: (type, trades, wins, sum) =>
    `${type}: ${trades} ${trades === 1 ? 'trade' : 'trades'}, ${wins} won, ${sum}`,
  noTrades: 'no trades',
  person: (since) => `You and the machine since ${since}:`,
  answers: {
    confirmed: 'confirmed',
    skipped: 'skipped',
    expired: 'unanswered',
    void: 'void',
    refused: 'refused by rules',
  },
  saved: (amount) => `saved ${amount}`,
  missed: (amount) => `missed ${amount}`,
  notJudged: 'not judged',
  nothingProposed: 'nothing was proposed',
  slippage: (entry, exit) => `slippage against mid, mean: entry ${entry}, exit ${exit}`,
  gates: (passed, judged) => `gates passed: ${passed} of ${judged}`,
  breaks: {
    stop_widened: 'stop widened',
    protection_waived: 'protection waived',
    lock_lifted: 'lock lifted early',
    limit_reached: 'limit reached',
    slippage_beyond_estimate: 'slippage beyond its estimate',
  },
  breaksHead: (list) => `rules: ${list}`,
  noBreaks: 'rules: none broken, no limit reached',
  next: (session, events) => `next session ${session} · ${events}`,
  noEvents: 'no events listed',
  noReport: 'No day is recorded there yet: one is when its session has closed.',
  shadowNote:
    'what was not traded is judged by its minutes: at the limit, half at the target, stop first, costs off',
};

export const PERIOD_ZH: PeriodWords = {
  spans: { day: '当日', week: '周报', month: '月报', score: '评分' },
  days: (count) => `${count}天`,
  fees: (money) => `费用 ${money}`,
  byDayType: (type, trades, wins, sum) => `${type}:${trades}笔,盈${wins}笔,${sum}`,
  noTrades: '无交易',
  person: (since) => `你与机器(自${since}):`,
  answers: {
    confirmed: '确认',
    skipped: '跳过',
    expired: '未答',
    void: '作废',
    refused: '规则拒绝',
  },
  saved: (amount) => `省下${amount}`,
  missed: (amount) => `错过${amount}`,
  notJudged: '无法评判',
  nothingProposed: '没有提案',
  slippage: (entry, exit) => `相对中间价的平均滑点:入场 ${entry},出场 ${exit}`,
  gates: (passed, judged) => `闸门通过:${judged}次中${passed}次`,
  breaks: {
    stop_widened: '放宽止损',
    protection_waived: '撤掉保护单',
    lock_lifted: '提前解锁',
    limit_reached: '触及限额',
    slippage_beyond_estimate: '滑点超出预估',
  },
  breaksHead: (list) => `规则:${list}`,
  noBreaks: '规则:未破,未触限额',
  next: (session, events) => `下一交易时段 ${session} · ${events}`,
  noEvents: '未列事件',
  noReport: '尚无记录的交易日:收盘后才有。',
  shadowNote: '未交易者按其后分钟线评判:限价成交,目标处走一半,同分钟先算止损,已扣成本',
};

/** `confirmed 3 (+0.90R)`; of what was not traded whether leaving it saved or missed something. */
export function scoreText(row: ScoreRow, s: Speech, words: PeriodWords): string {
  const { answer, count, judged, sumR } = row;
  const name = `${words.answers[answer]} ${count}`;
  if (judged === 0) return answer === 'confirmed' ? name : `${name} (${words.notJudged})`;
  if (answer === 'confirmed') return `${name} (${s.f.r(sumR)})`;
  const amount = s.f.r(Math.abs(sumR)).replace('+', '');
  return `${name} (${sumR <= 0 ? words.saved(amount) : words.missed(amount)})`;
}

/** Rules that were met or set aside, in words. */
export function breaksText(report: PeriodReport, words: PeriodWords): string {
  const { breaks } = report.figures;
  if (breaks.length === 0) return words.noBreaks;
  return words.breaksHead(
    breaks.map(({ kind, count }) => `${words.breaks[kind]} ×${count}`).join(', '),
  );
}

/** The next session in one line; null: not known. */
export function nextText(
  { ahead }: PeriodReport,
  s: Speech,
  words: PeriodWords,
  calendar: CalendarWords,
  zones: Readonly<Record<string, string>>,
): string | null {
  if (ahead === null) return null;
  const place = zones[ahead.zone] ?? ahead.zone;
  const hours = calendar.timeIn(`${ahead.hours.open}–${ahead.hours.close}`, place);
  const items = ahead.items.slice(0, 6).map((item) => itemLine(item, place, s, calendar));
  return words.next(
    `${ahead.from} ${hours}`,
    items.length === 0 ? words.noEvents : items.join(' '),
  );
}

function linesOf(
  report: PeriodReport,
  s: Speech,
  words: PeriodWords,
  text: Catalogue,
  calendar: CalendarWords,
): string[] {
  const { span, deskId, from, to, figures, score, scoreFrom } = report;
  const dates = from === to ? from : `${from} – ${to}`;
  // the money of this desk, whatever the first one's is
  const place = { zone: 'UTC', currency: report.currency, operatorZone: null };
  const f = createFormat(s.f.language, text.format, place);
  const person = [
    words.person(scoreFrom),
    ...(score.length === 0
      ? [`  ${words.nothingProposed}`]
      : score.map((row) => `  ${scoreText(row, s, words)}`)),
  ];
  if (span === 'score')
    return [`▤ ${words.spans.score} · ${deskId} · ${dates}`, ...person, words.shadowNote];
  const verdicts = figures.verdicts.map(({ kind, count }) => `${text.verdicts[kind]} ×${count}`);
  const next = nextText(report, s, words, calendar, text.format.zones);
  return [
    `▤ ${words.spans[span]} ${dates} · ${deskId} · ${f.gain(figures.resultMinor)} (${f.r(figures.resultR)})`,
    `${words.days(figures.days)} · ${verdicts.join(' · ')} · ${words.fees(f.money(figures.feesMinor))}`,
    ...(figures.byDayType.length === 0
      ? [words.noTrades]
      : figures.byDayType.map(({ dayType, trades, wins, sumR }) =>
          words.byDayType(text.dayTypes[dayType], trades, wins, s.f.r(sumR)),
        )),
    ...person,
    ...(figures.entryBps === null && figures.exitBps === null
      ? []
      : [words.slippage(s.f.bps(figures.entryBps), s.f.bps(figures.exitBps))]),
    ...(figures.gates.judged === 0
      ? []
      : [words.gates(figures.gates.passed, figures.gates.judged)]),
    breaksText(report, words),
    ...(next === null ? [] : [next]),
  ];
}

/** Days of each desk added up, desk by desk. */
export function periodLines(
  reports: readonly PeriodReport[],
  s: Speech,
  words: PeriodWords,
  text: Catalogue,
  calendar: CalendarWords,
): readonly string[] {
  if (reports.length === 0) return [words.noReport];
  return reports.flatMap((report) => linesOf(report, s, words, text, calendar));
}
