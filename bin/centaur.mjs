#!/usr/bin/env node
/**
 * Entry of the command line: the project's own Node where the running one is older, the compile
 * cache, then the TypeScript. Plain JavaScript without static imports of anything new, because an
 * older Node must be able to read it.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

const NEEDED_MAJOR = 26;
const SAVE_CACHE_AFTER_MS = 2000;
const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

// Read by the start-up figure: with an older system Node the launcher's time counts too.
process.env.CENTAUR_STARTED_AT ??= String(performance.timeOrigin);

if (Number.parseInt(process.versions.node, 10) >= NEEDED_MAJOR) {
  followLauncher();
  // before any of our code is compiled; docs/decisions/0106-without-maglev.md
  setFlagsFromString('--no-maglev');
  const { enableCache, saveCache } = await import('./compile-cache.mjs');
  if (enableCache() !== undefined) setTimeout(saveCache, SAVE_CACHE_AFTER_MS).unref();
  await import('../src/cli.ts');
} else {
  launch();
}

/** Ends with the launcher: a desk must not go on after what the operator sees as it is gone. */
function followLauncher() {
  if (process.env.CENTAUR_LAUNCHED !== '1') return;
  delete process.env.CENTAUR_LAUNCHED;
  if (process.channel === undefined) return;
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel.unref();
}

function launch() {
  const folder = join(ROOT, 'node_modules', 'node', 'bin');
  const node = ['node.exe', 'node']
    .filter((name) => (process.platform === 'win32') === name.endsWith('.exe'))
    .map((name) => join(folder, name))
    .find((path) => existsSync(path));
  if (node === undefined) {
    process.stderr.write(
      `error: node: found ${process.versions.node} and none in node_modules, ` +
        `expected ${NEEDED_MAJOR} or newer (npm ci brings one)\n`,
    );
    process.exitCode = 2;
    return;
  }
  const child = spawn(
    node,
    [...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)],
    {
      env: { ...process.env, CENTAUR_LAUNCHED: '1' },
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    },
  );
  // On a terminal the keyboard's interrupt reaches the whole group by itself; twice would be "at once".
  const hasTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2', 'SIGBREAK']) {
    const isFromKeyboard = signal === 'SIGINT' || signal === 'SIGQUIT' || signal === 'SIGBREAK';
    try {
      process.on(signal, () => {
        if (!(isFromKeyboard && hasTerminal)) child.kill(signal);
      });
    } catch {
      // Not a signal of this platform.
    }
  }
  child.on('error', (error) => {
    process.stderr.write(`error: ${node}: found ${error.message}, expected it to start\n`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
