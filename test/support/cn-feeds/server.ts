import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FeedHttp, FeedHttpDeps } from '#shell/feeds/cn/http.ts';
import { createFeedHttp } from '#shell/feeds/cn/http.ts';

export type FakeRequest = {
  readonly method: string;
  /** Path with its query, as sent. */
  readonly path: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};

/** What a fake answers; `hang` never does, `cut` ends the connection in the middle. */
export type FakeReply =
  | 'hang'
  | {
      readonly status?: number;
      readonly body: string | Buffer;
      readonly headers?: Readonly<Record<string, string>>;
      readonly isCut?: boolean;
    };

/** An HTTP server on this machine that speaks like a source, and remembers what it was asked. */
export type FakeSource = {
  readonly url: string;
  readonly requests: FakeRequest[];
  /** Answers everything from now on, before the usual replies; null takes it back. */
  disturb(reply: ((request: FakeRequest) => FakeReply | null) | null): void;
  close(): Promise<void>;
};

export async function startFakeSource(
  answer: (request: FakeRequest) => FakeReply,
): Promise<FakeSource> {
  const requests: FakeRequest[] = [];
  let disturbance: ((request: FakeRequest) => FakeReply | null) | null = null;
  const server = createServer((incoming, outgoing) => {
    const parts: Buffer[] = [];
    incoming.on('data', (part: Buffer) => parts.push(part));
    incoming.on('end', () => {
      const path = incoming.url ?? '/';
      const request: FakeRequest = {
        method: incoming.method ?? 'GET',
        path,
        url: new URL(path, 'http://127.0.0.1'),
        headers: incoming.headers,
        body: Buffer.concat(parts).toString(),
      };
      requests.push(request);
      const reply = disturbance?.(request) ?? answer(request);
      if (reply === 'hang') return;
      const body = Buffer.from(reply.body);
      const length = reply.isCut === true ? body.length * 2 + 10 : body.length;
      outgoing.writeHead(reply.status ?? 200, { 'content-length': length, ...reply.headers });
      if (reply.isCut === true) outgoing.write(body, () => outgoing.destroy());
      else outgoing.end(body);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    disturb(reply) {
      disturbance = reply;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

export type KeptRaw = Parameters<FeedHttpDeps['keepRaw']>[0];

/** A source's requests over the real client, with wide budgets, and what it kept of the answers. */
export function httpOf(
  source: string,
  now: () => number,
  change: Partial<FeedHttpDeps> = {},
): { http: FeedHttp; kept: KeptRaw[] } {
  const kept: KeptRaw[] = [];
  const http = createFeedHttp({
    source,
    fetch: globalThis.fetch,
    now,
    budget: { perMinute: 10_000, atOnce: 8 },
    endpoints: {},
    perDay: null,
    sentToday: async () => 0,
    keepRaw: async (raw) => {
      kept.push(raw);
    },
    secrets: [],
    ...change,
  });
  return { http, kept };
}
