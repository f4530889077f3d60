import type { DayRecord } from '#core/reports/day-record.ts';
import type { FullReport } from '#core/reports/period.ts';
import { createFormat, type Format, type Language } from '#shell/chat/format.ts';
import { CALENDAR_EN, CALENDAR_ZH } from '#shell/chat/text/calendar-lines.ts';
import type { Catalogue, Speech } from '#shell/chat/text/catalogue.ts';
import {
  breaksText,
  nextText,
  PERIOD_EN,
  PERIOD_ZH,
  scoreText,
} from '#shell/chat/text/period-lines.ts';
import { REPORT_WORDS } from '#shell/chat/text/report-words.ts';

/** A report before it has a format: headings, tables and lines of plain text. */
export type ReportSection = {
  readonly heading: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly notes: readonly string[];
};

export type ReportDocument = {
  readonly title: string;
  readonly sections: readonly ReportSection[];
};

type Voice = {
  readonly language: Language;
  readonly text: Catalogue;
  readonly f: Format;
  readonly s: Speech;
};

function voiceOf(language: Language, text: Catalogue, currency: string, zone: string): Voice {
  const f = createFormat(language, text.format, { zone, currency, operatorZone: null });
  const s: Speech = { f, now: 0, reason: ({ code }) => text.reasons[code] ?? code, axes: () => '' };
  return { language, text, f, s };
}

const signed = (f: Format, value: number | null): string => (value === null ? '–' : f.r(value));

function daySection(records: readonly DayRecord[], { language, text, f, s }: Voice): ReportSection {
  const words = REPORT_WORDS[language];
  return {
    heading: words.days,
    header: words.dayColumns,
    rows: records.map((record) => [
      record.tradingDay,
      text.verdicts[record.verdict],
      f.gain(record.resultMinor),
      f.r(record.resultR),
      f.money(record.feesMinor),
      record.equityMinor === null ? '–' : f.money(record.equityMinor),
      record.gates.map(({ checkpoint, passed }) => `${checkpoint} ${passed ? '✓' : '✕'}`).join(' '),
      record.reasons.map((reason) => s.reason(reason)).join(', '),
    ]),
    notes: [],
  };
}

function tradeSection(records: readonly DayRecord[], { language, text, f }: Voice): ReportSection {
  const words = REPORT_WORDS[language];
  return {
    heading: words.trades,
    header: words.tradeColumns,
    rows: records.flatMap(({ tradingDay, trades }) =>
      trades.map((trade) => [
        tradingDay,
        trade.code,
        f.symbol(trade.instrument),
        String(trade.quantity),
        f.price(trade.entryPrice),
        f.price(trade.exitPrice),
        text.exitReasons[trade.exitReason],
        text.dayTypes[trade.dayType],
        f.r(trade.resultR),
        f.gain(trade.pnlMinor),
        f.bps(trade.entryBps),
        f.bps(trade.exitBps),
      ]),
    ),
    notes: [],
  };
}

function proposalSection(
  records: readonly DayRecord[],
  { language, text, f }: Voice,
): ReportSection {
  const words = REPORT_WORDS[language];
  const period = language === 'zh' ? PERIOD_ZH : PERIOD_EN;
  return {
    heading: words.proposals,
    header: words.proposalColumns,
    rows: records.flatMap(({ tradingDay, proposals }) =>
      proposals.map(({ at, code, instrument, dayType, answer, resultR, isShadow }) => [
        tradingDay,
        f.time(at),
        code ?? '–',
        f.symbol(instrument),
        dayType === null ? '–' : text.dayTypes[dayType],
        period.answers[answer],
        `${signed(f, resultR)}${isShadow && resultR !== null ? ` ${words.shadow}` : ''}`,
      ]),
    ),
    notes: [period.shadowNote],
  };
}

function sumSection({ report }: FullReport, { language, text, f, s }: Voice): ReportSection {
  const words = REPORT_WORDS[language];
  const period = language === 'zh' ? PERIOD_ZH : PERIOD_EN;
  const calendar = language === 'zh' ? CALENDAR_ZH : CALENDAR_EN;
  const { figures, score, scoreFrom } = report;
  const next = nextText(report, s, period, calendar, text.format.zones);
  const verdicts = figures.verdicts.map(({ kind, count }) => `${text.verdicts[kind]} ×${count}`);
  return {
    heading: report.deskId,
    header: words.sumColumns,
    rows: figures.byDayType.map(({ dayType, trades, wins, sumR }) => [
      text.dayTypes[dayType],
      String(trades),
      String(wins),
      f.r(sumR),
      f.r(sumR / trades),
    ]),
    notes: [
      `${f.gain(figures.resultMinor)} (${f.r(figures.resultR)}) · ${period.days(figures.days)} · ${period.fees(f.money(figures.feesMinor))}`,
      verdicts.join(' · '),
      ...(figures.byDayType.length === 0 ? [period.noTrades] : []),
      `${period.person(scoreFrom)} ${score.length === 0 ? period.nothingProposed : score.map((row) => scoreText(row, s, period)).join(' · ')}`,
      period.slippage(f.bps(figures.entryBps), f.bps(figures.exitBps)),
      ...(figures.gates.judged === 0
        ? []
        : [period.gates(figures.gates.passed, figures.gates.judged)]),
      breaksText(report, period),
      ...(next === null ? [] : [next]),
    ],
  };
}

/** The report of one or more desks in the words of a language; empty tables are left out. */
export function documentOf(
  reports: readonly FullReport[],
  language: Language,
  text: Catalogue,
): ReportDocument {
  const period = language === 'zh' ? PERIOD_ZH : PERIOD_EN;
  const [first] = reports;
  const { span = 'day', from = '', to = '' } = first?.report ?? {};
  const sections = reports.flatMap((full) => {
    const { report, records } = full;
    const zone = records[0]?.market === 'CN' ? 'Asia/Shanghai' : 'America/New_York';
    const voice = voiceOf(language, text, report.currency, zone);
    const tables = [
      daySection(records, voice),
      tradeSection(records, voice),
      proposalSection(records, voice),
    ].filter(({ rows }) => rows.length > 0);
    return [sumSection(full, voice), ...tables];
  });
  return { title: `${period.spans[span]} ${from === to ? from : `${from} – ${to}`}`, sections };
}
