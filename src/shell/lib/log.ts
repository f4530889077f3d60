import type { DestinationStream, Logger } from 'pino';
import { destination, pino } from 'pino';
import type { Policy } from '#core/engine/policy.ts';

/** One JSON object a line; `runId` and `environment` are on every line. */
export type Log = Pick<
  Logger,
  'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'child' | 'level'
>;

export type LogOptions = {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Path of the file, made with its folder; a stream for tests; null for standard error. */
  readonly to: string | DestinationStream | null;
  readonly runId: string;
  /** The strictest of the accounts in use: one live account makes the run live. */
  readonly environment: 'paper' | 'live';
  readonly codeVersion: string;
  /** Values that must not be written, wherever they stand. */
  readonly secrets: readonly string[];
};

const STANDARD_ERROR = 2;
const HIDDEN = '[hidden]';
const HIDDEN_NAMES = [
  'token',
  'telegramToken',
  'databaseUrl',
  'password',
  'secret',
  'apiKey',
  'key',
];
/** Shorter texts are no secrets and would blank out innocent words. */
const SHORTEST_SECRET = 6;

/** Blanks out the given values, and as JSON writes them, wherever they stand in a text. */
export function redactorOf(secrets: readonly string[]): (line: string) => string {
  const values = secrets
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]);
  return (line) => values.reduce((text, value) => text.replaceAll(value, HIDDEN), line);
}

/**
 * Lines are handed to the operating system at once (some microseconds each), so that a killed
 * process has written all it said. A full disk or a folder that is gone loses lines, never the desk.
 */
function openDestination(to: string | null): DestinationStream {
  const stream = destination({ dest: to ?? STANDARD_ERROR, sync: true, mkdir: true, mode: 0o600 });
  stream.on('error', () => {});
  return stream;
}

export function createLog(options: LogOptions): Log {
  const { to, secrets } = options;
  const stream = typeof to === 'object' && to !== null ? to : openDestination(to);
  return pino(
    {
      level: options.level,
      base: {
        runId: options.runId,
        environment: options.environment,
        codeVersion: options.codeVersion,
      },
      timestamp: () => `,"at":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: HIDDEN_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
        censor: HIDDEN,
      },
      hooks: { streamWrite: redactorOf(secrets) },
    },
    stream,
  );
}

/** Start or end of a run: a process, a replay, a job. */
export function logRun(
  log: Log,
  phase: 'started' | 'ended' | 'failed',
  fields: Readonly<Record<string, unknown>>,
): void {
  log[phase === 'failed' ? 'error' : 'info']({ line: 'run', phase, ...fields }, `run ${phase}`);
}

/** One step of a desk: on which account, which input, which events, how long. */
export function logStep(
  log: Log,
  { deskId, accountId, environment }: Pick<Policy, 'deskId' | 'accountId' | 'environment'>,
  fields: {
    readonly input: string;
    readonly events: readonly string[];
    readonly version: number;
    readonly ms: number;
  },
): void {
  log.info({ line: 'step', desk: deskId, account: accountId, environment, ...fields }, 'step');
}

/** One effect performed or failed: an order act, a message, a file. */
export function logEffect(
  log: Log,
  fields: {
    readonly effect: string;
    readonly lane: string;
    readonly outcome: 'done' | 'failed' | 'dropped' | 'unknown';
    readonly ms: number;
    readonly reason?: string;
  },
): void {
  log[fields.outcome === 'done' ? 'info' : 'warn']({ line: 'effect', ...fields }, 'effect');
}

/** One call to a broker or data host: acts always, questions when somebody looks closer, failures loudly. */
export function logCall(
  log: Log,
  { accountId, environment }: Pick<Policy, 'accountId' | 'environment'>,
  fields: {
    readonly call: string;
    readonly status: number | null;
    readonly ms: number;
    readonly requestId: string | null;
    readonly failure: string | null;
  },
): void {
  const isQuestion = fields.call.startsWith('GET ');
  const level = fields.failure !== null ? 'warn' : isQuestion ? 'debug' : 'info';
  log[level]({ line: 'call', account: accountId, environment, ...fields }, 'call');
}
