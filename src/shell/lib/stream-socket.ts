import pRetry from 'p-retry';
import { WebSocket } from 'ws';
import type { Clock, Timer } from '#app/ports.ts';

/** One connection as the protocol above it sees it. */
export type StreamLink = {
  send(message: unknown): void;
  /** The handshake is done: what follows is traffic. */
  ready(): void;
  /**
   * Ends this connection. `isFinal`: the other side will not let us in as we are, which is tried again
   * at the longest pause only. `pauseMs`: a pause it asked for.
   */
  fail(cause: string, how?: { readonly isFinal?: boolean; readonly pauseMs?: number }): void;
};

export type StreamOptions = {
  readonly url: string;
  readonly clock: Clock;
  /** From dialing to the end of the handshake. */
  readonly connectTimeoutMs: number;
  /** A ping after this long; without any traffic for twice as long the connection is given up. */
  readonly heartbeatMs: number;
  /** First pause before a new connection; it doubles, with chance in it, up to the longest. */
  readonly pauseMs: number;
  readonly longestPauseMs: number;
  readonly onOpen: (link: StreamLink) => void;
  /** A whole message as JSON; a frame that is none ends the connection. */
  readonly onMessage: (message: unknown, link: StreamLink) => void;
  /** Each time a connection is ready. */
  readonly onUp: () => void;
  /** A connection that was ready has ended. */
  readonly onDown: (cause: string) => void;
  /** A connection was refused for good reason; told once until one is ready. */
  readonly onRefused: (cause: string) => void;
  /** Each attempt that failed while none was ready. */
  readonly onFailed?: (cause: string) => void;
  /** Every heartbeat in which something was heard. */
  readonly onHeard?: () => void;
};

/** Why a connection ended or was not made. */
export class StreamError extends Error {
  readonly isFinal: boolean;
  readonly pauseMs: number;

  constructor(cause: string, how: { isFinal?: boolean; pauseMs?: number } = {}) {
    super(cause);
    this.name = 'StreamError';
    this.isFinal = how.isFinal ?? false;
    this.pauseMs = how.pauseMs ?? 0;
  }
}

/** In an object, because a promise of a promise would wait for the inner one. */
type Connection = { readonly ended: Promise<string> };

/** A connection that ends sooner than this has not proven itself, and the pauses go on growing. */
const SHORT_LIFE_MS = 10_000;
const LONGEST_CAUSE = 200;

/**
 * One connection at a time, for ever: dials, shakes hands, listens, and when the connection ends in any
 * way dials again after a growing pause. Nothing is replayed: after each `onUp` the owner reads what it
 * may have missed.
 */
export class StreamSocket {
  readonly #options: StreamOptions;
  readonly #stopping = new AbortController();
  #finish: ((cause: string) => void) | null = null;
  #link: StreamLink | null = null;
  #isUp = false;
  #shortLives = 0;

  constructor(options: StreamOptions) {
    this.#options = options;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Resolves when the first connection is ready. Rejects with StreamError; nothing goes on then. */
  async start(): Promise<void> {
    const first = await this.#connect();
    void this.#keepUp(first);
  }

  /** Connects as soon as it can and tells so by `onUp`; nothing that goes wrong ends the attempts. */
  startInBackground(): void {
    this.#dial().then(
      (first) => this.#keepUp(first),
      () => undefined,
    );
  }

  /** Ends the connection for good. */
  stop(): void {
    this.#stopping.abort();
    this.#finish?.('stopped');
  }

  /** Ends the connection because its owner no longer trusts it; a new one follows. */
  drop(cause: string): void {
    this.#finish?.(cause);
  }

  /** Sends over a connection that is ready; without one nothing is sent. */
  send(message: unknown): void {
    if (this.#isUp) this.#link?.send(message);
  }

  async #keepUp(first: Connection): Promise<void> {
    let connection = first;
    const { clock, onDown } = this.#options;
    for (;;) {
      const since = clock.now();
      const cause = await connection.ended;
      if (this.#stopping.signal.aborted) return;
      this.#shortLives = clock.now() - since < SHORT_LIFE_MS ? this.#shortLives + 1 : 0;
      onDown(cause);
      try {
        connection = await this.#reconnect();
      } catch {
        // attempts never run out: it was stopped
        return;
      }
    }
  }

  async #reconnect(): Promise<Connection> {
    const { longestPauseMs, pauseMs } = this.#options;
    const grown = pauseMs * 2 ** Math.max(0, this.#shortLives - 1) * (1 + Math.random());
    await this.#pause(Math.min(grown, longestPauseMs));
    return await this.#dial();
  }

  /** Connects, again and again with growing pauses. Rejects only when stopped. */
  async #dial(): Promise<Connection> {
    const { longestPauseMs, onFailed, onRefused, pauseMs } = this.#options;
    let isTold = false;
    return await pRetry(() => this.#connect(), {
      retries: Number.POSITIVE_INFINITY,
      minTimeout: pauseMs,
      maxTimeout: longestPauseMs,
      randomize: true,
      signal: this.#stopping.signal,
      onFailedAttempt: async ({ error }) => {
        if (!(error instanceof StreamError)) return;
        onFailed?.(error.message);
        if (error.isFinal && !isTold) onRefused(error.message);
        isTold ||= error.isFinal;
        await this.#pause(error.isFinal ? longestPauseMs : error.pauseMs);
      },
    });
  }

  #pause(ms: number): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stopping;
    return new Promise((resolve, reject) => {
      const timer = clock.at(clock.now() + ms, resolve);
      const abort = (): void => {
        timer.cancel();
        reject(signal.reason);
      };
      if (signal.aborted) abort();
      else signal.addEventListener('abort', abort, { once: true });
    });
  }

  #connect(): Promise<Connection> {
    const { clock, connectTimeoutMs, onMessage, onOpen, onUp, url } = this.#options;
    const life = Promise.withResolvers<string>();
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url, { followRedirects: false, perMessageDeflate: false });
      let stage: 'dialing' | 'ready' | 'over' = 'dialing';
      const watch = watchOver(socket, this.#options, (cause) => finish(cause));
      const timer = clock.at(clock.now() + connectTimeoutMs, () => {
        if (stage === 'dialing') finish(`no handshake within ${connectTimeoutMs} ms`);
      });
      const finish: StreamLink['fail'] = (found, how) => {
        if (stage === 'over') return;
        const wasReady = stage === 'ready';
        stage = 'over';
        timer.cancel();
        watch.cancel();
        const cause = found.slice(0, LONGEST_CAUSE);
        // what a socket says while it is taken down concerns nobody
        socket.on('error', () => undefined);
        socket.terminate();
        this.#isUp = false;
        if (wasReady) life.resolve(cause);
        else reject(new StreamError(cause, how));
      };
      const link: StreamLink = {
        send: (message) => {
          if (stage !== 'over') socket.send(JSON.stringify(message));
        },
        ready: () => {
          if (stage !== 'dialing') return;
          stage = 'ready';
          timer.cancel();
          this.#isUp = true;
          resolve({ ended: life.promise });
          onUp();
        },
        fail: finish,
      };
      this.#link = link;
      this.#finish = finish;
      socket.on('open', () => onOpen(link));
      socket.on('error', (error) => finish(error.message));
      socket.on('close', (code) => finish(`closed with ${code}`));
      socket.on('message', (data) => {
        if (stage === 'over') return;
        const message = jsonOf(String(data));
        if (message === undefined) finish('a frame that is no JSON');
        else onMessage(message, link);
      });
      if (this.#stopping.signal.aborted) finish('stopped');
    });
  }
}

/** Text and binary frames alike hold UTF-8. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Pings a silent socket, and gives it up when it stays silent. */
function watchOver(
  socket: WebSocket,
  options: Pick<StreamOptions, 'clock' | 'heartbeatMs' | 'onHeard'>,
  giveUp: (cause: string) => void,
): Timer {
  const { clock, heartbeatMs, onHeard } = options;
  let heardAt = clock.now();
  let isHeard = false;
  const hear = (): void => {
    heardAt = clock.now();
    isHeard = true;
  };
  for (const sign of ['open', 'message', 'ping', 'pong'] as const) socket.on(sign, hear);
  let timer: Timer;
  const look = (): void => {
    const silentMs = clock.now() - heardAt;
    if (silentMs >= 2 * heartbeatMs) {
      giveUp(`no traffic for ${silentMs} ms`);
      return;
    }
    if (isHeard) onHeard?.();
    isHeard = false;
    if (socket.readyState === WebSocket.OPEN) socket.ping();
    timer = clock.at(clock.now() + heartbeatMs, look);
  };
  timer = clock.at(clock.now() + heartbeatMs, look);
  return { cancel: () => timer.cancel() };
}
