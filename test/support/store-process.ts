import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const CHILD = fileURLToPath(new URL('store-child.ts', import.meta.url));

export type Child = {
  readonly process: ChildProcess;
  /** Next JSON line the child prints; rejects when it ends without one. */
  next(): Promise<Record<string, unknown>>;
  /** Ends its standard input and waits until it is gone. */
  finish(): Promise<void>;
};

/** Runs store-child.ts on a data folder, as another user when `uid` is given. */
export function runChild(
  folder: string,
  act: 'hold' | 'append' | 'desk' | 'standby' | 'sender',
  uid?: number,
): Child {
  const child = spawn(process.execPath, [CHILD, folder, act], {
    stdio: ['pipe', 'pipe', 'inherit'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  return {
    process: child,
    next: async () => {
      const { value, done } = await lines.next();
      if (done === true) throw new Error('the child ended without a line');
      return JSON.parse(value) as Record<string, unknown>;
    },
    finish: async () => {
      child.stdin.end();
      await gone;
    },
  };
}
