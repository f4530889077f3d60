import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connectStore, type StoreHandle } from '#shell/store/client.ts';

/*
 * Kills with -9 in a loop during writes and proves that nothing acknowledged is lost. Run:
 * npm run soak [rounds]
 */
const WRITER = fileURLToPath(new URL('soak-writer.ts', import.meta.url));
/** Writes go on for between these many milliseconds before the kill. */
const SHORTEST_MS = 60;
const LONGEST_MS = 600;
/** Acknowledged writes that must follow a kill of the server alone. */
const HEALED_ACKS = 20;

export type SoakKind = 'all' | 'server' | 'desk';

export type SoakRound = {
  readonly kind: SoakKind;
  readonly acknowledged: number;
  /** Acknowledged writes that are gone, events without their outbox row, gaps in the versions. */
  readonly lost: number;
  /** From the kill to the first answer of the store to a process that starts after it. */
  readonly restartMs: number;
  readonly wasAdopted: boolean;
};

export type SoakResult = {
  readonly rounds: readonly SoakRound[];
  readonly clean: number;
  readonly acknowledged: number;
};

type Acks = { events: number; updates: number };

function readAcks(file: string): Acks {
  const acks = { events: 0, updates: 0 };
  if (!existsSync(file)) return acks;
  for (const line of readFileSync(file, 'utf8').split('\n').slice(0, -1)) {
    const n = Number(line.slice(2));
    if (line.startsWith('e ')) acks.events = Math.max(acks.events, n);
    if (line.startsWith('i ')) acks.updates = Math.max(acks.updates, n);
  }
  return acks;
}

async function untilAcks(file: string, wanted: number): Promise<void> {
  const deadline = performance.now() + 60_000;
  for (let acks = readAcks(file); Math.min(acks.events, acks.updates) < wanted; ) {
    if (performance.now() > deadline) throw new Error(`soak: no write was acknowledged: ${file}`);
    await sleep(5);
    acks = readAcks(file);
  }
}

/** The server and all its children, so that none can finish anything. */
function killServer(handle: StoreHandle): void {
  const pid = handle.embedded?.pid();
  if (pid === undefined || pid === null) return;
  let children: string[] = [];
  try {
    children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  } catch {
    // not Linux: the children notice the loss by themselves
  }
  for (const victim of [pid, ...children.map(Number)]) {
    try {
      if (victim > 0) process.kill(victim, 'SIGKILL');
    } catch {
      // gone already
    }
  }
}

async function killWriter(writer: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => writer.once('exit', resolve));
  writer.kill('SIGKILL');
  await gone;
}

/**
 * Counts in one statement, that is in one snapshot: the session of a writer killed a moment ago may
 * still finish its last append between two statements.
 */
async function countLost(handle: StoreHandle, stream: string, acks: Acks): Promise<number> {
  const [rows] = await handle.sql<
    { events: number; gaps: number; outbox: number; inbox: number }[]
  >`
    select (select count(*)::int from events where stream = ${stream}) as events,
      (select count(*)::int from events where stream = ${stream}
        and (data->>'n')::int <> version) as gaps,
      (select count(*)::int from outbox where run_id = ${stream}) as outbox,
      (select count(*)::int from inbox where run_id = ${stream}
        and update_id::int <= ${acks.updates}) as inbox`;
  const { events = 0, gaps = 0, outbox = 0, inbox = 0 } = rows ?? {};
  const halves = Math.abs(events - outbox);
  const lostEvents = Math.max(0, acks.events - events);
  return gaps + halves + lostEvents + (acks.updates - inbox);
}

async function runRound(
  folder: string,
  kind: SoakKind,
  n: number,
  chance: number,
): Promise<SoakRound> {
  const options = { dataFolder: folder, databaseUrl: null, purpose: 'soak', shouldRevive: false };
  const stream = `soak-${n}`;
  const ackFile = join(folder, `${stream}.acks`);
  const watcher = await connectStore(options);
  const writer = spawn(process.execPath, [WRITER, folder, ackFile, stream], { stdio: 'inherit' });
  try {
    await untilAcks(ackFile, 1);
    await sleep(SHORTEST_MS + chance * (LONGEST_MS - SHORTEST_MS));
    if (kind !== 'server') await killWriter(writer);
    const killedAt = performance.now();
    if (kind !== 'desk') killServer(watcher);
    if (kind === 'server') {
      const before = readAcks(ackFile);
      await untilAcks(ackFile, Math.max(before.events, before.updates) + HEALED_ACKS);
    }
    const after = await connectStore(options);
    const restartMs = performance.now() - killedAt;
    if (kind === 'server') await killWriter(writer);
    const acks = readAcks(ackFile);
    const lost = await countLost(after, stream, acks);
    await after.close();
    const wasAdopted = after.embedded?.wasAdopted ?? false;
    return { kind, acknowledged: acks.events + acks.updates, lost, restartMs, wasAdopted };
  } finally {
    if (writer.exitCode === null && writer.signalCode === null) await killWriter(writer);
    await watcher.close();
  }
}

/** Runs `rounds` kills, of everything, the server alone and the desk alone in turn. */
export async function runSoak(options: {
  readonly rounds: number;
  readonly onRound?: (round: SoakRound, n: number) => void;
  /** Between 0 and 1, decides the moment of each kill. */
  readonly chance?: () => number;
}): Promise<SoakResult> {
  const folder = mkdtempSync(join(tmpdir(), 'centaur-soak-'));
  chmodSync(folder, 0o755);
  const kinds: SoakKind[] = ['all', 'server', 'desk'];
  const rounds: SoakRound[] = [];
  try {
    for (let n = 1; n <= options.rounds; n++) {
      const kind = kinds[(n - 1) % kinds.length] ?? 'all';
      const round = await runRound(folder, kind, n, (options.chance ?? Math.random)());
      rounds.push(round);
      options.onRound?.(round, n);
    }
  } finally {
    const last = await connectStore({ dataFolder: folder, databaseUrl: null, purpose: 'soak' });
    await last.closeAndStop();
    rmSync(folder, { recursive: true, force: true });
  }
  return {
    rounds,
    clean: rounds.filter((round) => round.lost === 0).length,
    acknowledged: rounds.reduce((sum, round) => sum + round.acknowledged, 0),
  };
}

if (import.meta.main) {
  const rounds = Number(process.argv[2] ?? 30);
  const result = await runSoak({
    rounds,
    onRound: (round, n) => {
      const how = round.wasAdopted ? 'server found running' : 'server started';
      console.log(
        `${n}/${rounds} ${round.kind}: ${round.acknowledged} acknowledged, ${round.lost} lost, back in ${round.restartMs.toFixed(0)} ms (${how})`,
      );
    },
  });
  console.log(
    `${result.clean} of ${rounds} rounds clean, ${result.acknowledged} acknowledged writes`,
  );
  process.exitCode = result.clean === rounds ? 0 : 1;
}
