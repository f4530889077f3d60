import PQueue from 'p-queue';
import pRetry from 'p-retry';
import { FeedError } from '#app/errors.ts';
import { fetchNote } from '#core/quality/note.ts';
import { createDayBudget, type DayBudgetDeps } from './day-budget.ts';
import { FEED_CODES, feedError, type SourceCall } from './source.ts';
import { shownText } from './wire.ts';

/** What one endpoint of a source may be asked. */
export type EndpointBudget = {
  readonly perMinute: number;
  /** Requests under way at the same time. */
  readonly atOnce: number;
};

export type FeedHttpDeps = DayBudgetDeps & {
  readonly source: string;
  readonly fetch: typeof globalThis.fetch;
  readonly budget: EndpointBudget;
  /** Budgets of single endpoints, over the one above. */
  readonly endpoints: Readonly<Record<string, EndpointBudget>>;
  /** Keeps an answer as it came; asked before the answer is read. */
  readonly keepRaw: (raw: {
    readonly source: string;
    readonly url: string;
    readonly payload: string;
    readonly at: number;
  }) => Promise<void>;
  /** Texts that must never leave: tokens. */
  readonly secrets: readonly string[];
};

export type FeedRequest = {
  /** Name of the endpoint, for budgets and records: `clist`. */
  readonly endpoint: string;
  readonly url: string;
  /** Address as it is recorded, without secrets; the address itself where it holds none. */
  readonly shownUrl?: string;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly encoding?: 'utf-8' | 'gb18030';
  readonly maxBytes?: number;
};

export type FeedHttp = {
  /** The answer's text. Throws FeedError with one of FEED_CODES. */
  text(request: FeedRequest, call: SourceCall): Promise<string>;
};

const MINUTE_MS = 60_000;
const MAX_BYTES = 32 * 1024 * 1024;
const RETRIES = 1;
const RETRY_MS = 200;
/** When a source says too often and not until when. */
const LIMITED_MS = 60_000;
const SECOND_MS = 1_000;

async function bodyOf(response: Response, place: string, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.byteLength;
    if (size > maxBytes) {
      throw feedError(place, FEED_CODES.tooLarge, `more than ${maxBytes} bytes`, 'a small answer');
    }
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function failureOf(error: unknown, place: string): FeedError {
  if (error instanceof FeedError) return error;
  const { name, message, cause } = error as Error & { cause?: { code?: string } };
  if (name === 'AbortError') {
    return feedError(place, FEED_CODES.canceled, 'a call given up', 'an answer');
  }
  const code = name === 'TimeoutError' ? FEED_CODES.timeout : FEED_CODES.network;
  return feedError(place, code, cause?.code ?? message, 'an answer');
}

function statusFault(response: Response, place: string): FeedError | null {
  const { status } = response;
  if (status >= 200 && status < 300) return null;
  const found = String(status);
  if (status === 429) {
    const seconds = Number(response.headers.get('retry-after'));
    const retryAfterMs = seconds > 0 ? seconds * SECOND_MS : LIMITED_MS;
    return feedError(place, FEED_CODES.rateLimited, found, 'an answer', { retryAfterMs });
  }
  if (status === 401 || status === 403 || (status >= 300 && status < 400)) {
    return feedError(place, FEED_CODES.refused, found, 'an answer');
  }
  return feedError(place, FEED_CODES.httpStatus, found, 'an answer');
}

/**
 * One source's requests: each endpoint within its budget, each answer kept as it came before it is
 * read, repeated once when nothing came. Redirects are not followed: they lead to pages that block.
 */
export function createFeedHttp(deps: FeedHttpDeps): FeedHttp {
  const queues = new Map<string, PQueue>();
  const takeOfDay = createDayBudget(deps);

  const queueOf = (endpoint: string): PQueue => {
    const known = queues.get(endpoint);
    if (known !== undefined) return known;
    const { perMinute, atOnce } = deps.endpoints[endpoint] ?? deps.budget;
    const queue = new PQueue({
      concurrency: atOnce,
      intervalCap: perMinute,
      interval: MINUTE_MS,
      strict: true,
    });
    queues.set(endpoint, queue);
    return queue;
  };

  const scrub = (text: string): string =>
    deps.secrets.reduce((found, secret) => found.replaceAll(secret, '***'), text);

  const once = async (request: FeedRequest, call: SourceCall, place: string): Promise<string> => {
    await takeOfDay(place);
    const response = await deps.fetch(request.url, {
      method: request.method ?? 'GET',
      headers: { 'user-agent': 'Mozilla/5.0', accept: '*/*', ...request.headers },
      body: request.body ?? null,
      redirect: 'manual',
      signal: call.signal,
    });
    const fault = statusFault(response, place);
    const bytes = await bodyOf(response, place, request.maxBytes ?? MAX_BYTES);
    const text = scrub(new TextDecoder(request.encoding ?? 'utf-8').decode(bytes));
    const raw = {
      source: `${deps.source}:${request.endpoint}`,
      url: scrub(request.shownUrl ?? request.url),
      payload: text,
      at: deps.now(),
    };
    await deps.keepRaw(raw).catch(() => call.tell(fetchNote('raw_not_kept', deps.source)));
    if (fault !== null) throw fault;
    if (/^\s*<(!doctype|html|\?xml|head|script)/i.test(text)) {
      throw feedError(place, FEED_CODES.unreadable, `a page ${shownText(text)}`, 'data');
    }
    return text;
  };

  return {
    text(request, call) {
      const place = `${deps.source} ${request.endpoint}`;
      const work = () =>
        pRetry(
          () =>
            once(request, call, place).catch((error: unknown) => {
              throw failureOf(error, place);
            }),
          {
            retries: RETRIES,
            minTimeout: RETRY_MS,
            randomize: true,
            signal: call.signal,
            shouldRetry: ({ error }) => (error as FeedError).retryable === true,
          },
        );
      return queueOf(request.endpoint)
        .add(work, { signal: call.signal })
        .catch((error: unknown) => {
          throw failureOf(error, place);
        });
    },
  };
}
