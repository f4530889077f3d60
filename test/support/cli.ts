import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

const PROJECT = join(import.meta.dirname, '..', '..');
const COPIED = ['bin', 'config', 'jobs', 'migrations', 'package.json', 'src'];

export type CliResult = {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
};

/** A project of its own, so that a command may write settings; packages are shared. */
export function copyProject(): { readonly root: string; remove(): void } {
  const root = mkdtempSync(join(tmpdir(), 'centaur-cli-'));
  for (const name of COPIED) {
    cpSync(join(PROJECT, name), join(root, name), {
      recursive: true,
      filter: (source) => !source.includes(join('config', 'local')),
    });
  }
  symlinkSync(join(PROJECT, 'node_modules'), join(root, 'node_modules'), 'junction');
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) };
}

/** Runs one command line of the project in `root` to its end. */
export function runCli(
  args: readonly string[],
  options: {
    readonly root?: string;
    readonly dataDir: string;
    readonly input?: string;
    readonly env?: Readonly<Record<string, string>>;
  },
): Promise<CliResult> {
  const root = options.root ?? PROJECT;
  const child = spawn(process.execPath, [join(root, 'bin', 'centaur.mjs'), ...args], {
    env: { ...process.env, CENTAUR_DATA_DIR: options.dataDir, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  // A command that reads no input has closed its end before this arrives.
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}
