import { ChannelError } from '#app/errors.ts';
import type { Channel, Incoming, Outgoing } from '#app/ports.ts';
import type { VirtualClock } from '#shell/lib/virtual-clock.ts';
import type { Faults } from './faults.ts';
import type { Life } from './life.ts';
import type { Meaning } from './meaning.ts';
import type { ChannelName } from './plan.ts';

/** A message of a person on its way to the desk. */
export type Update = { readonly incoming: Incoming; readonly meaning: Meaning };

export type ChatWatcher = {
  /** A process is handed an update; `isAuthorized` as the observer knows the people. */
  receiving(life: Life, update: Update): void;
  /** The synchronous part of taking it is over and the process lives. */
  received(life: Life, update: Update): void;
  /** The channel was told that the update is safe and will not give it again. */
  acknowledged(update: Update): void;
  /** The first byte of a card leaves the process. */
  delivering(life: Life, channel: ChannelName, outgoing: Outgoing): void;
  /** A card stands in a chat. */
  shown(channel: ChannelName, outgoing: Outgoing, messageId: string): void;
};

export type ChatServerDeps = {
  readonly name: ChannelName;
  readonly time: VirtualClock;
  readonly faults: Faults;
  readonly usualMs: number;
  /** True while nothing is delivered anywhere. */
  readonly isSilent: () => boolean;
  readonly watcher: ChatWatcher;
};

const MOST_AT_ONCE = 3;
const RETRY_MS = 1_000;

/**
 * A chat service: it keeps updates until a process has told it that they are safe, gives them again
 * otherwise, and shows cards. It outlives every process.
 */
export class ChatServer {
  readonly name: ChannelName;
  readonly #deps: ChatServerDeps;
  readonly #updates: Update[] = [];
  #messages = 0;
  #client: { life: Life; pull: () => void } | null = null;

  constructor(deps: ChatServerDeps) {
    this.name = deps.name;
    this.#deps = deps;
  }

  /** Takes a person's message. */
  push(update: Update): void {
    this.#updates.push(update);
    if (this.#client?.life.isAlive === true) this.#client.pull();
  }

  /** The connection of one process. */
  connect(life: Life): Channel {
    return {
      name: this.name,
      start: async (receive) => this.#listen(life, receive),
      deliver: (outgoing) => life.reach('chat.deliver', () => this.#deliver(life, outgoing)),
      acknowledge: async () => undefined,
      stop: async () => undefined,
    };
  }

  #listen(life: Life, receive: (rows: readonly Incoming[]) => Promise<void>): void {
    const { time, watcher } = this.#deps;
    let isUnderWay = false;
    const pull = (): void => {
      if (isUnderWay || !life.isRunning() || this.#updates.length === 0) return;
      isUnderWay = true;
      const batch = this.#updates.slice(0, MOST_AT_ONCE);
      for (const update of batch) watcher.receiving(life, update);
      const rows = batch.map(({ incoming }) => ({ ...incoming, receivedAt: time.now() }));
      const taken = life.reach('chat.receive', () => receive(rows));
      if (life.isAlive) for (const update of batch) watcher.received(life, update);
      taken.then(
        () => {
          for (const update of batch) {
            watcher.acknowledged(update);
            this.#updates.splice(this.#updates.indexOf(update), 1);
          }
          isUnderWay = false;
          pull();
        },
        () => {
          isUnderWay = false;
          time.at(time.now() + RETRY_MS, () => life.run(pull));
        },
      );
    };
    const pullWhenAwake = (): void => life.run(pull);
    this.#client = { life, pull: pullWhenAwake };
    pull();
  }

  #deliver(life: Life, outgoing: Outgoing): Promise<string> {
    const { time, faults, usualMs, watcher } = this.#deps;
    watcher.delivering(life, this.name, outgoing);
    if (this.#deps.isSilent()) return Promise.reject(failure('unreachable'));
    const fault = faults.channel(this.name);
    if (fault?.fault === 'retry') return Promise.reject(failure('unreachable'));
    if (fault?.fault === 'rate')
      return Promise.reject(failure('rate_limited', { retryAfterMs: fault.ms }));
    const ms = usualMs + (fault?.fault === 'slow' ? fault.ms : 0);
    return new Promise((resolve, reject) => {
      time.at(time.now() + ms, () => {
        let messageId = outgoing.edit;
        if (messageId === null) {
          this.#messages += 1;
          messageId = `${this.name}-${this.#messages}`;
        }
        watcher.shown(this.name, outgoing, messageId);
        if (fault?.fault === 'lost_ack') reject(failure('unreachable'));
        else resolve(messageId);
      });
    });
  }
}

function failure(code: string, context: Record<string, unknown> = {}): ChannelError {
  return new ChannelError(`simulated chat: found ${code}`, { code, retryable: true, context });
}
