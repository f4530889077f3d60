import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { createGunzip } from 'node:zlib';
import { dataFilesOf } from '#shell/config/data-files.ts';
import type { RunResult } from '#shell/runner/run-result.ts';
import { runCli } from '#test/support/cli.ts';
import {
  emptyFolder,
  essence,
  folderWithSpy,
  replay,
  replayArgs,
  SPY_FILE,
} from '#test/support/replays.ts';
import { needsShared, sharedPath } from '#test/support/shared-data.ts';

const needs = needsShared(...SPY_FILE);
const TEN_DAYS = '2024-05-01..2024-05-14';
/** Four of them, where what is asked of a day is asked of each alike. */
const FOUR_DAYS = '2024-05-06..2024-05-09';
const BIN = join(import.meta.dirname, '..', '..', 'bin', 'centaur.mjs');
/** A day that takes a day: the desk is there until it is ended. */
const REALTIME = replayArgs('2024-05-06', 'confirm').map((word) =>
  word === 'max' ? 'realtime' : word,
);
const START_MONEY = 100_000;
/** The quote a replay trades on stands half a tick around the open, rounded outwards to the tick. */
const HALF_SPREAD = 0.02;

let folder: Awaited<ReturnType<typeof folderWithSpy>> | null = null;
let confirmed: RunResult | null = null;

before(async () => {
  if (needs.skip !== false) return;
  folder = await folderWithSpy();
  confirmed = await replay(folder.dataDir, TEN_DAYS, 'confirm');
});
after(() => folder?.remove());

function dirOf(): string {
  assert.ok(folder !== null);
  return folder.dataDir;
}

type MinuteRange = { readonly low: number; readonly high: number };

async function minutes(): Promise<Map<string, MinuteRange>> {
  const file = sharedPath(...SPY_FILE) ?? '';
  const ranges = new Map<string, MinuteRange>();
  let names: string[] = [];
  for await (const line of createInterface({
    input: createReadStream(file).pipe(createGunzip()),
  })) {
    const cells = line.split(',');
    if (names.length === 0) {
      names = cells;
      continue;
    }
    const cell = (name: string) => cells[names.indexOf(name)] ?? '';
    const at = new Date(`${cell('timestamp').replace(' ', 'T').replace(/Z?$/, '').slice(0, 19)}Z`);
    ranges.set(at.toISOString().slice(0, 16), {
      low: Number(cell('low')),
      high: Number(cell('high')),
    });
  }
  return ranges;
}

test('CX-04 ten recorded days end in a verdict each, whatever happened', needs, () => {
  assert.equal(confirmed?.days, 10);
  const days = confirmed?.verdicts.map((verdict) => verdict.tradingDay);
  assert.equal(new Set(days).size, 10);
  for (const verdict of confirmed?.verdicts ?? []) {
    assert.ok(verdict.reasons.length > 0, `${verdict.tradingDay} has no reason`);
  }
});

test('CX-05 confirmed tickets become fills inside the bars of their minute', needs, async () => {
  const ranges = await minutes();
  const fills = (confirmed?.fills ?? []) as { at: string; price: number; orderId: string }[];
  assert.ok(fills.length >= 10, `only ${fills.length} fills`);
  for (const fill of fills) {
    const at = new Date(fill.at).getTime();
    // what a closed bar filled is stamped with its close, which is the next minute's open
    const seen = [at, at - 60_000].map((t) => ranges.get(new Date(t).toISOString().slice(0, 16)));
    const isInside = seen.some(
      (range) =>
        range !== undefined &&
        fill.price >= range.low - HALF_SPREAD &&
        fill.price <= range.high + HALF_SPREAD,
    );
    assert.ok(isInside, `${fill.orderId} at ${fill.price} ${fill.at}`);
  }
  const codes = confirmed?.tickets.map((ticket) => ticket['code']);
  assert.equal(new Set(codes).size, codes?.length);
});

test('money of a replay equals its fills and fees to the cent', needs, () => {
  const fills = (confirmed?.fills ?? []) as {
    side: string;
    price: number;
    quantity: number;
    feesMoney: number;
  }[];
  const flow = fills.reduce((sum, fill) => {
    const cents = Math.round(fill.price * 100 * fill.quantity);
    return sum + (fill.side === 'buy' ? -cents : cents) - Math.round(fill.feesMoney * 100);
  }, 0);
  assert.equal(flow, Math.round((confirmed?.resultMoney ?? 0) * 100));
  assert.ok(START_MONEY + flow / 100 > 0);
});

test(
  'ID-17 ten recorded days, decided again from their inputs, give every event byte for byte, and a backtest the same signals',
  needs,
  async () => {
    const words = ['replay', 'us-vwap', '--date', TEN_DAYS, '--symbols', 'SPY', '--backtest'];
    const run = ['--run', confirmed?.runId ?? ''];
    const { code, stdout, stderr } = await runCli([...words, ...run, '--json'], {
      dataDir: dirOf(),
    });
    assert.equal(code, 0, `${stderr}${stdout.slice(0, 2_000)}`);
    const found = JSON.parse(stdout) as {
      isSame: boolean;
      days: { day: string; inputs: number; events: number; signals: string[] }[];
    };
    assert.equal(found.isSame, true);
    assert.equal(found.days.length, 10);
    for (const { day, inputs, events } of found.days)
      assert.ok(inputs > 390 && events > 5, `${day}: ${inputs} inputs, ${events} events`);
    assert.ok(found.days.reduce((sum, { signals }) => sum + signals.length, 0) >= 10);
    const none = await runCli(['replay', 'us-vwap', '--date', '2024-05-04', ...run], {
      dataDir: dirOf(),
    });
    assert.equal(none.code, 5);
    assert.match(none.stderr, /^error: replay us-vwap: found no input from 2024-05-04/);
  },
);

test('CX-05 skipped tickets never fill', needs, async () => {
  const result = await replay(dirOf(), FOUR_DAYS, 'skip');
  assert.ok(result.tickets.length > 0);
  assert.deepEqual(new Set(result.tickets.map((ticket) => ticket['state'])), new Set(['skipped']));
  assert.equal(result.fills.length, 0);
  assert.equal(result.orders.length, 0);
});

test('CX-05 silence is no: every unanswered ticket ends unanswered', needs, async () => {
  const result = await replay(dirOf(), FOUR_DAYS, 'silent');
  assert.ok(result.tickets.length > 0);
  for (const ticket of result.tickets) {
    assert.ok(['expired', 'superseded', 'void'].includes(String(ticket['state'])));
  }
  assert.equal(result.fills.length, 0);
});

test(
  'ID-11 the same replay again comes to the same tickets, fills and verdicts',
  needs,
  async () => {
    const again = await replay(dirOf(), TEN_DAYS, 'confirm');
    assert.notEqual(again.runId, confirmed?.runId);
    assert.equal(essence(again), confirmed === null ? '' : essence(confirmed));
  },
);

test('CX-03 AL-10 a simulated day runs without any file, account or network, and logs its steps', async () => {
  const other = emptyFolder();
  const { code, stdout, stderr } = await runCli(
    ['start', '--speed', 'max', '--operator', 'confirm', '--exit', '--json'],
    { dataDir: other.dataDir },
  );
  const log = code === 0 ? readFileSync(dataFilesOf(other.dataDir).log, 'utf8') : '';
  other.remove();
  assert.equal(code, 0, stderr);
  const { runs } = JSON.parse(stdout) as { runs: RunResult[] };
  const [result, china] = runs;
  assert.ok(result !== undefined && china !== undefined && runs.length === 2);
  assert.equal(result.days, 1);
  // the A-share day follows: a verdict at each checkpoint, and tickets by the shipped seed
  assert.deepEqual(
    china.verdicts.map(({ desk, checkpoint }) => [desk, checkpoint]),
    ['10:00', '14:00', '14:45', 'close'].map((time) => ['cn-sector-pulse', time]),
  );
  assert.ok(china.tickets.length > 0);
  const lines = log.split('\n').filter((line) => line !== '');
  const steps = lines.map((line) => JSON.parse(line)).filter(({ line }) => line === 'step');
  assert.ok(steps.some(({ events }) => events.includes('ticket_opened')));
  assert.ok(
    steps.every(({ runId }) => runs.some((run) => run.runId.startsWith(`${String(runId)}-`))),
  );
  assert.ok(steps.every(({ environment }) => environment === 'paper'));
  assert.ok(result.tickets.length > 0);
  assert.ok(stderr.includes('SIMULATED'));
});

test('a replay of a symbol without bars is refused in one line', needs, async () => {
  const args = replayArgs('2024-05-01', 'confirm').map((word) => (word === 'SPY' ? 'NVDA' : word));
  const { code, stdout, stderr } = await runCli(args, { dataDir: dirOf() });
  assert.equal(code, 2);
  assert.equal(stdout, '');
  assert.match(stderr, /^error: replay .*found no stored 1m bars of NVDA\.US, expected some/m);
});

test('SP-11 a second desk on the same data folder is refused in one line', needs, async () => {
  const first = spawn(process.execPath, [BIN, ...REALTIME], {
    env: { ...process.env, CENTAUR_DATA_DIR: dirOf() },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(first, 'close');
  try {
    await once(first.stderr, 'data');
    const { code, stdout, stderr } = await runCli(REALTIME, { dataDir: dirOf() });
    assert.equal(code, 3, stderr);
    assert.equal(stdout, '');
    assert.match(stderr, /^error: [^\n]+\n$/);
  } finally {
    first.kill('SIGTERM');
    await ended;
  }
});
