import { ConfigError } from '#app/errors.ts';

const CALL_MS = 10_000;

/** Calls the address a monitor gave. Throws ConfigError without the address, which is a secret. */
export async function callMonitor(url: string): Promise<void> {
  const options = { code: 'monitor_unreachable', retryable: true } as const;
  let status: number;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(CALL_MS) });
    await response.body?.cancel();
    status = response.status;
  } catch {
    throw new ConfigError('heartbeat: found no answer of the monitor', options);
  }
  if (status >= 300) throw new ConfigError(`heartbeat: the monitor answered ${status}`, options);
}
