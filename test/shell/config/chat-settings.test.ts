import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createChatSettings } from '#shell/config/chat-settings.ts';
import { liveConfig } from '#shell/config/live-config.ts';
import { loadConfig } from '#shell/config/load.ts';

const PROJECT = join(import.meta.dirname, '..', '..', '..');
const made: string[] = [];

after(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

function opened(env: Readonly<Record<string, string>> = {}) {
  const root = mkdtempSync(join(tmpdir(), 'centaur-settings-'));
  made.push(root);
  cpSync(join(PROJECT, 'config'), join(root, 'config'), {
    recursive: true,
    filter: (source) => source !== join(PROJECT, 'config', 'local'),
  });
  const read = (folder: string) => loadConfig({ root: folder, env });
  const live = liveConfig(read(root));
  const settings = createChatSettings({
    live,
    read,
    secrets: () => ({ TELEGRAM_BOT_TOKEN: '123:very-secret', SMTP_PASSWORD: undefined }),
    markOf: (secret) => `mark${secret.length}`,
  });
  const local = (file: string) => join(root, 'config', 'local', file);
  return { root, live, settings, local };
}

const listed = ({ settings }: ReturnType<typeof opened>, key: string) =>
  settings.list().settings.find((one) => one.key === key);

test('CX-01 settings are listed with what counts at once, secrets by a mark only', () => {
  const h = opened();
  assert.deepEqual(listed(h, 'channels.pictures'), {
    key: 'channels.pictures',
    value: 'true',
    isLocal: false,
    countsFrom: 'now',
  });
  assert.equal(listed(h, 'us-vwap.risk.tradesPerDay')?.countsFrom, 'restart');
  assert.deepEqual(h.settings.list().secrets, [
    { name: 'TELEGRAM_BOT_TOKEN', mark: 'mark15' },
    { name: 'SMTP_PASSWORD', mark: null },
  ]);
  assert.ok(!JSON.stringify(h.settings.list()).includes('very-secret'));
});

test('CX-01 what is set is written to config/local and counts at once where it can', () => {
  const h = opened();
  const { change, file } = h.settings.set('channels.pictures', 'false');
  assert.deepEqual(change, {
    key: 'channels.pictures',
    from: 'true',
    to: 'false',
    countsFrom: 'now',
  });
  assert.equal(file, join('config', 'local', 'channels.yaml'));
  assert.equal(h.live.config.channels.pictures, false);
  assert.equal(listed(h, 'channels.pictures')?.isLocal, true);
  assert.equal(loadConfig({ root: h.root, env: {} }).channels.pictures, false);
  h.settings.set('us-vwap.symbols', 'AAPL, MU');
  h.settings.set('us-vwap.risk.tradesPerDay', '1');
  const [desk] = loadConfig({ root: h.root, env: {} }).desks;
  assert.ok(desk?.strategy === 'vwap-reclaim');
  assert.deepEqual([desk.symbols, desk.risk.tradesPerDay], [['AAPL', 'MU'], 1]);
  const [running] = h.live.config.desks;
  assert.ok(running?.strategy === 'vwap-reclaim');
  assert.equal(running.risk.tradesPerDay, 2);
});

test('CX-01 a bad value, an unknown key and a secret are refused in one line, and no file is touched', () => {
  const h = opened();
  const refused = (key: string, value: string): string => {
    try {
      h.settings.set(key, value);
    } catch (error) {
      assert.ok(error instanceof Error);
      return error.message;
    }
    return 'set';
  };
  assert.match(
    refused('us-vwap.risk.riskPerTradeRatio', '5'),
    /^config\/local\/desks\/us-vwap\.yaml: risk\.riskPerTradeRatio: found 5, expected a fraction/,
  );
  assert.match(refused('us-vwap.risk.tradesPerDay', '{ a: 1 }'), /tradesPerDay: found/);
  assert.match(refused('us-vwap.symbols', '<b>'), /symbols/);
  assert.match(refused('us-vwap.capital', '999999999'), /capital: found 999999999/);
  assert.match(refused('channels.lanuage', 'zh'), /channels\.language/);
  assert.match(refused('accounts.paper-us.cash', '1'), /^\/config: found/);
  assert.match(refused('TELEGRAM_BOT_TOKEN', '1:x'), /expected no secret/);
  assert.match(refused('__proto__', '1'), /^\/config: found/);
  assert.equal(existsSync(join(h.root, 'config', 'local')), false);
});

test('CX-01 what the environment says otherwise is refused rather than set in vain', () => {
  const h = opened({ CENTAUR_LANGUAGE: 'en' });
  assert.throws(() => h.settings.set('channels.language', 'zh'), /outranks the files/);
  assert.equal(existsSync(h.local('channels.yaml')), false);
});

test('CX-01 /reload takes over what may count at once and names the rest; one bad file and nothing changes', () => {
  const h = opened();
  h.settings.set('channels.pictures', 'false');
  assert.deepEqual(h.settings.reload(), []);
  writeFileSync(h.local('channels.yaml'), 'pictures: true\noperatorZone: Europe/Paris\n');
  const desk = h.local('desks/us-vwap.yaml');
  h.settings.set('us-vwap.capital', '50000');
  writeFileSync(desk, 'capital: 60000\nrisk: { tradesPerDay: 99 }\n');
  assert.throws(() => h.settings.reload(), /desks\/us-vwap\.yaml: risk\.tradesPerDay: found 99/);
  assert.equal(h.live.config.channels.operatorZone, null);
  writeFileSync(desk, 'capital: 60000\n');
  assert.deepEqual(h.settings.reload(), [
    { key: 'channels.operatorZone', from: 'null', to: 'Europe/Paris', countsFrom: 'now' },
    { key: 'channels.pictures', from: 'false', to: 'true', countsFrom: 'now' },
    { key: 'us-vwap.capital', from: '50000', to: '60000', countsFrom: 'restart' },
  ]);
  assert.equal(h.live.config.channels.operatorZone, 'Europe/Paris');
  assert.equal(readFileSync(desk, 'utf8'), 'capital: 60000\n');
});
