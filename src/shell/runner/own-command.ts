import { spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import process from 'node:process';

export type OwnCommandOptions = {
  /** The program, `bin/centaur.mjs`. */
  readonly program: string;
  readonly env: Readonly<Record<string, string | undefined>>;
};

export type OwnCommand = {
  /**
   * Runs a command of the command line with --json in a process of its own, at the lowest priority; answers its
   * object, also of one that says that something failed. Rejects with the one line that it ended with instead.
   */
  run(args: readonly string[]): Promise<unknown>;
  /** Ends what runs; each rejects. */
  stop(): void;
};

/** What the process said last, without the prefix of an error. */
export function lastWord(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const told = lines.findLast((line) => line.startsWith('error: ')) ?? lines.at(-1);
  return (told ?? 'it ended without a word').replace(/^error: /, '');
}

/** Lets the desk go first wherever both want the processor. */
export function stepBack(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // it has ended already, or the system has no such thing
  }
}

/** Commands of this program beside the desk; they end with it. */
export function createOwnCommand({ program, env }: OwnCommandOptions): OwnCommand {
  const running = new Set<ReturnType<typeof spawn>>();
  return {
    run: (args) =>
      new Promise((resolve, reject) => {
        const child = spawn(process.execPath, [program, ...args, '--json'], {
          env: { ...env, CENTAUR_LAUNCHED: '1' },
          stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        });
        running.add(child);
        stepBack(child.pid);
        const texts = { stdout: '', stderr: '' };
        for (const stream of ['stdout', 'stderr'] as const)
          child[stream]?.on('data', (chunk: Buffer) => {
            texts[stream] += chunk.toString();
          });
        child.on('error', (error) => {
          running.delete(child);
          reject(error);
        });
        child.on('close', () => {
          running.delete(child);
          try {
            resolve(JSON.parse(texts.stdout) as unknown);
          } catch {
            reject(new Error(lastWord(texts.stderr)));
          }
        });
      }),
    stop() {
      for (const child of running) child.kill('SIGTERM');
    },
  };
}
