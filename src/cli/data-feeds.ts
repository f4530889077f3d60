import { openFeedsTools, openSettings } from '#compose-tools';
import { addCalendarDays } from '#core/market/trading-day.ts';
import type { FetchNote } from '#core/quality/note.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { instantText, type Output, tableText } from './output.ts';

type Tools = Awaited<ReturnType<typeof openFeedsTools>>;
type Step = Awaited<ReturnType<Tools['sync']>>['steps'][number];

const ZONE = 'Asia/Shanghai';
const CALENDAR_PER_TRADING = 1.5;
/** Tries and quarantined rows that `check` shows. */
const LOOK_BACK_MS = 86_400_000;
const SHOWN = 10;

/** A remark as one phrase: `eastmoney source_failed timeout`. */
function noteText({ code, source, figures }: FetchNote): string {
  const shown = Object.entries(figures).map(([name, value]) =>
    name === 'cause' ? String(value) : `${name} ${value}`,
  );
  return [source, code.replaceAll('_', ' '), ...shown].join(' ');
}

function stepLine(step: Step): string {
  const { what, state, source, rows, inserted, note } = step;
  const result = state === 'none' ? 'nothing' : `${rows} rows from ${source}, ${inserted} new`;
  const mark =
    state === 'none' ? 'none' : state === 'refused' ? 'REFUSED' : step.degraded ? 'degraded' : 'ok';
  const why = note.length === 0 ? '' : ` (${note.map(noteText).join('; ')})`;
  return `${mark.padEnd(8)}  ${what}: ${result}${why}`;
}

async function withTools(run: (tools: Tools) => Promise<ExitCode>): Promise<ExitCode> {
  const tools = await openFeedsTools(await openSettings());
  try {
    return await run(tools);
  } finally {
    await tools.close();
  }
}

/** `data sync`: everything of the last final day, and with `history` the days before it. */
export function runDataSync(
  given: { readonly day: string | null; readonly history: number | null },
  output: Output,
): Promise<ExitCode> {
  return withTools(async (tools) => {
    const day = given.day ?? tools.finalDay();
    const kind = day === null ? 'unknown' : tools.kindOf(day);
    if (day === null || kind !== 'session') {
      const said = kind === 'closed' ? 'the market is closed' : 'the calendar does not reach it';
      output.line(`${day ?? tools.today()}: ${said}`);
      output.result({ day, kind: 'not_trade_day', reason: kind });
      return EXIT.notTradeDay;
    }
    output.line(`${day}, profile ${tools.feeds.profileName}`);
    const report = await tools.sync(day, (step) => {
      output.line(stepLine(step));
      for (const line of step.named) output.line(`            ${line}`);
    });
    if (report.rawExpired > 0) output.line(`${report.rawExpired} raw answers taken out: too old`);
    const history =
      given.history === null
        ? null
        : await tools.history(
            addCalendarDays(day, -Math.ceil(given.history * CALENDAR_PER_TRADING)),
            day,
            ({ by, done, of }) => output.progress(`history by ${by}: ${done} of ${of} …`),
          );
    if (history !== null) {
      const { by, asked, failed, inserted, sources } = history;
      const from = sources.length === 0 ? 'nobody' : sources.join(', ');
      output.line(
        `history by ${by}: ${asked} asked, ${failed} failed, ${inserted} new from ${from}`,
      );
      for (const line of history.named) output.line(`            ${line}`);
    }
    output.result({ ...report, kind: report.hasDay ? 'done' : 'data_not_ready', history });
    return report.hasDay ? EXIT.ok : EXIT.dataNotReady;
  });
}

/** `data check`: each source asked by itself, how they did lately, what was quarantined. */
export function runDataCheck(output: Output): Promise<ExitCode> {
  return withTools(async (tools) => {
    const { profile, profileName } = tools.feeds;
    output.line(`profile ${profileName}: ${profile.description}`);
    for (const line of profile.lacks) output.line(`  without ${line}`);
    const { reach, table, differences } = tools.calendar;
    output.line(`calendar: today is ${reach}, valid through ${table.validThrough}`);
    for (const line of differences.slice(0, SHOWN)) output.line(`  differs: ${line}`);
    const checks = await tools.check();
    for (const check of checks) {
      const at = check.asOf === null ? '' : `, as of ${instantText(check.asOf, ZONE).slice(0, 19)}`;
      const said = check.isWell
        ? `${check.rows} rows of ${check.kind} in ${check.ms} ms${at}`
        : check.note.map(noteText).join('; ');
      output.line(`${check.isWell ? 'ok  ' : 'FAIL'}  ${check.source}: ${said}`);
    }
    const since = Date.now() - LOOK_BACK_MS;
    const health = await tools.store.sourceHealth(since);
    if (health.length > 0) {
      const rows = health.map(({ source, kind, tries, answers, failure }) => [
        source,
        kind,
        tries,
        answers,
        failure ?? '',
      ]);
      output.line(
        tableText([['source, last day', 'kind', 'tries', 'answers', 'last failure'], ...rows]),
      );
    }
    const quarantined = await tools.store.quarantined(since, SHOWN);
    for (const one of quarantined) {
      const place = [one.source, one.instrument, one.day].filter((part) => part !== null).join(' ');
      output.line(
        `quarantined ${place}: ${one.code}: found ${one.found}, expected ${one.expected}`,
      );
    }
    const isWell = checks.some((check) => check.isWell);
    output.result({
      profile: profileName,
      lacks: profile.lacks,
      calendar: reach,
      checks,
      health,
      quarantined,
    });
    return isWell ? EXIT.ok : EXIT.failed;
  });
}
