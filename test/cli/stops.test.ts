import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, suite, test } from 'node:test';
import { streamOf, toStored } from '#app/event-form.ts';
import { jobBodyOf } from '#app/job-inputs.ts';
import type { Input } from '#core/engine/input.ts';
import { dataFilesOf } from '#shell/config/data-files.ts';
import { ny, QQQM, quote, withPosition } from '#test/support/builders.ts';
import { runCli } from '#test/support/cli.ts';
import { deskAfter, step } from '#test/support/engine.ts';
import { openEmbedded } from '#test/support/store-backends.ts';

type Opened = Awaited<ReturnType<typeof openEmbedded>>;

/** 200 QQQM held at 100.00 with their stop at 99.00. */
const HELD = deskAfter(withPosition());

suite('centaur stops set', () => {
  let opened: Opened;
  /** What it says before anything is held. */
  let ofNothing: Awaited<ReturnType<typeof runCli>>;
  before(async () => {
    opened = await openEmbedded();
    ofNothing = await set('--percent', '2', '--dry');
    const { policy, events } = HELD;
    const context = {
      market: 'US',
      tradingDay: null,
      occurredAt: ny('10:01'),
      runId: 'live',
      correlationId: null,
      causationId: null,
      configHash: 'c',
      codeVersion: 'v',
    } as const;
    await opened.store.events.append({
      stream: streamOf('live', policy.deskId),
      expectedVersion: 0,
      context,
      events: events.map(toStored),
      outbox: [],
    });
  });
  after(() => opened.close());
  const set = (...args: string[]) =>
    runCli(['stops', 'set', '--account', 'paper-us', ...args], { dataDir: opened.folder });
  const handedIn = async (): Promise<Input[]> =>
    (await opened.store.inbox.pending('live', 100)).flatMap((row) => {
      const body = jobBodyOf(row);
      return body === null ? [] : [body.input];
    });

  test('ID-06 where nothing is held it says so, and that a demo is another account', () => {
    assert.equal(ofNothing.code, 0);
    assert.equal(
      ofNothing.stdout,
      'paper-us: nothing is held, so no stop is set; a demo or replay has an account of its own\n',
    );
  });

  test('ID-06 --dry shows each stop as it is and would be, and hands nothing to the desk', async () => {
    const { code, stdout } = await set('--percent', '0.5', '--dry', '--json');
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout), {
      account: 'paper-us',
      handedIn: 0,
      rows: [
        { instrument: QQQM, quantity: 200, entryPrice: 100, from: 99, to: 99.5, what: 'tighten' },
      ],
    });
    assert.deepEqual(await handedIn(), []);
  });

  test('ID-06 what would lose more is left alone and said, also by a file', async () => {
    const file = join(opened.folder, 'stops.csv');
    writeFileSync(file, 'symbol,stop\nqqqm,98.5\n');
    const { code, stdout } = await set('--file', file);
    assert.equal(code, 0);
    assert.match(stdout, /QQQM\.US +200 +100 +99 +98\.5 +left alone: widening asks/);
    assert.match(stdout, /0 of 1 handed to us-vwap/);
    assert.deepEqual(await handedIn(), []);
  });

  test('ID-06 a line that makes no sense or a symbol that is not held is named, and nothing is set', async () => {
    const file = join(opened.folder, 'bad.csv');
    writeFileSync(file, 'symbol,stop\nQQQM,99.5\nQQQM,many\n');
    const bad = await set('--file', file);
    assert.equal(bad.code, 2);
    assert.match(bad.stderr, /bad\.csv line 3: found QQQM,many, expected symbol,stop/);
    writeFileSync(file, 'symbol,stop\nMSFT,99.5\n');
    const stranger = await set('--file', file);
    assert.match(stranger.stderr, /found MSFT, expected a symbol that paper-us holds/);
    assert.deepEqual(await handedIn(), []);
  });

  test('ID-06 without a desk that runs nothing is set; with one the act is handed in and moves the stop', async () => {
    const alone = await set('--percent', '0.5');
    assert.equal(alone.code, 1);
    assert.match(alone.stdout, /found no desk that runs, expected one: nothing was set/);
    assert.deepEqual(await handedIn(), []);
    const running = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    try {
      const { pid } = running;
      const rest = { startedAt: 1, profile: 'paper', desks: ['us-vwap'], environment: 'paper' };
      const mark = { pid, runId: 'live', ...rest };
      writeFileSync(dataFilesOf(opened.folder).deskMark, JSON.stringify(mark));
      const { code, stdout } = await set('--percent', '0.5', '--json');
      assert.equal(code, 0, stdout);
      const [input, ...more] = await handedIn();
      assert.deepEqual(more, []);
      assert.ok(input?.kind === 'operator_acted');
      assert.deepEqual(input.act, { act: 'stoploss', target: QQQM, price: 99.5 });
      const at = ny('10:01:20');
      const seen = step(HELD, quote(at, 100, 100.02)).desk;
      const { events } = step(seen, { ...input, at: at + 1, sentAt: at });
      const moved = events.filter((event) => event.type === 'replace_requested');
      assert.deepEqual(new Set(moved.map((event) => event.stopPrice)), new Set([99.5]));
      assert.equal(moved.length, 2);
    } finally {
      running.kill('SIGKILL');
    }
  });
});
