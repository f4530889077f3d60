import process from 'node:process';
import type { StartOptions } from '#app/start-options.ts';
import { doJob, JOB_NAMES, type JobReport } from '#compose-jobs';
import { openCalendar, openSettings } from '#compose-tools';
import { sessionOn } from '#core/market/calendar.ts';
import { wallTimeOf } from '#core/market/session.ts';
import type { Start } from './command.ts';
import { EXIT, type ExitCode, UsageError } from './exit-code.ts';
import { instantText, type Output } from './output.ts';

const CLOSE_REPORT_MS = 20 * 60_000;
/** After the closing report the session of the foreground ends. */
const LINGER_MS = 90_000;

const CODES: Readonly<Record<JobReport['kind'], ExitCode>> = {
  done: EXIT.ok,
  not_trade_day: EXIT.notTradeDay,
  data_not_ready: EXIT.dataNotReady,
};

async function run(name: string, at: number, isDry: boolean, output: Output): Promise<ExitCode> {
  const job = JOB_NAMES.find((known) => known === name);
  if (job === undefined) {
    throw new UsageError(`job: found "${name}", expected one of ${JOB_NAMES.join(', ')}`);
  }
  const ending = new AbortController();
  const stop = (): void => (ending.signal.aborted ? process.exit(130) : ending.abort());
  process.on('SIGINT', stop);
  try {
    const request = { at, isDry, dataDir: null, profile: 'paper', signal: ending.signal };
    const report = await doJob(job, request);
    output.line(`${job}${isDry ? ' (dry)' : ''}: ${report.line}`);
    output.result({ job, at: instantText(at, 'UTC'), dry: isDry, ...report });
    return CODES[report.kind];
  } finally {
    process.off('SIGINT', stop);
  }
}

/** `job NAME`: one job now or for any past moment. */
export function runJobNow(
  name: string,
  options: { readonly at: number | null; readonly isDry: boolean },
  output: Output,
): Promise<ExitCode> {
  return run(name, options.at ?? Date.now(), options.isDry, output);
}

async function checkDesk(desk: string): Promise<void> {
  await openSettings({ profile: 'paper', desks: [desk] });
}

/** `close DESK`: the summary after the close of a day; the desk files it. */
export async function runClose(
  desk: string,
  day: string | null,
  output: Output,
): Promise<ExitCode> {
  await checkDesk(desk);
  const calendar = await openCalendar('US');
  const tradingDay = day ?? wallTimeOf(Date.now(), calendar.zone).day;
  const answer = sessionOn(calendar, tradingDay);
  if (answer.kind !== 'session') {
    output.line(`${tradingDay}: no session (${answer.reason.replaceAll('_', ' ')})`);
    output.result({ desk, tradingDay, kind: 'not_trade_day', reason: answer.reason });
    return EXIT.notTradeDay;
  }
  const at = answer.session.closeAt + CLOSE_REPORT_MS;
  if (at > Date.now()) {
    output.line(`${tradingDay}: closes ${instantText(answer.session.closeAt, calendar.zone)}`);
    output.result({ desk, tradingDay, kind: 'data_not_ready', reason: 'session_open' });
    return EXIT.dataNotReady;
  }
  return run('us-close', at, false, output);
}

/** `session DESK`: today's live session in the foreground, until its report is out. */
export async function runSession(desk: string, start: Start, output: Output): Promise<ExitCode> {
  await checkDesk(desk);
  const calendar = await openCalendar('US');
  const now = Date.now();
  const tradingDay = wallTimeOf(now, calendar.zone).day;
  const answer = sessionOn(calendar, tradingDay);
  const isOver = answer.kind === 'session' && answer.session.closeAt <= now;
  if (answer.kind !== 'session' || isOver) {
    const reason = answer.kind === 'session' ? 'session over' : answer.reason;
    output.line(
      `${tradingDay}: not a trade day for a session now (${reason.replaceAll('_', ' ')})`,
    );
    return EXIT.notTradeDay;
  }
  const endAt = answer.session.closeAt + CLOSE_REPORT_MS + LINGER_MS;
  const timer = setTimeout(() => process.kill(process.pid, 'SIGTERM'), endAt - now);
  timer.unref();
  const options: StartOptions = {
    profile: 'paper',
    desks: [desk],
    symbols: [],
    replay: null,
    speed: null,
    operator: null,
    seed: null,
    book: null,
    channels: [],
    exit: true,
    json: false,
    dataDir: null,
  };
  return start(options);
}
