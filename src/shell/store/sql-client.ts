import { hostname } from 'node:os';
import postgres from 'postgres';
import { StoreError } from '#app/errors.ts';
import type { ServerAccess } from './embedded-postgres.ts';
import { toStoreError } from './store-error.ts';

/** postgres.js with this store's types: instants are epoch milliseconds, dates their text, int8 a number. */
export type Sql = postgres.Sql<{ instant: number; day: string; int8: number }>;

/** Where and as whom to connect: a role of the embedded server, or an address. */
export type Access = ServerAccess | { readonly url: string; readonly role: string | null };

export type SessionOptions = {
  /** What the session is for, e.g. `desk`, `cli`, `job:us-close`. */
  readonly purpose: string;
  readonly max: number;
  readonly isOwner?: boolean;
  /** Called when one of the pool's connections is gone. */
  readonly onClose?: () => void;
};

const STATEMENT_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_S = 3;
/** A lost server is asked again this soon; a call meanwhile fails instead of waiting. */
const RECONNECT_S = 0.05;

const TYPES = {
  instant: {
    to: 1184,
    from: [1184],
    serialize: (at: number) => new Date(at).toISOString(),
    parse: (text: string) => Date.parse(`${text.replace(' ', 'T')}:00`),
  },
  day: { to: 1082, from: [1082], serialize: (day: string) => day, parse: (day: string) => day },
  int8: { to: 20, from: [20], serialize: (n: number) => String(n), parse: Number },
};

/** This process as people are told of it: `pid 4711 on desk-a`. */
export function processName(): string {
  return `pid ${process.pid} on ${hostname().slice(0, 20)}`;
}

/** Name under which sessions of this process are seen in pg_stat_activity, at most 63 bytes. */
export function applicationName(purpose: string): string {
  return `centaur:${purpose.slice(0, 20)}@${hostname().slice(0, 20)}:${process.pid}`;
}

/** Opens a pool; connects with its first query and reconnects by itself. */
export function openSql(access: Access, session: SessionOptions): Sql {
  const options = {
    max: session.max,
    types: TYPES,
    fetch_types: false,
    connect_timeout: CONNECT_TIMEOUT_S,
    backoff: (() => RECONNECT_S) as (attempt: number) => number,
    max_lifetime: null,
    idle_timeout: 0,
    onnotice: () => {},
    onclose: () => session.onClose?.(),
    connection: {
      application_name: applicationName(session.purpose),
      TimeZone: 'UTC',
      DateStyle: 'ISO',
      ...(session.isOwner === true
        ? {}
        : { statement_timeout: STATEMENT_TIMEOUT_MS, lock_timeout: STATEMENT_TIMEOUT_MS / 2 }),
      ...('url' in access && access.role !== null ? { role: access.role } : {}),
    },
  };
  return 'url' in access ? postgres(access.url, options) : postgres({ ...access, ...options });
}

/** A way to call the store that never hangs: every failure is a StoreError, within `timeoutMs`. */
export type Caller = {
  readonly sql: Sql;
  run<T>(place: string, work: (sql: Sql) => Promise<T>, timeoutMs?: number): Promise<T>;
};

/** Wraps a pool; `onDown` is told of each call that found no server. */
export function createCaller(sql: Sql, timeoutMs: number, onDown: () => void): Caller {
  return {
    sql,
    run: (place, work, limitMs = timeoutMs) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          reject(
            new StoreError(`store: ${place}: no answer after ${limitMs} ms`, {
              code: 'timeout',
              retryable: true,
              context: { place },
            }),
          );
          onDown();
        }, limitMs);
        work(sql).then(
          (value) => {
            clearTimeout(timer);
            resolve(value);
          },
          (error: unknown) => {
            clearTimeout(timer);
            const failure = toStoreError(error, place);
            if (failure.code === 'store_down') onDown();
            reject(failure);
          },
        );
      }),
  };
}
