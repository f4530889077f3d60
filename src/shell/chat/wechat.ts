import { randomUUID } from 'node:crypto';
import { ChannelError } from '#app/errors.ts';
import type { CardButton, Channel, Clock, Incoming, Outgoing, Timer } from '#app/ports.ts';
import type { ChannelTrouble } from './channel-trouble.ts';
import { newsOf } from './edit-lines.ts';
import { openWechatServer, type Reply, refusal, type WechatServer } from './wechat-server.ts';
import type { Ack, Pull, Said, WechatWindow, Written } from './wechat-wire.ts';

export type WechatOptions = {
  /** Port on this machine's loopback; 0: any. */
  readonly port: number;
  /** What the process that speaks WeChat shows. Secret. */
  readonly key: string;
  /** Domain time, stamped on rows. */
  readonly clock: Clock;
  /** Wall time, for pauses and the age of messages. The same as `clock` outside a replay. */
  readonly wall?: Clock;
  readonly onTrouble: (trouble: ChannelTrouble | null) => void;
  /** A chat may soon not be written to any more; told once until its person has written. */
  readonly onClosing: (window: WechatWindow) => void;
};

export type WechatChannel = Channel & {
  /** Of the open door; null before the start. */
  port(): number | null;
  /** What chats still take, as the other side said last. */
  windows(): readonly WechatWindow[];
};

/** Without a call for this long the other side is gone: it asks again at once, and at the latest after 25 s. */
const GONE_MS = 35_000;
const ACK_MS = 15_000;
/** Sends kept for what sounds, and when that is told. */
const KEPT_LEFT = 2;
const CLOSING_MS = 60 * 60_000;
const CLOSED_RETRY_MS = 60_000;
/** Numbers of buttons run on, so that a number written late never means a newer button. */
const HIGHEST_NUMBER = 99;
const MOST_SHOWN = 500;

type Waiting = {
  readonly said: Said;
  readonly settle: (outcome: Ack | null) => void;
  isPulled: boolean;
};

type Shown = { readonly lines: readonly string[]; readonly numbers: readonly number[] };

/**
 * Personal WeChat, spoken by a process of its own (integrations/wechaty) that pulls from here over loopback and has
 * a key for nothing else. Text only: a button is a number to answer with, an edit one new line. A message counts as
 * delivered once the other side says so; the same row has the same id, so that it is never sent twice.
 */
export function createWechatChannel(options: WechatOptions): WechatChannel {
  return new Wechat(options);
}

class Wechat implements WechatChannel {
  readonly name = 'wechat';
  readonly #options: WechatOptions;
  readonly #wall: Clock;
  readonly #waiting = new Map<string, Waiting>();
  readonly #shown = new Map<string, Shown>();
  /** Texts by the id of their row: a row tried again has the numbers it had. */
  readonly #texts = new Map<
    string,
    { readonly text: string; readonly numbers: readonly number[] }
  >();
  readonly #buttons = new Map<string, Map<number, CardButton>>();
  readonly #old = new Set<string>();
  readonly #told = new Set<string>();
  #windows: readonly WechatWindow[] = [];
  #number = 0;
  #session: string | null = null;
  #heardAt = Number.NEGATIVE_INFINITY;
  #isLoggedIn = false;
  #server: WechatServer | null = null;
  #receive: ((rows: readonly Incoming[]) => Promise<void>) | null = null;
  #wake: () => void = () => undefined;
  #trouble: ChannelTrouble | null = null;
  #timer: Timer | null = null;

  constructor(options: WechatOptions) {
    this.#options = options;
    this.#wall = options.wall ?? options.clock;
  }

  port(): number | null {
    return this.#server?.port ?? null;
  }

  windows(): readonly WechatWindow[] {
    return this.#windows;
  }

  async start(receive: (rows: readonly Incoming[]) => Promise<void>): Promise<void> {
    this.#receive = receive;
    this.#server = await openWechatServer({
      port: this.#options.port,
      key: this.#options.key,
      pull: (body, whenGone) => this.#pull(body, whenGone),
      acks: async ({ acks }) => {
        for (const ack of acks) this.#waiting.get(ack.id)?.settle(ack);
        return { status: 200, body: {} };
      },
      inbox: ({ messages }) => this.#take(messages),
    });
  }

  async deliver(message: Outgoing): Promise<string> {
    this.#checkReady();
    this.#checkWindow(message);
    const id = message.key ?? randomUUID();
    const shownId = message.edit ?? id;
    const { text, numbers } = this.#textOf(message, id);
    if (text !== '' || message.file !== undefined)
      await this.#hand({ id, chatId: message.chatId, text, file: fileOf(message) });
    keep(this.#shown, shownId, { lines: message.card.lines, numbers });
    return shownId;
  }

  async probe(): Promise<void> {
    this.#checkReady();
  }

  async acknowledge(): Promise<void> {
    // A number is answered by what it does.
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    const server = this.#server;
    this.#server = null;
    for (const { settle } of [...this.#waiting.values()]) settle(null);
    this.#wake();
    await server?.close();
  }

  #checkReady(): void {
    if (this.#server === null) throw unreachable('a channel that was stopped');
    const isHeard = this.#wall.now() - this.#heardAt < GONE_MS;
    if (!isHeard) throw unreachable('the process that speaks WeChat does not ask');
    if (!this.#isLoggedIn) throw unreachable('WeChat is not logged in');
  }

  /** The last sends that a chat allows are kept for what sounds. */
  #checkWindow({ chatId, silent }: Outgoing): void {
    const window = this.#windows.find((one) => one.chatId === chatId);
    if (window === undefined) return;
    const { left, closesAt } = window;
    const isClosed = left === 0 || (closesAt !== null && closesAt <= this.#wall.now());
    if (!isClosed && !(silent && left !== null && left <= KEPT_LEFT)) return;
    const why = isClosed ? 'the person has to write first' : 'the last sends are kept for alarms';
    const context = { retryAfterMs: CLOSED_RETRY_MS };
    throw new ChannelError(`wechat: ${why}`, { code: 'window_closed', retryable: true, context });
  }

  #textOf({ card, chatId, edit }: Outgoing, id: string) {
    const known = this.#texts.get(id);
    if (known !== undefined) return known;
    const before = edit === null ? undefined : this.#shown.get(edit);
    const buttons = this.#buttons.get(chatId) ?? new Map<number, CardButton>();
    this.#buttons.set(chatId, buttons);
    for (const number of before?.numbers ?? []) buttons.delete(number);
    const numbered = card.buttons.flat().map((button) => {
      this.#number = (this.#number % HIGHEST_NUMBER) + 1;
      buttons.set(this.#number, button);
      return { number: this.#number, label: button.label };
    });
    const lines = before === undefined ? card.lines : newsOf(before.lines, card.lines);
    const choices = numbered.map(({ number, label }) => `[${number}] ${label}`).join('  ');
    const isNews = lines.length > 0;
    const text = isNews ? [...lines, ...(choices === '' ? [] : [choices])].join('\n') : '';
    const made = { text, numbers: numbered.map(({ number }) => number) };
    keep(this.#texts, id, made);
    return made;
  }

  /** Hands a message over and waits until the other side says what became of it. */
  async #hand(said: Said): Promise<void> {
    const outcome = await new Promise<Ack | null>((resolve) => {
      const settle = (ack: Ack | null): void => {
        timer.cancel();
        this.#waiting.delete(said.id);
        resolve(ack);
      };
      const timer = this.#wall.at(this.#wall.now() + ACK_MS, () => settle(null));
      this.#waiting.set(said.id, { said, settle, isPulled: false });
      this.#wake();
    });
    if (outcome?.outcome === 'sent') return;
    if (outcome === null) throw unreachable('no answer in time');
    const retryable = outcome.outcome === 'failed';
    throw new ChannelError(`wechat: ${outcome.cause}`, { code: outcome.outcome, retryable });
  }

  async #pull(body: Pull, whenGone: AbortSignal): Promise<Reply> {
    if (!this.#isNewest(body.session)) return refusal(409, 'another process that asks');
    this.#heard(body);
    // an earlier question of the same side ends
    this.#wake();
    if (this.#unpulled().length === 0 && body.waitMs > 0) await this.#something(body, whenGone);
    if (whenGone.aborted) return refusal(499, 'nobody who waits');
    this.#heardAt = this.#wall.now();
    const messages = this.#unpulled();
    for (const waiting of messages) waiting.isPulled = true;
    return { status: 200, body: { messages: messages.map(({ said }) => said) } };
  }

  /** The newest session counts; one that was followed by another does not come back. */
  #isNewest(session: string): boolean {
    if (this.#old.has(session)) return false;
    if (this.#session === session) return true;
    if (this.#session !== null) keep(this.#old, this.#session);
    this.#session = session;
    // what the one before pulled and did not answer for is pulled again: its ids are known there
    for (const waiting of this.#waiting.values()) waiting.isPulled = false;
    return true;
  }

  #unpulled(): Waiting[] {
    return [...this.#waiting.values()].filter(({ isPulled }) => !isPulled);
  }

  #something({ waitMs }: Pull, whenGone: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#wall.at(this.#wall.now() + waitMs, () => resolve());
      const wake = (): void => {
        timer.cancel();
        resolve();
      };
      whenGone.addEventListener('abort', wake, { once: true });
      this.#wake = wake;
    });
  }

  #heard({ isLoggedIn, windows }: Pull): void {
    this.#heardAt = this.#wall.now();
    this.#isLoggedIn = isLoggedIn;
    this.#windows = windows;
    this.#note(isLoggedIn ? null : 'WeChat is not logged in: its process shows a code to scan');
    this.#timer?.cancel();
    this.#timer = this.#wall.at(this.#heardAt + GONE_MS, () =>
      this.#note('the process that speaks WeChat does not ask any more'),
    );
    for (const window of windows) {
      const { chatId, left, closesAt } = window;
      const isClosing =
        (left !== null && left <= KEPT_LEFT) ||
        (closesAt !== null && closesAt - this.#wall.now() <= CLOSING_MS);
      if (!isClosing) this.#told.delete(chatId);
      else if (!this.#told.has(chatId)) {
        this.#told.add(chatId);
        this.#options.onClosing(window);
      }
    }
  }

  #note(message: string | null): void {
    if (message === (this.#trouble?.message ?? null)) return;
    const since = this.#options.clock.now();
    this.#trouble = message === null ? null : { code: 'unreachable', message, since };
    this.#options.onTrouble(this.#trouble);
  }

  /** 200 only once the rows are committed: what was not comes again, under the same ids. */
  async #take(written: readonly Written[]): Promise<Reply> {
    const receive = this.#receive;
    if (receive === null) return refusal(503, 'no desk yet');
    try {
      await receive(written.map((one) => this.#incoming(one)));
      return { status: 200, body: {} };
    } catch {
      return refusal(503, 'a store that does not answer');
    }
  }

  #incoming({ id, chatId, userId, userName, chatKind, text, sentAt }: Written): Incoming {
    const { clock } = this.#options;
    const typed = text.trim();
    const isNumber = /^\d{1,2}$/.test(typed);
    const button = isNumber ? this.#buttons.get(chatId)?.get(Number(typed)) : undefined;
    return {
      channel: this.name,
      updateId: id,
      chatId,
      userId,
      userName,
      chatKind,
      messageId: id,
      text: button?.command ?? typed,
      callback: button === undefined ? null : { id, data: button.command },
      replyTo: null,
      sentAt: clock.now() - Math.max(0, this.#wall.now() - sentAt),
      receivedAt: clock.now(),
    };
  }
}

/** Keeps the newest; the oldest is forgotten. */
function keep<T>(map: Map<string, T>, key: string, value: T): void;
function keep(set: Set<string>, key: string): void;
function keep(kept: Map<string, unknown> | Set<string>, key: string, value?: unknown): void {
  kept.delete(key);
  if (kept instanceof Set) kept.add(key);
  else kept.set(key, value);
  const oldest = kept.keys().next();
  if (kept.size > MOST_SHOWN && oldest.done !== true) kept.delete(oldest.value);
}

function fileOf({ file }: Outgoing): Said['file'] {
  if (file === undefined) return null;
  const { name, mediaType, content } = file;
  return { name, mediaType, base64: Buffer.from(content).toString('base64') };
}

function unreachable(found: string): ChannelError {
  return new ChannelError(`wechat: ${found}`, { code: 'unreachable', retryable: true });
}
