import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openReportRenderer } from '#compose-tools';
import { addCalendarDays, weekdayOf } from '#core/market/trading-day.ts';
import { withBooks } from './book.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { Output } from './output.ts';

export type ReportArguments = {
  /** A day inside the period; null: the newest day that has a report. */
  readonly day: string | null;
  readonly period: 'day' | 'week' | 'month';
  readonly format: 'md' | 'json';
  readonly out: string | undefined;
  readonly run: string | undefined;
};

function bounds(day: string, period: ReportArguments['period']): { from: string; to: string } {
  if (period === 'day') return { from: day, to: day };
  if (period === 'month') return { from: `${day.slice(0, 7)}-01`, to: `${day.slice(0, 7)}-31` };
  const monday = addCalendarDays(day, 1 - weekdayOf(day));
  return { from: monday, to: addCalendarDays(monday, 6) };
}

/** `report`: the daily reports as they were pushed, of a day, a week or a month. */
export async function runReport(given: ReportArguments, output: Output): Promise<ExitCode> {
  return withBooks(given.run, async ({ settings, store, books }) => {
    const render = await openReportRenderer(settings);
    const [book] = books;
    const all = book === undefined ? [] : render.reportsOf(await store.outbox.ofRun(book.runId));
    const day = given.day ?? all.at(-1)?.tradingDay;
    if (day === undefined || book === undefined) {
      output.aside('error: report: found no daily report, expected one after a day has closed');
      return EXIT.dataNotReady;
    }
    const { from, to } = bounds(day, given.period);
    const reports = all.filter(({ tradingDay }) => tradingDay >= from && tradingDay <= to);
    if (reports.length === 0) {
      output.aside(
        `error: report: found none from ${from} to ${to} in run ${book.runId}, expected one`,
      );
      return EXIT.dataNotReady;
    }
    const sections = reports.map(
      (entry) => `## ${entry.tradingDay} ${entry.desk}\n\n${entry.text}`,
    );
    const text =
      given.format === 'md'
        ? `# Report ${from === to ? from : `${from} … ${to}`}\n\n${sections.join('\n\n')}\n`
        : `${JSON.stringify(
            reports.map(({ text: _, ...figures }) => figures),
            null,
            2,
          )}\n`;
    if (given.out === undefined) {
      output.line(text.trimEnd());
    } else {
      mkdirSync(given.out, { recursive: true });
      const file = join(
        given.out,
        `report-${from === to ? from : `${from}-${to}`}.${given.format}`,
      );
      writeFileSync(file, text);
      output.line(`written: ${file}`);
    }
    output.result({
      run: book.runId,
      from,
      to,
      reports: reports.map(({ text: _, ...rest }) => rest),
    });
    return EXIT.ok;
  });
}
