import process from 'node:process';
import { type ReportSources, reportOf } from '#app/answer-report.ts';
import { busiestOf } from '#app/ask-report.ts';
import { dayRecordSource } from '#app/day-records.ts';
import type { EventLog, ReportFile } from '#app/ports.ts';
import type { ReportFormat } from '#core/replies/act.ts';
import type { DayRecord } from '#core/reports/day-record.ts';
import { curvesOf, type FullReport, type Span } from '#core/reports/period.ts';
import { loadAgenda, loadCalendars } from '#shell/calendars/load.ts';
import { createPictures } from '#shell/chat/pictures/pictures.ts';
import { createReportWriter } from '#shell/chat/reports/report-writer.ts';
import type { Config } from '#shell/config/config.ts';
import { dataFilesOf } from '#shell/config/data-files.ts';

/** The curves of the desk that traded most, as a chat shows them; null: nothing was traded, or nothing drawn. */
async function drawCurves(
  settings: Config,
  reports: readonly FullReport[],
  language: 'zh' | 'en',
): Promise<Uint8Array | null> {
  const busiest = busiestOf(reports);
  if (busiest === null) return null;
  const { fonts: fontsDir } = dataFilesOf(settings.dataDir);
  const pictures = createPictures({
    fontsDir,
    onTrouble: (place, error) => process.stderr.write(`${place}: ${String(error)}\n`),
  });
  try {
    return await pictures.draw(curvesOf(busiest.records, busiest.report.deskId), language);
  } finally {
    await pictures.stop();
  }
}

/** Reports over recorded days of a run: the sources and the writer of the chat's /report, without a desk. */
export async function openReportsOf(
  root: string,
  settings: Config,
  events: EventLog,
  runId: string,
) {
  const [calendars, agenda] = await Promise.all([loadCalendars(root), loadAgenda(root)]);
  const records = dayRecordSource(runId, events);
  const sources: ReportSources = {
    ...records,
    calendarOf: (market) => calendars[market],
    eventsOf: (market) => (market === 'US' ? agenda : null),
  };
  /** Newest recorded day of a desk; null: none is. */
  const newestOf = async (deskId: string): Promise<DayRecord | null> =>
    (await records.days(deskId, '0000-01-01', '9999-12-31')).at(-1) ?? null;
  return {
    newestOf,
    async reportOf(deskId: string, span: Span, day: string): Promise<FullReport | null> {
      const known = await newestOf(deskId);
      if (known === null) return null;
      const { currency, market } = known;
      return await reportOf({ policy: { deskId, currency, market } }, span, day, sources);
    },
    /** `drawsCurves`: with a picture in formats that show one. */
    async write(
      reports: readonly FullReport[],
      format: ReportFormat,
      language: 'zh' | 'en',
      drawsCurves: boolean,
    ): Promise<ReportFile> {
      const curves = drawsCurves ? await drawCurves(settings, reports, language) : null;
      return createReportWriter().write(reports, format, language, curves);
    },
  };
}
