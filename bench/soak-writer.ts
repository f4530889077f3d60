import { openSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectStore } from '#shell/store/client.ts';
import { openSql } from '#shell/store/sql-client.ts';
import { createStore } from '#shell/store/store.ts';

/*
 * The process that soak.ts kills: appends events with an outbox row each and receives updates as
 * fast as it can, and writes down outside the database what was acknowledged. A failed call is
 * repeated, as the desk would, until the store is back.
 */
const [folder = '', ackFile = '', stream = ''] = process.argv.slice(2);
const acks = openSync(ackFile, 'a');
const handle = await connectStore({ dataFolder: folder, databaseUrl: null, purpose: 'soak' });
const store = createStore(handle);

async function untilStored<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch {
      await sleep(2);
    }
  }
}

async function appendForEver(): Promise<never> {
  for (let version = 0; ; ) {
    const n = version + 1;
    const result = await untilStored(() =>
      store.events.append({
        stream,
        expectedVersion: version,
        context: {
          market: null,
          tradingDay: null,
          occurredAt: n,
          runId: stream,
          correlationId: null,
          causationId: null,
          configHash: 'soak',
          codeVersion: 'soak',
        },
        events: [{ type: 'soak', data: { n } }],
        outbox: [
          {
            runId: stream,
            lane: `chat:${stream}`,
            kind: 'soak',
            priority: 1,
            dedupeKey: `${stream}-${n}`,
            editKey: null,
            payload: { n },
            createdAt: n,
            notBefore: n,
            expiresAt: null,
          },
        ],
      }),
    );
    // a conflict: the append whose answer was lost with the server had been stored
    version = result.kind === 'appended' ? result.version : result.actualVersion;
    writeSync(acks, `e ${version}\n`);
  }
}

async function receiveForEver(): Promise<never> {
  for (let n = 1; ; n++) {
    const row = { runId: stream, channel: 'soak', updateId: String(n), body: { n }, receivedAt: n };
    await untilStored(() => store.inbox.receive([row]));
    writeSync(acks, `i ${n}\n`);
  }
}

/** Forced checkpoints, so that kills also fall into their writes. */
async function checkpointForEver(): Promise<never> {
  const owner = openSql(handle.ownerAccess, { purpose: 'soak', max: 1, isOwner: true });
  for (;;) {
    await owner`checkpoint`.catch(() => {});
    await sleep(40);
  }
}

await Promise.all([appendForEver(), receiveForEver(), checkpointForEver()]);
