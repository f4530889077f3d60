import { connectStore } from '#shell/store/client.ts';
import { takeDeskLock } from '#shell/store/desk-lock.ts';
import { createStore } from '#shell/store/store.ts';
import { batch, event } from '#test/support/store-rows.ts';

/*
 * A process of its own on a data folder: `hold` waits until its standard input ends, `append`
 * writes twenty events of its own stream, `desk` takes the desk lock and holds it. Prints one JSON
 * line when it is ready.
 */
const [folder = '', act = 'hold'] = process.argv.slice(2);

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function appendAll(handle: Awaited<ReturnType<typeof connectStore>>): Promise<void> {
  const { events } = createStore(handle);
  for (let n = 0; n < 20; n++) await events.append(batch(`child-${process.pid}`, n, [event(n)]));
}

try {
  const handle = await connectStore({ dataFolder: folder, databaseUrl: null, purpose: 'child' });
  if (act === 'append') await appendAll(handle);
  const lock = act === 'desk' ? await takeDeskLock(handle.access, () => {}) : null;
  say({
    pid: process.pid,
    wasAdopted: handle.embedded?.wasAdopted,
    isElsewhere: handle.embedded?.place.isElsewhere,
    uid: handle.embedded?.place.user?.uid ?? null,
    migrationsApplied: handle.migrationsApplied,
  });
  if (act !== 'append') {
    process.stdin.resume();
    await new Promise((resolve) => process.stdin.once('end', resolve));
  }
  await lock?.release();
  say({ stop: await handle.closeAndStop() });
} catch (error) {
  say({ error: (error as Error).message });
  process.exit(1);
}
