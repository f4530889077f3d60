import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openReports } from '#compose-tools';
import type { ReportFormat } from '#core/replies/act.ts';
import { boundsOf, type Span } from '#core/reports/period.ts';
import { withBooks } from './book.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { Output } from './output.ts';

export type ReportArguments = {
  /** A day inside the period; null: the newest day that is recorded. */
  readonly day: string | null;
  readonly period: Span;
  readonly format: ReportFormat;
  /** Null: the language of the settings. */
  readonly language: 'zh' | 'en' | null;
  readonly out: string | undefined;
  readonly run: string | undefined;
};

/** `report`: recorded days of a run added up, a day, a week or a month, as the chat's /report does. */
export async function runReport(given: ReportArguments, output: Output): Promise<ExitCode> {
  return withBooks(given.run, async ({ settings, store, books }) => {
    const [book] = books;
    const runId = book?.runId ?? '';
    const made = await openReports(settings, store.events, runId);
    const deskIds = books.map(({ deskId }) => deskId).sort();
    const newest = await Promise.all(deskIds.map((deskId) => made.newestOf(deskId)));
    const recorded = newest.flatMap((record) => (record === null ? [] : [record.tradingDay]));
    const day = given.day ?? recorded.sort().at(-1);
    if (day === undefined || recorded.length === 0) {
      output.aside('error: report: found no recorded day, expected one after a day has closed');
      return EXIT.dataNotReady;
    }
    const { from, to } = boundsOf(given.period, day);
    const found = await Promise.all(
      deskIds.map((deskId) => made.reportOf(deskId, given.period, day)),
    );
    const reports = found.filter((one) => one !== null);
    if (reports.length === 0) {
      const span = from === to ? from : `${from} to ${to}`;
      output.aside(`error: report: found no recorded day of ${span} in run ${runId}, expected one`);
      return EXIT.dataNotReady;
    }
    const language = given.language ?? settings.channels.language;
    const { format, out } = given;
    const hasPicture = out !== undefined && (format === 'md' || format === 'html');
    const file = await made.write(reports, format, language, hasPicture);
    if (out === undefined) output.line(String(file.content).trimEnd());
    else {
      mkdirSync(out, { recursive: true });
      const path = join(out, file.name);
      writeFileSync(path, file.content);
      output.line(`written: ${path}`);
    }
    const plain = reports.map(({ report, records }) => ({ ...report, records }));
    output.result({ run: runId, span: given.period, from, to, reports: plain });
    return EXIT.ok;
  });
}
