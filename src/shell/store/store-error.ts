import { StoreError } from '#app/errors.ts';

/** Codes of the driver and the kernel that mean: no server, or the connection broke. */
const DOWN = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'CONNECTION_ENDED',
  'CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

/** Raised by the database's function `leads`. */
const EPOCH_OVER = 'ZL001';

function classify(code: string): { code: string; retryable: boolean } {
  if (DOWN.has(code) || code.startsWith('08') || code.startsWith('57P')) {
    return { code: 'store_down', retryable: true };
  }
  if (code === EPOCH_OVER) return { code: 'deposed', retryable: false };
  if (code === '53100') return { code: 'disk_full', retryable: true };
  if (code === '57014' || code === '55P03') return { code: 'timeout', retryable: true };
  if (code.startsWith('53')) return { code: 'out_of_resources', retryable: true };
  if (code === '40001' || code === '40P01') return { code: 'serialization', retryable: true };
  if (code === '42501') return { code: 'forbidden', retryable: false };
  if (code.startsWith('58') || code.startsWith('XX')) return { code: 'io_error', retryable: false };
  return { code: 'query_failed', retryable: false };
}

/** Whether nothing can be asked of the server at the moment. */
export function isStoreDown(error: unknown): boolean {
  return error instanceof StoreError && (error.code === 'store_down' || error.code === 'timeout');
}

/**
 * What a driver's error means to a caller. A broken connection leaves the fate of the running
 * call open; repeating is safe because versions, update ids and dedupe keys are unique.
 */
export function toStoreError(error: unknown, place: string): StoreError {
  if (error instanceof StoreError) return error;
  const found = error as { code?: string; message?: string };
  const raw = found.code ?? '';
  const said = (found.message ?? String(error)).split('\n')[0] ?? '';
  return new StoreError(`store: ${place}: ${said}`, {
    ...classify(raw),
    context: { place, pgCode: raw },
    cause: error,
  });
}
