import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { connectStore } from '#shell/store/client.ts';
import { createStore } from '#shell/store/store.ts';
import { eventually } from '../../test/support/eventually.ts';
import { FakeAlpaca } from '../../test/support/fake-alpaca.ts';
import { makeDataFolder } from '../../test/support/store-backends.ts';

type Said = { readonly kind: string; readonly at: number; readonly lines: readonly string[] };

const LONG_MS = 60_000;
const SHOWN = new Set(['signal_entry', 'recovered', 'order_unknown', 'order_filled', 'recon_ok']);

/**
 * A desk that is killed (SIGKILL) after its orders reached the broker and before an answer came back; the
 * next process asks the broker, finds them and sends nothing again.
 */
export async function killNine(): Promise<readonly string[]> {
  const lines: string[] = [];
  const write = (who: string, [first = '', ...rest]: readonly string[]): void => {
    lines.push(`${who.padEnd(5)} ${first}`, ...rest.map((line) => `      ${line}`));
  };
  const fake = new FakeAlpaca();
  const url = await fake.listen();
  const dataFolder = makeDataFolder();
  const handle = await connectStore({ dataFolder, databaseUrl: null, purpose: 'recording' });
  const events = createStore(handle).events;
  const types = async () => (await events.read('live/desk/us-vwap')).map(({ type }) => type);
  const running: ChildProcess[] = [];
  const posts = () => fake.calls.filter((call) => call.startsWith('POST')).length;
  try {
    fake.quote('QQQM', 100.5, 100.52);
    const lost = { method: 'POST', path: /^\/v2\/orders$/, act: 'lost' } as const;
    fake.faults.push(lost, lost);
    const first = start(dataFolder, url, 'first', running);
    await eventually(() => posts() === 2, LONG_MS);
    first.child.kill('SIGKILL');
    await first.ended;
    showOf(first.said, write);
    write('wire', ['POST /v2/orders', 'POST /v2/orders', 'taken by the broker, never answered']);
    write('·', ['kill -9']);
    fake.quote('QQQM', 99.98, 100);
    write('·', ['both orders fill while no process runs; then the desk starts again']);
    const again = start(dataFolder, url, 'again', running);
    const filled = async () => (await types()).filter((type) => type === 'order_filled').length;
    await eventually(async () => (await filled()) >= 2 && isBack(again.said), LONG_MS);
    again.child.kill('SIGKILL');
    await again.ended;
    showOf(again.said, write);
    write('wire', [
      `${posts()} orders were sent in all, ${fake.exchange.positions.get('QQQM')?.quantity} QQQM are held`,
    ]);
    return lines;
  } finally {
    for (const child of running) child.kill('SIGKILL');
    await handle.closeAndStop();
    await fake.close();
    rmSync(dataFolder, { recursive: true, force: true });
  }
}

/** True once the last word of the scene was said: book and broker agree. */
function isBack(said: readonly Said[]): boolean {
  return said.some(({ kind }) => kind === 'recon_ok');
}

/** Each kind once a process, as it was said last: cards are edited. */
function showOf(
  said: readonly Said[],
  write: (who: string, lines: readonly string[]) => void,
): void {
  const last = new Map<string, Said>();
  for (const one of said) {
    if (!SHOWN.has(one.kind)) continue;
    last.delete(one.kind);
    last.set(one.kind, one);
  }
  for (const { lines } of last.values()) write('desk', lines);
}

function start(dataFolder: string, url: string, act: 'first' | 'again', running: ChildProcess[]) {
  const program = join(import.meta.dirname, 'kill-nine-child.ts');
  const child = spawn(process.execPath, [program, dataFolder, url, act], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.push(child);
  const said: Said[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('{')) said.push(JSON.parse(line) as Said);
  });
  return { child, said, ended: new Promise((resolve) => child.once('close', resolve)) };
}
