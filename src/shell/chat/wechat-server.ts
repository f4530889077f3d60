import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { z } from 'zod';
import { acksBody, inboxBody, pullBody } from './wechat-wire.ts';

/** An answer: its status, and what it says. */
export type Reply = { readonly status: number; readonly body: unknown };

export type WechatServerOptions = {
  /** Port on this machine's loopback; 0: any. */
  readonly port: number;
  /** What the other side must show. Secret; it opens nothing but these routes. */
  readonly key: string;
  readonly pull: (body: z.infer<typeof pullBody>, whenGone: AbortSignal) => Promise<Reply>;
  readonly acks: (body: z.infer<typeof acksBody>) => Promise<Reply>;
  readonly inbox: (body: z.infer<typeof inboxBody>) => Promise<Reply>;
};

export type WechatServer = { readonly port: number; close(): Promise<void> };

const LARGEST_BODY_BYTES = 1_000_000;
const REQUEST_MS = 10_000;
/** Calls with the key, and without one, in ten seconds. */
const MOST_CALLS = 200;
const MOST_STRANGE_CALLS = 20;
const SPAN_SECONDS = 10;

/** Limits by who calls: one key, and everybody without it. */
type Limits = { readonly known: RateLimiterMemory; readonly strange: RateLimiterMemory };

/**
 * The door for the process that speaks WeChat, on loopback only: pull what waits, say what became of it, hand in
 * what people wrote. `GET /v1/health` needs no key. Throws when the port is taken.
 */
export async function openWechatServer(options: WechatServerOptions): Promise<WechatServer> {
  const limits: Limits = {
    known: new RateLimiterMemory({ points: MOST_CALLS, duration: SPAN_SECONDS }),
    strange: new RateLimiterMemory({ points: MOST_STRANGE_CALLS, duration: SPAN_SECONDS }),
  };
  const server = createServer((request, response) => {
    respond(request, response, options, limits).catch(() => response.destroy());
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
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}

function isRight(given: string | undefined, key: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return given !== undefined && timingSafeEqual(hash(given), hash(`Bearer ${key}`));
}

/** Null when the call is within the limit, else the seconds until one is again. */
async function waitOf(limiter: RateLimiterMemory): Promise<number | null> {
  try {
    await limiter.consume('all');
    return null;
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error;
    return Math.max(1, Math.ceil(error.msBeforeNext / 1000));
  }
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  options: WechatServerOptions,
  limits: Limits,
): Promise<void> {
  const end = ({ status, body }: Reply, headers: Readonly<Record<string, string>> = {}): void => {
    if (response.destroyed) return;
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
  const isKnown = isRight(request.headers.authorization, options.key);
  const seconds = await waitOf(isKnown ? limits.known : limits.strange);
  if (seconds !== null)
    return end(refusal(429, 'too many calls'), { 'retry-after': String(seconds) });
  const { method, url } = request;
  if (method === 'GET' && url === '/v1/health') return end({ status: 200, body: { ok: true } });
  if (!isKnown) return end(refusal(401, 'no key, or a wrong one'), { connection: 'close' });
  if (method !== 'POST') return end(refusal(405, `${method}, expected POST`));
  const body = await bodyOf(request);
  if (body === null) return end(refusal(400, 'no JSON of at most 1 MB'), { connection: 'close' });
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  switch (url) {
    case '/v1/wechat/pull':
      return end(await handled(pullBody, body, (given) => options.pull(given, gone.signal)));
    case '/v1/wechat/acks':
      return end(await handled(acksBody, body, options.acks));
    case '/v1/wechat/inbox':
      return end(await handled(inboxBody, body, options.inbox));
    default:
      return end(refusal(404, `${url}`));
  }
}

/** A refusal in words. */
export function refusal(status: number, found: string): Reply {
  return { status, body: { error: `found ${found}` } };
}

async function handled<T>(
  schema: z.ZodType<T>,
  body: unknown,
  run: (given: T) => Promise<Reply>,
): Promise<Reply> {
  const { success, data, error } = schema.safeParse(body);
  if (success) return await run(data);
  const [issue] = error.issues;
  return refusal(400, `${issue?.path.join('.') ?? 'body'}: ${issue?.message ?? 'another shape'}`);
}

/** Null: too large, broken off, or no JSON. */
async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const part of request) {
      bytes += (part as Uint8Array).length;
      if (bytes > LARGEST_BODY_BYTES) return null;
      parts.push(part as Uint8Array);
    }
    return JSON.parse(Buffer.concat(parts).toString('utf8')) as unknown;
  } catch {
    return null;
  }
}
