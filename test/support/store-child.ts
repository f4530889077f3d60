import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from '#app/errors.ts';
import { connectStore, type StoreHandle } from '#shell/store/client.ts';
import { type Lead, takeLead } from '#shell/store/lead.ts';
import { createStore, type Store } from '#shell/store/store.ts';
import { batch, event, outboxRow } from '#test/support/store-rows.ts';

/*
 * A process of its own on a data folder: `hold` waits until its standard input ends, `append`
 * writes twenty events of its own stream, `desk` takes the lead and holds it, `standby` waits for it,
 * `sender` waits for it and then sends as fast as it can: for each order it commits the attempt, asks
 * the fence and writes a line to the file `sent`, which stands for the broker. Prints a JSON line when
 * it is ready, and when it waits, leads and has lost the lead.
 */
const [folder = '', act = 'hold'] = process.argv.slice(2);

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function appendAll(handle: StoreHandle): Promise<void> {
  const { events } = createStore(handle);
  for (let n = 0; n < 20; n++) await events.append(batch(`child-${process.pid}`, n, [event(n)]));
}

/** Decides, commits the attempt, asks the fence and sends one order; answers the version after it. */
async function sendOne(store: Store, lead: Lead, n: number): Promise<void> {
  const { events, outbox } = store;
  const [stream] = await events.streams('led');
  const key = `${lead.epoch}.${n}`;
  const row = outboxRow(key, { runId: 'led', lane: 'order:paper-us', kind: 'submit_order' });
  const stored = await events.append(
    batch('led', stream?.version ?? 0, [event(n)], { outbox: [row] }),
  );
  if (stored.kind !== 'appended') return;
  const id = stored.outbox[0]?.id ?? 0;
  if (!(await outbox.markAttempting(id)) || !(await lead.mayLeave(true))) return;
  appendFileSync(join(folder, 'sent'), `${lead.epoch} ${Date.now()}\n`);
  await outbox.markDelivered(id, key, Date.now());
}

/** Sends for ever, through losses of the store, until it is refused for good. */
async function sendAll(handle: StoreHandle, lead: Lead): Promise<void> {
  const store = createStore(handle, { epoch: lead.epoch });
  for (let n = 0; ; n++) {
    try {
      await sendOne(store, lead, n);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (error.code !== 'deposed') {
        await sleep(20);
        continue;
      }
      say({ refused: error.message, code: error.code });
      return;
    }
  }
}

function leadTerms(handle: StoreHandle) {
  const { access, ownerAccess } = handle;
  const standby = {
    signal: new AbortController().signal,
    onWaiting: (leader: string) => say({ waiting: leader }),
  };
  const onLost = (error: Error) => say({ lost: error.message });
  return { access, ownerAccess, onLost, standby: act === 'desk' ? null : standby };
}

try {
  const handle = await connectStore({ dataFolder: folder, databaseUrl: null, purpose: 'child' });
  if (act === 'append') await appendAll(handle);
  const isLeading = act === 'desk' || act === 'standby' || act === 'sender';
  const lead = isLeading ? await takeLead(leadTerms(handle)) : null;
  say({
    pid: process.pid,
    wasAdopted: handle.embedded?.wasAdopted,
    isElsewhere: handle.embedded?.place.isElsewhere,
    uid: handle.embedded?.place.user?.uid ?? null,
    migrationsApplied: handle.migrationsApplied,
    ...(lead === null ? {} : { epoch: lead.epoch, before: lead.before?.holder ?? null }),
  });
  const isOver = new Promise((resolve) => process.stdin.once('end', resolve));
  process.stdin.resume();
  if (act === 'sender' && lead !== null) void sendAll(handle, lead);
  if (act !== 'append') await isOver;
  await lead?.release();
  say({ stop: await handle.closeAndStop() });
  // also out of the middle of sending
  process.exit(0);
} catch (error) {
  say({ error: (error as Error).message });
  process.exit(1);
}
