import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Update } from './telegram-update.ts';

export type WebhookOptions = {
  /** Port on this machine's loopback; a proxy with a certificate stands before it. */
  readonly port: number;
  /** What Telegram was told to send in its header. */
  readonly secret: string;
  /** Commits an update before it resolves. */
  readonly take: (updates: readonly Update[]) => Promise<void>;
};

export type Webhook = {
  readonly port: number;
  close(): Promise<void>;
};

const LARGEST_BODY_BYTES = 1_000_000;
const REQUEST_MS = 10_000;
const HEADER = 'x-telegram-bot-api-secret-token';

/** The header's secret, from the key of the data folder: there is nothing to configure and nothing to leak. */
export function webhookSecret(key: Uint8Array): string {
  return createHmac('sha256', key).update('telegram webhook').digest('base64url');
}

/**
 * Takes Telegram's updates on loopback. 200 only once they are committed: what is not comes again. Without the
 * secret nothing is read. Throws when the port is taken.
 */
export async function openWebhook(options: WebhookOptions): Promise<Webhook> {
  const server = createServer((request, response) => {
    void respond(request, response, options);
  });
  server.requestTimeout = REQUEST_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', () => resolve());
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    close: () => close(server),
  };
}

async function close(server: Server): Promise<void> {
  server.closeIdleConnections();
  await new Promise((resolve) => {
    server.close(resolve);
    setTimeout(() => server.closeAllConnections(), REQUEST_MS).unref();
  });
}

function isRight(given: unknown, secret: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return typeof given === 'string' && timingSafeEqual(hash(given), hash(secret));
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  { secret, take }: WebhookOptions,
): Promise<void> {
  const end = (status: number): void => {
    response.writeHead(status, { connection: status === 200 ? 'keep-alive' : 'close' }).end();
  };
  if (request.method !== 'POST') return end(405);
  if (!isRight(request.headers[HEADER], secret)) return end(401);
  const update = await bodyOf(request);
  if (update === null) return end(400);
  try {
    await take([update]);
    end(200);
  } catch {
    end(503);
  }
}

/** Null: too large, broken off, or no update. */
async function bodyOf(request: IncomingMessage): Promise<Update | null> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const part of request) {
      bytes += (part as Uint8Array).length;
      if (bytes > LARGEST_BODY_BYTES) return null;
      parts.push(part as Uint8Array);
    }
    const found: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'));
    const isUpdate =
      typeof found === 'object' &&
      found !== null &&
      'update_id' in found &&
      Number.isSafeInteger(found.update_id);
    return isUpdate ? (found as Update) : null;
  } catch {
    return null;
  }
}
