import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Ack,
  type DeskLine,
  DeskRefusal,
  type Said,
  type Window,
  type Written,
} from './desk-line.ts';
import type { KeptState } from './kept-state.ts';
import { partsOf } from './message-parts.ts';

/** Somebody who speaks WeChat. */
export type Bot = {
  isLoggedIn(): boolean;
  /** Throws Refused when there is no such chat, anything else when it may be tried again. */
  say(chatId: string, text: string): Promise<void>;
  sayFile(chatId: string, file: NonNullable<Said['file']>): Promise<void>;
};

/** What WeChat will never take. */
export class Refused extends Error {}

/** What a puppet allows: so many sends within so many hours after a person wrote. */
export type Allowance = { readonly sends: number; readonly hours: number };

export type CarrierDeps = {
  readonly line: DeskLine;
  readonly state: KeptState;
  readonly bot: Bot;
  /** Null: nothing is counted. */
  readonly allowance: Allowance | null;
  readonly now: () => number;
  readonly tell: (line: string) => void;
};

const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 5000;
const HOUR_MS = 3_600_000;
/** Refusals that no further try changes. */
const FINAL: ReadonlySet<number> = new Set([401, 409]);
const MOST_AT_ONCE = 100;

/** Carries between a desk and WeChat: a message of the desk once, one of a person until the desk has it. */
export class Carrier {
  readonly #deps: CarrierDeps;
  readonly #stopped = new AbortController();
  #asking = new AbortController();
  #isWriting = false;

  constructor(deps: CarrierDeps) {
    this.#deps = deps;
  }

  /** A person wrote. */
  heard(message: Written): void {
    this.#deps.state.addWritten(message, this.#deps.now());
    void this.#write();
    this.changed();
  }

  /** The desk hears at once how things stand. */
  changed(): void {
    this.#asking.abort();
  }

  /** Carries until it is stopped. Throws when the desk refuses the key, or another process took over. */
  async run(): Promise<void> {
    void this.#write();
    let pauseMs = FIRST_PAUSE_MS;
    while (!this.#stopped.signal.aborted) {
      try {
        for (const said of await this.#ask()) await this.#carry(said);
        pauseMs = FIRST_PAUSE_MS;
      } catch (error) {
        if (error instanceof DeskRefusal && FINAL.has(error.status)) throw error;
        if (!this.#asking.signal.aborted)
          pauseMs = await this.#pause(pauseMs, `the desk does not answer: ${error}`);
      }
    }
  }

  stop(): void {
    this.#stopped.abort();
  }

  #ask(): Promise<readonly Said[]> {
    this.#asking = new AbortController();
    const signal = AbortSignal.any([this.#asking.signal, this.#stopped.signal]);
    const { bot, line } = this.#deps;
    return line.pull({ isLoggedIn: bot.isLoggedIn(), windows: windowsOf(this.#deps) }, signal);
  }

  async #carry(said: Said): Promise<void> {
    const { line, tell } = this.#deps;
    let ack: Ack = { id: said.id, outcome: 'sent' };
    try {
      await this.#send(said);
    } catch (error) {
      const outcome = error instanceof Refused ? 'refused' : 'failed';
      const cause = (error instanceof Error ? error.message : String(error)).slice(0, 200);
      ack = { id: said.id, outcome, cause };
      tell(`message not sent: ${cause}`);
    }
    // an answer that is lost is asked for again, under the same id
    await line.ack([ack]).catch((error: unknown) => tell(String(error)));
  }

  /** Sends the parts that have not left yet. */
  async #send({ id, chatId, text, file }: Said): Promise<void> {
    const { bot, state } = this.#deps;
    const parts = [
      ...(text === '' ? [] : partsOf(text).map((part) => () => bot.say(chatId, part))),
      ...(file === null ? [] : [() => bot.sayFile(chatId, file)]),
    ];
    for (let n = state.partsSent(id); n < parts.length; n += 1) {
      await parts[n]?.();
      state.noteSent(id, n + 1, chatId);
    }
  }

  async #write(): Promise<void> {
    if (this.#isWriting) return;
    this.#isWriting = true;
    const { line, state } = this.#deps;
    let pauseMs = FIRST_PAUSE_MS;
    while (!this.#stopped.signal.aborted && state.written().length > 0) {
      const messages = state.written().slice(0, MOST_AT_ONCE);
      try {
        await line.write(messages);
        state.dropWritten(messages.map(({ id }) => id));
        pauseMs = FIRST_PAUSE_MS;
      } catch (error) {
        pauseMs = await this.#pause(pauseMs, `the desk does not take messages: ${error}`);
      }
    }
    this.#isWriting = false;
  }

  /** Waits; says why the first time. Answers how long to wait the next time. */
  async #pause(ms: number, why: string): Promise<number> {
    if (ms === FIRST_PAUSE_MS) this.#deps.tell(why);
    await sleep(ms, undefined, { signal: this.#stopped.signal }).catch(() => undefined);
    return Math.min(ms * 2, LONGEST_PAUSE_MS);
  }
}

function windowsOf({ allowance, state }: CarrierDeps): Window[] {
  if (allowance === null) return [];
  return [...state.heard()].map(([chatId, { at, sends }]) => ({
    chatId,
    left: Math.max(0, allowance.sends - sends),
    closesAt: at + allowance.hours * HOUR_MS,
  }));
}
