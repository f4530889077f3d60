import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Desk } from '#app/desk.ts';
import { jobBodyOf, takeJobRow } from '#app/job-inputs.ts';
import type { Input } from '#core/engine/input.ts';
import { previousTradingDays, sessionOn } from '#core/market/calendar.ts';
import type { Session } from '#core/market/session.ts';
import { createUsMarket } from '#core/simulation/us-market.ts';
import { loadCalendar } from '#shell/calendars/load.ts';
import { loadConfig } from '#shell/config/load.ts';
import { policyOf } from '#shell/config/policy-of.ts';
import { createVirtualClock } from '#shell/lib/virtual-clock.ts';
import { createActivity } from '#shell/runner/activity.ts';
import { connectStore, type StoreHandle } from '#shell/store/client.ts';
import { createStore, type Store } from '#shell/store/store.ts';
import { appDesk, memoryJournal, memoryKillFile } from '#test/support/app-desk.ts';
import { runCli } from '#test/support/cli.ts';
import { makeDataFolder } from '#test/support/store-backends.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const DAY = '2026-11-18';
const dataDir = makeDataFolder();
let handle: StoreHandle;
let store: Store;
let session: Session;

before(async () => {
  handle = await connectStore({ dataFolder: dataDir, databaseUrl: null, purpose: 'test' });
  store = createStore(handle);
  const calendar = await loadCalendar(join(ROOT, 'config/calendars/xnys.yaml'));
  const answer = sessionOn(calendar, DAY);
  assert.ok(answer.kind === 'session');
  session = answer.session;
});
after(async () => {
  await handle.closeAndStop();
  rmSync(dataDir, { recursive: true, force: true });
});

const config = () => loadConfig({ root: ROOT, env: {}, overrides: { profile: 'paper', dataDir } });

/** The command, as a person or a timer would run it. */
async function run(name: string, at: number, isDry = false) {
  const args = ['job', name, '--at', new Date(at).toISOString(), '--json'];
  const { code, stdout, stderr } = await runCli(isDry ? [...args, '--dry'] : args, { dataDir });
  assert.notEqual(stdout, '', stderr);
  return { code, report: JSON.parse(stdout) as Record<string, unknown>, stderr };
}

/** The market of that day as the desk's process would have recorded it. */
async function recordDay(): Promise<number> {
  const calendar = await loadCalendar(join(ROOT, 'config/calendars/xnys.yaml'));
  const [desk] = config().desks;
  assert.ok(desk !== undefined);
  const { instruments } = policyOf(desk);
  const history = (previousTradingDays(calendar, DAY, 25) ?? []).flatMap((day) => {
    const answer = sessionOn(calendar, day);
    return answer.kind === 'session' ? [answer.session] : [];
  });
  const seed = `${config().profile.seed}/${DAY}`;
  const market = createUsMarket({ seed, instruments, history, sessions: [session] });
  let saved = 0;
  for (const instrument of instruments) {
    const { inserted } = await store.bars.save(market.barsOf(DAY, instrument), `simulated:${DAY}`);
    saved += inserted;
  }
  return saved;
}

test('SP-12 a dry job changes nothing outside its run', async () => {
  const { code } = await run('us-premarket', session.openAt - 1_800_000, true);
  assert.equal(code, 0);
  assert.deepEqual(await store.inbox.pending('live', 10), []);
});

test('SP-12 a job for a holiday says that it is no trading day', async () => {
  const thanksgiving = session.openAt + 8 * 86_400_000;
  assert.equal((await run('us-premarket', thanksgiving, true)).code, 4);
});

test('CX-12 ID-11 premarket, session and close by jobs end in a verdict and a report', async () => {
  await recordDay();
  await run('sync-calendar', session.openAt - 10_800_000);
  await run('us-premarket', session.openAt - 1_800_000);
  const intraday = await run('us-intraday', session.openAt - 300_000);
  assert.match(JSON.stringify(intraday.report), /1170/);
  await run('us-close', session.closeAt + 1_200_000);
  // asked twice, e.g. after a crash: what was handed in is known
  await run('us-close', session.closeAt + 1_200_000);

  const [settings] = config().desks;
  assert.ok(settings !== undefined);
  const clock = createVirtualClock({ startAt: session.openAt - 1_800_000 });
  const { broker } = appDesk();
  const kinds: string[] = [];
  const desk = new Desk({
    policy: policyOf(settings),
    runId: 'live',
    configHash: 'test',
    codeVersion: 'test',
    clock,
    events: store.events,
    inputs: store.inputs,
    snapshots: store.snapshots,
    outbox: store.outbox,
    journal: memoryJournal(),
    killFile: memoryKillFile(),
    broker,
    activity: createActivity(),
    targets: () => [{ channel: 'terminal', chatId: 'terminal' }],
    fetchQuote: async () => null,
    handOver: (rows) => kinds.push(...rows.map((row) => row.kind)),
    onTrouble: (place, error) => assert.fail(`${place}: ${error}`),
    stopwatch: () => performance.now(),
  });
  const at = session.openAt - 1_800_000;
  await desk.submit({ kind: 'desk_started', at, cashMinor: 10_000_000, isRecovery: false });
  await desk.submit({
    kind: 'account_reconciled',
    at,
    isClean: true,
    cashMinor: 10_000_000,
    differences: [],
  });
  for (let rows = await store.inbox.pending('live', 2_000); rows.length > 0; ) {
    for (const row of rows) {
      const body = jobBodyOf(row);
      assert.ok(body !== null);
      assert.ok(await takeJobRow(row, body, [desk], () => instantOf(body.input)));
    }
    rows = await store.inbox.pending('live', 2_000);
  }
  await desk.flushInputs();
  const { day, lastVerdict } = desk.state();
  assert.equal(day?.tradingDay, DAY);
  assert.equal(day?.isClosed, true);
  assert.ok(lastVerdict !== null && ['no_trade', 'blocked', 'signals'].includes(lastVerdict.kind));
  assert.ok(kinds.includes('premarket_brief'));
  assert.equal(kinds.filter((kind) => kind === 'daily_report').length, 1);
  assert.equal((await store.inputs.read(desk.stream)).length, 2 + 1 + 3 * 390 + 1);
});

function instantOf(input: Input): number {
  return input.kind === 'bar_evaluated' ? input.evaluation.asOf : input.at;
}
