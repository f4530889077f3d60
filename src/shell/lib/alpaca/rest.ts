import pRetry from 'p-retry';
import { Agent } from 'undici';
import { z } from 'zod';
import type { BrokerError, FailureOptions, FeedError } from '#app/errors.ts';
import type { Clock, Timer } from '#app/ports.ts';
import { type AlpacaKeys, withoutKeys } from '#shell/lib/alpaca/keys.ts';
import { type BudgetLane, RateBudget } from '#shell/lib/rate-budget.ts';
import { Turns } from '#shell/lib/turns.ts';

/** One call as the log shows it. `requestId` is the vendor's name of it, which support asks for. */
export type AlpacaCallLine = {
  readonly call: string;
  readonly status: number | null;
  readonly ms: number;
  readonly requestId: string | null;
  /** Why there is no usable answer; null when there is one. */
  readonly failure: string | null;
};

export type AlpacaRestOptions = {
  /** Who asks, as messages name it: `alpaca alpaca-us`. */
  readonly name: string;
  /** Without a slash at the end: `https://paper-api.alpaca.markets`. */
  readonly baseUrl: string;
  readonly keys: AlpacaKeys;
  readonly clock: Clock;
  readonly fetch: typeof globalThis.fetch;
  readonly timeoutMs: number;
  /** Class of what is thrown. */
  readonly Failure: typeof BrokerError | typeof FeedError;
  readonly onCall: (line: AlpacaCallLine) => void;
};

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export type AlpacaCall<T> = {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Query;
  readonly body?: unknown;
  readonly lane: BudgetLane;
  /** Longest wait for the budget; later the call fails as `disconnected`, unsent. Left out: for ever. */
  readonly withinMs?: number;
  /** Shape of a good answer. */
  readonly answer: z.ZodType<T>;
};

/** `refused`: the vendor read the call and said no (403, 404, 422 with its own code): nothing was done. */
export type AlpacaAnswer<T> =
  | { readonly kind: 'answered'; readonly data: T }
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly code: number;
      readonly message: string;
      /** Everything the vendor said beside code and message. */
      readonly details: Readonly<Record<string, unknown>>;
    };

/** Calls a minute per account and host unless the vendor says otherwise. Source: its usage limits. */
const PER_MINUTE = 200;
const RETRIES = 2;
const RETRY_MS = 150;
const LONGEST_RETRY_MS = 2_000;
/** Without a word on when the limit ends. */
const LIMITED_MS = 5_000;
const SECOND_MS = 1_000;
/**
 * Left to itself fetch closes a connection after 4 s of silence. Well below the minute after which servers
 * close one: a request must not meet that. The vendor's own word, if it gives one, wins.
 */
const IDLE_MS = 30_000;
const LONGEST_QUOTE = 160;

/** The trading host gives a code of its own, the data host words alone. */
const errorBody = z.looseObject({ code: z.number().int().optional(), message: z.string() });
const REFUSALS: ReadonlySet<number> = new Set([403, 404, 422]);
/** The trading host's codes have eight digits; `{"code":404}` is the word of something in between. */
const LEAST_CODE = 10_000_000;
/** Nothing can have been sent when the connection could not be made. */
const NEVER_SENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** First fault of an answer against its shape, as `place: found …, expected …`. */
function faultOf(error: z.ZodError, data: unknown): string {
  const [issue] = error.issues;
  const path = issue?.path ?? [];
  let found: unknown = data;
  for (const key of path) found = (found as Record<PropertyKey, unknown> | null)?.[key];
  const shown = found === undefined ? 'nothing' : JSON.stringify(found)?.slice(0, 60);
  return `${path.join('.') || 'the answer'}: found ${shown}, expected ${issue?.message ?? 'another shape'}`;
}

/** Why a call got no answer: codes of the system stand behind fetch's own error. */
function causeOf(error: unknown): { readonly code: string; readonly found: string } {
  const { name, message, cause } = error as Error & { cause?: { code?: string; message?: string } };
  if (name === 'TimeoutError') return { code: 'timeout', found: 'no answer in time' };
  if (name === 'AbortError') return { code: 'stopped', found: 'a call given up' };
  const found = cause?.code ?? cause?.message ?? message;
  return { code: NEVER_SENT.has(found) ? 'disconnected' : 'connection_lost', found };
}

function numberIn(headers: Headers, name: string): number | null {
  const text = headers.get(name);
  if (text === null || text.trim() === '') return null;
  const number = Number(text);
  return Number.isFinite(number) ? number : null;
}

/** A thin client of one host for one account: keys, budget, retries of what is safe, and the shape of answers. */
export class AlpacaRest {
  readonly #options: AlpacaRestOptions;
  readonly #budget: RateBudget;
  readonly #stopping = new AbortController();
  readonly #turns = new Turns();
  readonly #connections = new Agent({ keepAliveTimeout: IDLE_MS });
  #calledAt = Number.NEGATIVE_INFINITY;
  #warming: Timer | null = null;

  constructor(options: AlpacaRestOptions) {
    this.#options = options;
    this.#budget = new RateBudget({ clock: options.clock, perMinute: PER_MINUTE });
  }

  /** Gives up what is under way. */
  stop(): void {
    this.#stopping.abort();
    this.#budget.close();
    this.#warming?.cancel();
    this.#connections.destroy().catch(() => undefined);
  }

  /**
   * Asks a small question whenever nothing was asked for that long, so that a connection stands when the
   * first cancel of a kill is made: making one takes two or three journeys to the vendor and back.
   */
  keepWarm(path: string, everyMs: number): void {
    const { clock } = this.#options;
    const later = (): void => {
      if (!this.#stopping.signal.aborted) this.#warming = clock.at(clock.now() + everyMs, look);
    };
    const look = (): void => {
      if (clock.now() - this.#calledAt < everyMs) return later();
      const asked = this.call({ method: 'GET', path, lane: 'poll', answer: z.unknown() });
      asked.then(later, later);
    };
    later();
  }

  /** A failure of this client in one line, with the keys cut out wherever they came from. */
  failure(place: string, text: string, options: FailureOptions): BrokerError | FeedError {
    const { Failure, name } = this.#options;
    return new Failure(this.#scrub(`${name} ${place}: ${text}`), options);
  }

  /**
   * One call. GET is tried again after a failure, everything after a 429 that can be repeated safely;
   * POST and PATCH leave once. Throws the failure class: `timeout`, `connection_lost`, `server_error`,
   * `unreadable` and `rate_limited` leave open what became of the call, `disconnected` does not.
   */
  call<T>(call: AlpacaCall<T>): Promise<AlpacaAnswer<T>> {
    const isGet = call.method === 'GET';
    if (!isGet && call.method !== 'DELETE') return this.#once(call);
    const retried = pRetry(() => this.#once(call), {
      retries: RETRIES,
      minTimeout: RETRY_MS,
      maxTimeout: LONGEST_RETRY_MS,
      randomize: true,
      signal: this.#stopping.signal,
      shouldRetry: ({ error }) => {
        const { code } = error as BrokerError;
        if (code === 'rate_limited') return true;
        return isGet && (code === 'connection_lost' || code === 'server_error');
      },
    });
    return retried.catch((error: unknown) => {
      throw this.#failureOf(call, error);
    });
  }

  /** As `call`, for questions whose refusal is a failure. */
  async ask<T>(call: AlpacaCall<T>): Promise<T> {
    const answer = await this.call(call);
    if (answer.kind === 'answered') return answer.data;
    const { status, code, message } = answer;
    throw this.failure(
      placeOf(call),
      `found ${status} (${code} ${message.slice(0, LONGEST_QUOTE)}), expected an answer`,
      { code: 'refused', retryable: false, context: { status, vendorCode: code } },
    );
  }

  async #once<T>(call: AlpacaCall<T>): Promise<AlpacaAnswer<T>> {
    const { clock } = this.#options;
    const askedAt = clock.now();
    const turn = this.#budget.take(call.lane) ?? this.#turnOf(call.lane);
    if (turn !== null) await turn;
    const waited = clock.now() - askedAt;
    if (call.withinMs !== undefined && waited > call.withinMs)
      throw this.failure(placeOf(call), `found room after ${waited} ms only, expected it sooner`, {
        code: 'disconnected',
        retryable: false,
      });
    const startedAt = clock.now();
    this.#calledAt = startedAt;
    let response: Response | null = null;
    let failure: string | null = null;
    try {
      response = await this.#send(call);
      this.#noteLimits(response);
      // whatever echoes the keys, nothing behind this line knows them
      const text = this.#scrub(await response.text());
      return this.#read(call, response, text);
    } catch (error) {
      const found = this.#failureOf(call, error);
      failure = found.message;
      throw found;
    } finally {
      this.#options.onCall({
        call: placeOf(call),
        status: response?.status ?? null,
        ms: clock.now() - startedAt,
        requestId: response?.headers.get('x-request-id') ?? null,
        failure,
      });
    }
  }

  /** Fifty cancels of a kill are made one after another, so that the first has left before the last is made. */
  #turnOf(lane: BudgetLane): Promise<void> | null {
    return lane === 'urgent' ? this.#turns.take() : null;
  }

  #send<T>(call: AlpacaCall<T>): Promise<Response> {
    const { baseUrl, keys, timeoutMs, fetch } = this.#options;
    const url = new URL(`${baseUrl}${call.path}`);
    for (const [key, value] of Object.entries(call.query ?? {}))
      if (value !== undefined) url.searchParams.set(key, String(value));
    return fetch(url, {
      method: call.method,
      headers: {
        'APCA-API-KEY-ID': keys.keyId,
        'APCA-API-SECRET-KEY': keys.secretKey,
        accept: 'application/json',
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: call.body === undefined ? null : JSON.stringify(call.body),
      // the keys would travel on to wherever a redirect points
      redirect: 'manual',
      // of the version this Node has inside, whose types are told apart by name alone
      dispatcher: this.#connections as unknown as NonNullable<RequestInit['dispatcher']>,
      signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), this.#stopping.signal]),
    });
  }

  #noteLimits(response: Response): void {
    const { headers, status } = response;
    const resetSeconds = numberIn(headers, 'x-ratelimit-reset');
    const resetAt = resetSeconds === null ? null : resetSeconds * SECOND_MS;
    this.#budget.note(
      numberIn(headers, 'x-ratelimit-limit'),
      numberIn(headers, 'x-ratelimit-remaining'),
      resetAt,
    );
    if (status !== 429) return;
    const now = this.#options.clock.now();
    const retrySeconds = numberIn(headers, 'retry-after');
    this.#budget.pause(
      retrySeconds !== null ? now + retrySeconds * SECOND_MS : (resetAt ?? now + LIMITED_MS),
    );
  }

  #read<T>(call: AlpacaCall<T>, response: Response, text: string): AlpacaAnswer<T> {
    const { status } = response;
    const place = placeOf(call);
    if (status === 429)
      throw this.failure(place, 'found 429 too many calls, expected an answer', {
        code: 'rate_limited',
        retryable: true,
      });
    const body = this.#parse(place, response, text);
    if (status >= 200 && status < 300) {
      const parsed = call.answer.safeParse(body);
      if (parsed.success) return { kind: 'answered', data: parsed.data };
      throw this.failure(place, faultOf(parsed.error, body), unreadable(status));
    }
    const said = errorBody.safeParse(body);
    const { code = 0, message = '', ...details } = said.success ? said.data : {};
    if (code >= LEAST_CODE && REFUSALS.has(status)) {
      return { kind: 'refused', status, code, message, details };
    }
    const words = said.success ? ` (${[said.data.code, said.data.message].join(' ').trim()})` : '';
    const isServer = status >= 500;
    const isKey = status === 401 || status === 403;
    throw this.failure(
      place,
      `found ${status}${words.slice(0, LONGEST_QUOTE)}, expected an answer`,
      {
        code: isServer ? 'server_error' : isKey ? 'unauthorized' : 'unexpected_status',
        retryable: isServer,
        context: { status },
      },
    );
  }

  #parse(place: string, response: Response, text: string): unknown {
    const { status } = response;
    if (text === '' && (status === 204 || status >= 300)) return null;
    try {
      return JSON.parse(text);
    } catch {
      // an error page of something in between; the status alone decides
      if (status >= 400) return null;
      const shown = JSON.stringify(text.slice(0, 40));
      throw this.failure(place, `found ${status} ${shown}, expected JSON`, unreadable(status));
    }
  }

  #failureOf<T>(call: AlpacaCall<T>, error: unknown): Error {
    if (error instanceof this.#options.Failure) return error;
    const { code, found } = causeOf(error);
    const text = `found ${found} within ${this.#options.timeoutMs} ms, expected an answer`;
    return this.failure(placeOf(call), text, { code, retryable: call.method === 'GET' });
  }

  #scrub(text: string): string {
    return withoutKeys(this.#options.keys, text);
  }
}

function placeOf(call: Pick<AlpacaCall<unknown>, 'method' | 'path'>): string {
  return `${call.method} ${call.path}`;
}

function unreadable(status: number): FailureOptions {
  return { code: 'unreadable', retryable: false, context: { status } };
}
