import { EventName, IBApi } from '@stoqey/ib';
import { BrokerError } from '#app/errors.ts';
import type { Clock, ConnectionChange, Timer } from '#app/ports.ts';
import { guardFrames } from './frame-gate.ts';
import { FIRST_REQUEST_ID, isOrderId, portIn } from './numbers.ts';
import { type SendLane, SendLanes } from './send-lanes.ts';

export type GatewayOptions = {
  readonly host: string;
  readonly port: number;
  readonly clientId: number;
  /** Account at the broker, e.g. `DU1234567`. Kept out of every message. */
  readonly brokerAccount: string;
  readonly environment: 'paper' | 'live';
  readonly clock: Clock;
  /** Longest wait for a connection that can be used. Default 10,000. */
  readonly connectTimeoutMs?: number;
  /** Longest wait for an answer. Default 8,000. */
  readonly answerTimeoutMs?: number;
  /** After this silence the gateway is asked for the time. Default 10,000. */
  readonly heartbeatMs?: number;
  /** How long a start asks again for a client id that is in use. Default 5,000. */
  readonly idWaitMs?: number;
  /**
   * The gateway's master client, as which the orders of `clientId` can be heard and canceled, too. Null
   * or left out: the gateway has none.
   */
  readonly standInId?: number | null;
  /**
   * True after a takeover: whoever led before may be frozen with `clientId` in its hands, for as long as
   * its machine keeps the socket. The start then goes on as `standInId`.
   */
  readonly hasTakenOver?: boolean;
  /** Waits between attempts to connect again, the last one repeats; each is varied by a fifth. */
  readonly backoffMs?: readonly number[];
  /** One line without secrets for the log. */
  readonly onNote?: (line: string) => void;
};

/** Told of what the connection brings; attached anew to every connection. */
export type Attach = (api: IBApi) => void;

type Ready = { readonly api: IBApi; readonly accounts: readonly string[] };

const BACKOFF_MS = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000] as const;
/**
 * The gateway notices the end of a connection a moment after it: who left just now, a look at the other
 * side or a process that died, still has the id for that long. Less than a start is waited for.
 */
const ID_WAIT_MS = 5_000;
/** After a takeover: a process that was killed has left by then, one that is frozen never leaves. */
const FROZEN_AFTER_MS = 1_000;
const ID_AGAIN_MS = 250;
/** The library's own pacing is wide open; {@link SendLanes} paces with a lane for cancels. */
const LIBRARY_RATE = 100_000;

/** The gateway lost its servers; the socket to it stands. Source: the vendor's message codes. */
const LOST_CODES: ReadonlySet<number> = new Set([1100, 2110]);
const RESTORED_CODES: ReadonlySet<number> = new Set([1101, 1102]);
const PORT_CHANGED = 1300;

/**
 * One connection to TWS or IB Gateway, kept up: every attempt is a new client of the library, since
 * the old one would send what it had queued, orders included, once it is connected again. A login
 * that restarts at night is no failure; attempts go on until {@link stop}.
 */
export class IbkrGateway {
  readonly #options: GatewayOptions;
  readonly #lanes = new SendLanes();
  readonly #attached: Attach[] = [];
  readonly #listeners: ((change: ConnectionChange) => void)[] = [];
  #api: IBApi | null = null;
  #isReady = false;
  /** False while the gateway itself has lost the vendor's servers. */
  #hasServers = true;
  #isStopped = false;
  #wasReady = false;
  #port: number;
  #clientId: number;
  readonly #standInId: number | null;
  #nextOrderId = 0;
  #nextRequestId = FIRST_REQUEST_ID;
  #lastHeardAt = 0;
  #retry: Timer | null = null;
  #watch: Timer | null = null;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#port = options.port;
    this.#clientId = options.clientId;
    const { standInId = null, clientId } = options;
    this.#standInId = standInId === clientId ? null : standInId;
  }

  /** The id this connection has, or asks for next. */
  clientId(): number {
    return this.#clientId;
  }

  /** True for orders that this desk enters under either of its ids. */
  isOwnId(clientId: number | undefined): boolean {
    return clientId === this.#options.clientId || clientId === (this.#standInId ?? undefined);
  }

  /** True for orders that this connection may cancel. */
  mayCancel(clientId: number | undefined): boolean {
    return clientId === this.#clientId || (this.isStandIn() && this.isOwnId(clientId));
  }

  isStandIn(): boolean {
    return this.#clientId !== this.#options.clientId;
  }

  /** Registers listeners on this and every later connection. Before {@link start}. */
  attach(attach: Attach): void {
    this.#attached.push(attach);
  }

  onConnection(listen: (change: ConnectionChange) => void): void {
    this.#listeners.push(listen);
  }

  /** True when an order could be sent. */
  isReady(): boolean {
    return this.#isReady && this.#hasServers;
  }

  /** An id no order of this client had before. */
  takeOrderId(): number {
    const id = this.#nextOrderId;
    this.#nextOrderId += 1;
    return id;
  }

  /** Never give out an id at or below one that was seen. */
  noteOrderId(seen: number): void {
    if (!isOrderId(seen + 1)) return;
    this.#nextOrderId = Math.max(this.#nextOrderId, seen + 1);
  }

  takeRequestId(): number {
    const id = this.#nextRequestId;
    this.#nextRequestId += 1;
    return id;
  }

  /** True for ids of {@link takeRequestId}, false for those of orders. */
  isRequestId(id: number): boolean {
    return id >= FIRST_REQUEST_ID;
  }

  answerTimeoutMs(): number {
    return this.#options.answerTimeoutMs ?? 8_000;
  }

  /**
   * Writes to the connection that stands now, when its lane has room. Rejects with BrokerError
   * `disconnected` when there is none, it was replaced meanwhile, or room came later than `withinMs`:
   * then nothing was written.
   */
  async send(
    lane: SendLane,
    write: (api: IBApi) => void,
    withinMs = Number.POSITIVE_INFINITY,
  ): Promise<void> {
    const api = this.#api;
    const { clock } = this.#options;
    if (api === null || !this.#isReady) throw this.#failure('disconnected', 'no connection');
    const askedAt = clock.now();
    await this.#lanes.send(lane, () => {
      const waited = clock.now() - askedAt;
      if (waited > withinMs) throw this.#failure('disconnected', `room after ${waited} ms only`);
      if (this.#api !== api || !this.#isReady) throw this.#failure('disconnected', 'it ended');
      write(api);
    });
  }

  /** Connects. Throws BrokerError `disconnected`, `wrong_account` or `client_id_in_use`. */
  async start(): Promise<void> {
    this.#isStopped = false;
    const { clock, idWaitMs = ID_WAIT_MS, hasTakenOver } = this.#options;
    const untilAt = clock.now() + idWaitMs;
    const frozenAt =
      hasTakenOver === true && this.#standInId !== null
        ? clock.now() + Math.min(idWaitMs, FROZEN_AFTER_MS)
        : Number.POSITIVE_INFINITY;
    while (true) {
      try {
        return await this.#connect();
      } catch (error) {
        const isTaken = error instanceof BrokerError && error.code === 'client_id_in_use';
        if (isTaken && !this.isStandIn() && clock.now() + ID_AGAIN_MS > frozenAt) {
          this.#use(this.#standInId, 'the client id is held by a process that was taken over from');
          continue;
        }
        if (!isTaken || this.#isStopped || clock.now() + ID_AGAIN_MS > untilAt) throw error;
        this.#note('the client id is still in use; asked for again');
        await new Promise<void>((resolve) => void clock.at(clock.now() + ID_AGAIN_MS, resolve));
        if (this.#isStopped) throw error;
      }
    }
  }

  /** Connects anew as the stand-in, as which all orders can be canceled; as before where its id is in use. Throws as `start`. */
  async standIn(): Promise<void> {
    this.#drop();
    this.#wasReady = false;
    this.#use(this.#standInId, 'orders of the master client stand');
    try {
      await this.start();
    } catch (error) {
      if (!(error instanceof BrokerError) || error.code !== 'client_id_in_use') throw error;
      this.#use(
        this.#options.clientId,
        'the master client is in use; its orders cannot be canceled',
      );
      await this.start();
    }
  }

  #use(clientId: number | null, why: string): void {
    this.#clientId = clientId ?? this.#options.clientId;
    this.#note(`${why}; goes on as client ${this.#clientId}`);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#retry?.cancel();
    this.#watch?.cancel();
    this.#drop();
  }

  #failure(code: string, found: string): BrokerError {
    return new BrokerError(`ibkr gateway: found ${found}, expected a connection`, {
      code,
      retryable: code === 'disconnected' || code === 'unreadable',
    });
  }

  #note(line: string): void {
    this.#options.onNote?.(`ibkr gateway: ${line}`);
  }

  async #connect(): Promise<void> {
    const { host, connectTimeoutMs = 10_000 } = this.#options;
    const clientId = this.#clientId;
    const api = new IBApi({ host, port: this.#port, clientId, maxReqPerSec: LIBRARY_RATE });
    this.#api = api;
    guardFrames(api, (found) => this.#onEnd(api, found));
    for (const attach of this.#attached) attach(api);
    try {
      const { accounts } = await this.#handshake(api, connectTimeoutMs);
      this.#check(accounts);
    } catch (error) {
      if (this.#api === api) this.#drop();
      throw error;
    }
    this.#isReady = true;
    this.#hasServers = true;
    this.#lastHeardAt = this.#options.clock.now();
    this.#beat(api);
    if (this.#wasReady) this.#tell('restored', 'connected again');
    this.#wasReady = true;
  }

  /** Usable once the next order id and the accounts have come; what fails before that is said. */
  #handshake(api: IBApi, timeoutMs: number): Promise<Ready> {
    return new Promise((resolve, reject) => {
      let accounts: readonly string[] | null = null;
      let hasId = false;
      const timer = this.#options.clock.at(this.#options.clock.now() + timeoutMs, () =>
        reject(this.#failure('disconnected', `no answer within ${timeoutMs} ms`)),
      );
      const done = (): void => {
        if (accounts === null || !hasId) return;
        timer.cancel();
        resolve({ api, accounts });
      };
      const fail = (code: string, found: string): void => {
        timer.cancel();
        reject(this.#failure(code, found));
      };
      api.on(EventName.nextValidId, (id) => {
        if (!isOrderId(id)) return fail('unreadable', `next order id ${id}`);
        this.noteOrderId(id - 1);
        hasId = true;
        done();
      });
      api.on(EventName.managedAccounts, (list) => {
        accounts = String(list)
          .split(',')
          .map((account) => account.trim())
          .filter((account) => account !== '');
        done();
      });
      api.on(EventName.error, (error, errorCode) => {
        const code = Number(errorCode);
        if (code === 326) fail('client_id_in_use', `client id ${this.#clientId} in use`);
        else if (!this.#isReady && code >= 500 && code < 600) fail('disconnected', error.message);
      });
      api.on(EventName.disconnected, () => {
        if (!this.#isReady) fail('disconnected', 'a closed socket');
        else this.#onEnd(api, 'socket closed');
      });
      api.on(EventName.info, (text, code) => this.#onInfo(api, text, Number(code)));
      api.on(EventName.received, () => {
        this.#lastHeardAt = this.#options.clock.now();
      });
      api.connect();
    });
  }

  #check(accounts: readonly string[]): void {
    const { brokerAccount, environment } = this.#options;
    if (!accounts.includes(brokerAccount))
      throw new BrokerError(
        `ibkr gateway: found ${accounts.length} other accounts, expected the one configured`,
        { code: 'wrong_account', retryable: false },
      );
    // paper accounts begin with DU (DF for advisors)
    const found = /^D[UF]/.test(brokerAccount) ? 'paper' : 'live';
    if (found !== environment)
      throw new BrokerError(`ibkr gateway: found a ${found} account, expected ${environment}`, {
        code: 'wrong_account',
        retryable: false,
      });
  }

  #onInfo(api: IBApi, text: string, code: number): void {
    if (this.#api !== api) return;
    this.#note(`${code} ${text}`);
    if (LOST_CODES.has(code) && this.#hasServers) {
      this.#hasServers = false;
      this.#tell('lost', `${code}: the gateway lost the vendor`);
    } else if (RESTORED_CODES.has(code) && !this.#hasServers) {
      this.#hasServers = true;
      this.#tell('restored', `${code}: the gateway has the vendor again`);
    } else if (code === PORT_CHANGED) {
      this.#port = portIn(text) ?? this.#port;
      this.#onEnd(api, `${code}: the port changed`);
    }
  }

  #onEnd(api: IBApi, cause: string): void {
    if (this.#api !== api) return;
    const wasReady = this.#isReady;
    this.#drop();
    if (wasReady) this.#tell('lost', cause);
    if (wasReady && !this.#isStopped) this.#again(0);
  }

  #drop(): void {
    const api = this.#api;
    this.#api = null;
    this.#isReady = false;
    this.#watch?.cancel();
    if (api === null) return;
    api.removeAllListeners();
    // what the library says of its end concerns nobody any more, but unheard it would be thrown
    api.on(EventName.error, () => undefined);
    api.disconnect();
  }

  #again(attempt: number): void {
    const waits = this.#options.backoffMs ?? BACKOFF_MS;
    const wait = waits[Math.min(attempt, waits.length - 1)] ?? 30_000;
    const { clock } = this.#options;
    const varied = wait * (0.8 + 0.4 * Math.random());
    this.#retry = clock.at(clock.now() + varied, () => {
      this.#connect().catch((error: unknown) => {
        this.#note(error instanceof Error ? error.message : 'connecting failed');
        if (!this.#isStopped) this.#again(attempt + 1);
      });
    });
  }

  /** Asks for the time when nothing was heard; silence after that is a lost connection. */
  #beat(api: IBApi): void {
    const { clock, heartbeatMs = 10_000 } = this.#options;
    let askedAt: number | null = null;
    const look = (): void => {
      if (this.#api !== api) return;
      const now = clock.now();
      if (this.#lastHeardAt > (askedAt ?? 0)) askedAt = null;
      if (askedAt !== null && now - askedAt >= this.answerTimeoutMs())
        return this.#onEnd(api, `silent for ${now - this.#lastHeardAt} ms`);
      if (askedAt === null && now - this.#lastHeardAt >= heartbeatMs) {
        askedAt = now;
        this.send('normal', (current) => current.reqCurrentTime()).catch(() => undefined);
      }
      this.#watch = clock.at(now + heartbeatMs / 2, look);
    };
    this.#watch = clock.at(clock.now() + heartbeatMs / 2, look);
  }

  #tell(kind: ConnectionChange['kind'], cause: string): void {
    const at = this.#options.clock.now();
    this.#note(`${kind}: ${cause}`);
    for (const listen of this.#listeners) listen({ kind, at, cause });
  }
}
