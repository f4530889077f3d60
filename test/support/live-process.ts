import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { copyProject } from './cli.ts';

/** A project of its own with files under config/local; objects are written as JSON, which YAML reads. */
export function projectWith(files: Readonly<Record<string, unknown>>): {
  readonly root: string;
  remove(): void;
} {
  const { root, remove } = copyProject();
  for (const [file, content] of Object.entries(files)) {
    const path = join(root, 'config', 'local', file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  }
  return { root, remove };
}

/** The shipped us-vwap desk as another one: another id, account and symbols. */
export function deskLike(id: string, account: string, symbols: readonly string[], capital: number) {
  const file = join(import.meta.dirname, '..', '..', 'config', 'desks', 'us-vwap.yaml');
  return readFileSync(file, 'utf8')
    .replace('id: us-vwap', `id: ${id}`)
    .replace('account: paper-us', `account: ${account}`)
    .replace(/^symbols: .*$/m, `symbols: [${symbols.join(', ')}]`)
    .replace(/^capital: .*$/m, `capital: ${capital}`);
}

/** A desk process, spoken to through its terminal. */
export type LiveProcess = {
  readonly child: ChildProcess;
  say(text: string): void;
  /** Everything the terminal has shown. */
  heard(): string;
  stderr(): string;
  readonly ended: Promise<number | null>;
};

/** `centaur start` of a project, with the environment given over this process's. */
export function startDesk(
  root: string,
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): LiveProcess {
  const program = join(root, 'bin', 'centaur.mjs');
  const child = spawn(process.execPath, [program, 'start', ...args], {
    env: { ...process.env, CENTAUR_CHANNELS: 'terminal', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const texts = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].on('data', (chunk: Buffer) => {
      texts[stream] += chunk.toString();
    });
  return {
    child,
    say: (text) => void child.stdin.write(`${text}\n`),
    heard: () => texts.stdout,
    stderr: () => texts.stderr,
    ended: new Promise((resolve) => child.once('exit', resolve)),
  };
}

/** Waits until something is so; fails after 90 s with what it waited for and what `tell` says. */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  tell: () => string = () => '',
): Promise<number> {
  const from = performance.now();
  while (!(await isSo())) {
    assert.ok(performance.now() - from < 90_000, `waited 90 s for: ${what} ${tell()}`);
    await sleep(30);
  }
  return Math.round(performance.now() - from);
}

/** What a desk has shown last, for the message of a failed wait. */
export function lastWordsOf(desk: LiveProcess): string {
  return `${desk.heard().slice(-1_500)}\n${desk.stderr().slice(-1_500)}`;
}

/** Says a text and waits for what the terminal shows after it. */
export async function sayTo(desk: LiveProcess, text: string, answer: RegExp): Promise<string> {
  const from = desk.heard().length;
  desk.say(text);
  const since = (): string => desk.heard().slice(from);
  await until(
    `${answer} after ${text}`,
    () => answer.test(since()),
    () => lastWordsOf(desk),
  );
  return since();
}

/** Says what asks for a second confirmation, answers with the phrase that is shown, and waits. */
export async function sayWithPhrase(
  desk: LiveProcess,
  text: string,
  phrase: RegExp,
  answer: RegExp,
): Promise<string> {
  const asked = await sayTo(desk, text, phrase);
  const [shown = ''] = phrase.exec(asked) ?? [];
  return sayTo(desk, shown, answer);
}

/** Says what asks for a second confirmation on a paper account, answers yes, and waits. */
export function sayYes(desk: LiveProcess, text: string, answer: RegExp): Promise<string> {
  return sayWithPhrase(desk, text, /\/yes \S+/, answer);
}
