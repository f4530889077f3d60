import { hostname } from 'node:os';
import process from 'node:process';
import { PgBoss } from 'pg-boss';
import { StoreError } from '#app/errors.ts';

/** A server: an address, or a place and a role of the embedded one. */
export type QueueServer =
  | { readonly url: string }
  | {
      readonly host: string;
      readonly port: number;
      readonly database: string;
      readonly username: string;
      readonly password: string;
    };

export type QueueState = 'waiting' | 'active' | 'done' | 'failed' | 'canceled';

export type QueuedTask = { readonly state: QueueState; readonly output: unknown };

/** Work that many processes share over one PostgreSQL. A task is played once, a dead process's again. */
export type WorkQueue = {
  put(tasks: readonly { readonly id: string; readonly data: object }[]): Promise<void>;
  /** Tasks that are still there, and what the workers of those that are done or failed said. */
  look(ids: readonly string[]): Promise<ReadonlyMap<string, QueuedTask>>;
  /** Tasks that are not done are played by nobody from now on. */
  cancel(ids: readonly string[]): Promise<void>;
  /** Plays tasks, `lanes` at a time, until the queue is closed; what `play` throws fails the task. */
  work(lanes: number, play: (data: object) => Promise<object>): Promise<void>;
  /** Takes nothing more, waits for what is played at most `graceMs`, and leaves. */
  close(graceMs?: number): Promise<void>;
};

export type WorkQueueOptions = {
  readonly server: QueueServer;
  readonly name: string;
  /** Told of what the queue's own upkeep runs into; calls answer for themselves. */
  readonly onTrouble?: (message: string) => void;
};

/** Schema of pg-boss in the store's database. */
const SCHEMA = 'centaur_queue';
/** A worker that is silent this long is dead; the least that the queue allows. */
const HEARTBEAT_S = 10;
/** How often dead workers are looked for. */
const SUPERVISE_S = 5;
/** A task whose worker died, or that failed, is tried this often again. */
const RETRIES = 3;
const POLL_S = 0.5;
const GRACE_MS = 5_000;

const STATES: Readonly<Record<string, QueueState>> = {
  created: 'waiting',
  retry: 'waiting',
  active: 'active',
  completed: 'done',
  cancelled: 'canceled',
  failed: 'failed',
};

function bossOf({ server }: WorkQueueOptions): PgBoss {
  const place =
    'url' in server
      ? { connectionString: server.url }
      : {
          host: server.host,
          port: server.port,
          database: server.database,
          user: server.username,
          password: server.password,
        };
  return new PgBoss({
    ...place,
    schema: SCHEMA,
    // seen by those who ask whether the embedded server is still used
    application_name: `centaur:queue@${hostname().slice(0, 20)}:${process.pid}`,
    superviseIntervalSeconds: SUPERVISE_S,
    monitorIntervalSeconds: SUPERVISE_S,
    schedule: false,
    max: 4,
  });
}

function storeError(error: unknown): StoreError {
  const text = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
  return new StoreError(`queue: ${text}`, { code: 'store_down', retryable: true, cause: error });
}

async function answered<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw storeError(error);
  }
}

/** One lane: takes a task, plays it, and asks for the next one at once; where there is none it asks again later. */
async function workLane(
  boss: PgBoss,
  name: string,
  play: (data: object) => Promise<object>,
): Promise<void> {
  let lane: string | null = null;
  const how = { pollingIntervalSeconds: POLL_S, localConcurrency: 1 };
  lane = await boss.work<object>(name, how, async ([job]) => {
    try {
      return job === undefined ? {} : await play(job.data);
    } finally {
      // left to itself it waits until half a second has passed since the last question
      if (lane !== null) boss.notifyWorker(lane);
    }
  });
}

/** Opens the queue; makes its tables where there are none. Throws StoreError. */
export async function openWorkQueue(options: WorkQueueOptions): Promise<WorkQueue> {
  const { name } = options;
  const boss = bossOf(options);
  boss.on('error', (error) => options.onTrouble?.(storeError(error).message));
  await answered(
    (async () => {
      await boss.start();
      const rules = { heartbeatSeconds: HEARTBEAT_S, retryLimit: RETRIES, expireInSeconds: 43_200 };
      if ((await boss.getQueue(name)) === null) await boss.createQueue(name, rules);
    })(),
  );
  return {
    put: async (tasks) => {
      await answered(
        boss.insert(
          name,
          tasks.map(({ id, data }) => ({ id, data })),
        ),
      );
    },
    look: async (ids) => {
      const text = `select id, state::text as state, output from ${SCHEMA}.job where name = $1 and id = any($2::uuid[])`;
      const { rows } = await answered(boss.getDb().executeSql(text, [name, [...ids]]));
      const known = rows as { readonly id: string; readonly state: string; output: unknown }[];
      return new Map(
        known.map(({ id, state, output }) => [id, { state: STATES[state] ?? 'waiting', output }]),
      );
    },
    cancel: async (ids) => {
      if (ids.length > 0) await answered(boss.cancel(name, [...ids]));
    },
    work: async (lanes, play) => {
      for (let lane = 0; lane < lanes; lane += 1) await answered(workLane(boss, name, play));
    },
    close: async (graceMs = GRACE_MS) => {
      await boss.stop({ graceful: true, timeout: graceMs }).catch(() => undefined);
    },
  };
}
