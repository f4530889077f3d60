import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLog, logCall, logEffect, logRun, logStep } from '#shell/lib/log.ts';

const TOKEN = '123456:AAH-secret"value';

function logInMemory() {
  const lines: string[] = [];
  const log = createLog({
    level: 'info',
    to: { write: (line: string) => void lines.push(line) },
    runId: 'run-1',
    environment: 'paper',
    codeVersion: '0.1.0',
    secrets: [TOKEN, 'ab'],
  });
  return { log, read: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

test('AL-10 every run, step and effect is one JSON line with its environment and run', () => {
  const { log, read } = logInMemory();
  logRun(log, 'started', { profile: 'demo' });
  logStep(
    log,
    { deskId: 'us-vwap', accountId: 'paper-us', environment: 'paper' },
    {
      input: 'timer',
      events: ['ticket_expired'],
      version: 7,
      ms: 1,
    },
  );
  logEffect(log, { effect: 'submit_order', lane: 'order:paper-us', outcome: 'unknown', ms: 10 });
  const lines = read();
  assert.deepEqual(
    lines.map((line) => line['line']),
    ['run', 'step', 'effect'],
  );
  for (const line of lines) {
    assert.equal(line['environment'], 'paper');
    assert.equal(line['runId'], 'run-1');
    assert.match(String(line['at']), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  }
  assert.equal(lines[2]?.['level'], 'warn');
});

test('AL-01 AL-10 an act at a broker is a line with the broker’s own name of the call, a question is none', () => {
  const { log, read } = logInMemory();
  const account = { accountId: 'alpaca-us', environment: 'live' } as const;
  const call = { status: 200, ms: 12, requestId: 'r-1', failure: null };
  logCall(log, account, { ...call, call: 'POST /v2/orders' });
  logCall(log, account, { ...call, call: 'GET /v2/account' });
  logCall(log, account, { ...call, call: 'GET /v2/account', failure: 'no answer in time' });
  assert.deepEqual(
    read().map((line) => [line['level'], line['call'], line['requestId'], line['environment']]),
    [
      ['info', 'POST /v2/orders', 'r-1', 'live'],
      ['warn', 'GET /v2/account', 'r-1', 'live'],
    ],
  );
});

test('AL-10 a child of the log carries the job it belongs to', () => {
  const { log, read } = logInMemory();
  log.child({ runId: 'job-2', job: 'us-close' }).info('done');
  assert.match(JSON.stringify(read()[0]), /"job":"us-close"/);
});

test('AL-10 a secret is written neither under its name nor inside a text', () => {
  const { log, read } = logInMemory();
  log.info({ token: 'x', telegram: { token: 'y' }, url: `https://api/bot${TOKEN}/getMe` }, TOKEN);
  log.error({ error: new Error(`401 for ${TOKEN}`) }, 'cab');
  const text = JSON.stringify(read());
  assert.equal(text.includes('AAH-secret'), false, text);
  assert.equal(text.includes('"x"') || text.includes('"y"'), false, text);
  assert.ok(text.includes('cab'), 'short values hide nothing');
});

test('AL-10 a file is made with its folder, readable by its owner only', () => {
  const folder = mkdtempSync(join(tmpdir(), 'centaur-log-'));
  const path = join(folder, 'logs', 'desk.log');
  const log = createLog({
    level: 'info',
    to: path,
    runId: 'run-1',
    environment: 'live',
    codeVersion: '0.1.0',
    secrets: [],
  });
  log.info('here');
  assert.match(readFileSync(path, 'utf8'), /"environment":"live".*"msg":"here"/);
  if (process.platform !== 'win32') assert.equal(statSync(path).mode & 0o777, 0o600);
  rmSync(folder, { recursive: true, force: true });
});

test('AL-10 a log that cannot be written loses its lines and nothing else', () => {
  const log = createLog({
    level: 'info',
    to: process.platform === 'linux' ? '/dev/full' : join(tmpdir(), 'centaur-unused.log'),
    runId: 'run-1',
    environment: 'paper',
    codeVersion: '0.1.0',
    secrets: [],
  });
  log.info('lost');
  log.info('lost too');
});
