import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

const LONGEST_MS = 30_000;

/** Waits until `holds` answers true; for real sockets and processes only. Fails after 30 seconds, or `longestMs`. */
export async function eventually(
  holds: () => boolean | Promise<boolean>,
  longestMs = LONGEST_MS,
): Promise<void> {
  const startedAt = performance.now();
  while (!(await holds())) {
    assert.ok(performance.now() - startedAt < longestMs, `still not so: ${holds.toString()}`);
    await pause(5);
  }
}
