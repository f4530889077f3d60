import { createHash, randomUUID } from 'node:crypto';
import {
  type EventMessageWith,
  type TemplateCard,
  type TemplateCardEventData,
  type TextMessage,
  WSClient,
  type WsFrame,
} from '@wecom/aibot-node-sdk';
import { ChannelError } from '#app/errors.ts';
import type { Card, Channel, Clock, Incoming, Outgoing, OutgoingFile, Timer } from '#app/ports.ts';
import { type CallbackData, createCallbackData } from './callback-data.ts';
import type { ChannelTrouble } from './channel-trouble.ts';
import { newsOf } from './edit-lines.ts';
import type { Language } from './format.ts';
import { createGiver, type Giver } from './keep-giving.ts';
import { catalogueOf } from './render.ts';
import { buttonsByCard, DEAD_KEY, wecomCardOf, wecomMarkdownOf } from './wecom-card.ts';

export type WecomOptions = {
  readonly botId: string;
  readonly secret: string;
  /** Key of the buttons' signatures; the same after a restart, so that buttons live on. */
  readonly key: Uint8Array;
  /** Domain time, stamped on rows. */
  readonly clock: Clock;
  /** Wall time, for pauses and the age of messages. The same as `clock` outside a replay. */
  readonly wall?: Clock;
  readonly languageOf: (chatId: string) => Language;
  readonly onTrouble: (trouble: ChannelTrouble | null) => void;
  /** Another server than the vendor's. */
  readonly wsUrl?: string;
  /** First pause of the reconnection, doubled up to 30 s. Milliseconds. */
  readonly reconnectMs?: number;
  /** Before the line is asked back from another process that took it; doubled up to 10 min. Milliseconds. */
  readonly displacedMs?: number;
};

const RECONNECT_MS = 1000;
const DISPLACED_MS = 60_000;
const LONGEST_DISPLACED_MS = 600_000;
/** The vendor takes an update of a card for 5 s after its tap. */
const UPDATE_MS = 4000;
/** Failed connections in a row before it is trouble: a line that comes back at once is none. */
const TROUBLE_AFTER = 3;
const MOST_SHOWN = 500;
/** Codes of the vendor that pass: busy, and too often. */
const PASSING: ReadonlySet<number> = new Set([-1, 45_009, 45_033, 846_607]);
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

type TapFrame = WsFrame<EventMessageWith<TemplateCardEventData>>;
type Shown = { readonly card: Card };
/** A tap whose card may still be updated. */
type OpenTap = { readonly frame: TapFrame; readonly taskId: string; readonly timer: Timer };

/**
 * WeCom's smart bot over one outgoing WebSocket. Words go as Markdown, buttons as a card under them. What was
 * sent cannot be edited but for a card within 5 s of its tap: an edit is told as one new line.
 */
export function createWecomChannel(options: WecomOptions): Channel {
  return new Wecom(options);
}

class Wecom implements Channel {
  readonly name = 'wecom';
  readonly hasEdits = false;
  readonly #options: WecomOptions;
  readonly #wall: Clock;
  readonly #data: CallbackData;
  readonly #client: WSClient;
  readonly #shown = new Map<string, Shown>();
  readonly #taps = new Map<string, OpenTap>();
  /** Parts of a message that left before its rest failed, by what it says. */
  readonly #left = new Map<string, number>();
  #isReady = false;
  #isStopped = false;
  #trouble: ChannelTrouble | null = null;
  #displacedMs: number;
  #timer: Timer | null = null;
  #giver: Giver | null = null;

  constructor(options: WecomOptions) {
    this.#options = options;
    this.#wall = options.wall ?? options.clock;
    this.#data = createCallbackData(options.key);
    this.#displacedMs = options.displacedMs ?? DISPLACED_MS;
    this.#client = new WSClient({
      botId: options.botId,
      secret: options.secret,
      ...(options.wsUrl === undefined ? {} : { wsUrl: options.wsUrl }),
      reconnectInterval: options.reconnectMs ?? RECONNECT_MS,
      // the package gives up after ten losses and five refusals otherwise
      maxReconnectAttempts: -1,
      maxAuthFailureAttempts: -1,
      // its own log writes every message to the console
      logger: SILENT,
    });
  }

  async start(receive: (rows: readonly Incoming[]) => Promise<void>): Promise<void> {
    const client = this.#client;
    this.#giver = createGiver(receive, (ms, run) => {
      const timer = this.#wall.at(this.#wall.now() + ms, run);
      return () => timer.cancel();
    });
    client.on('authenticated', () => {
      this.#isReady = true;
      this.#displacedMs = this.#options.displacedMs ?? DISPLACED_MS;
      this.#note(null);
    });
    client.on('disconnected', () => {
      this.#isReady = false;
    });
    client.on('reconnecting', (attempt) => {
      if (attempt >= TROUBLE_AFTER) this.#note('unreachable', 'WeCom cannot be reached');
    });
    client.on('error', ({ message }) => {
      if (message.startsWith('Authentication failed'))
        this.#note('unauthorized', 'WeCom refuses the bot: WECOM_BOT_ID or WECOM_BOT_SECRET');
    });
    client.on('event.disconnected_event', () => this.#displaced());
    client.on('message.text', (frame) => this.#take(this.#incoming(frame)));
    client.on('event.template_card_event', (frame) => this.#tapped(frame));
    client.connect();
  }

  async deliver(message: Outgoing): Promise<string> {
    const shown = message.edit === null ? undefined : this.#shown.get(message.edit);
    try {
      if (message.edit !== null && shown !== undefined)
        return await this.#edit(message, message.edit, shown.card);
      return await this.#send(message, randomUUID());
    } catch (error) {
      throw failureOf(error);
    }
  }

  async probe(): Promise<void> {
    if (!this.#isReady) throw unreachable();
  }

  async acknowledge(): Promise<void> {
    // A tap is answered by the update of its card.
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    for (const { timer } of this.#taps.values()) timer.cancel();
    this.#taps.clear();
    this.#isReady = false;
    this.#client.removeAllListeners();
    this.#client.disconnect();
    await this.#giver?.stop();
  }

  /** Sends the parts of a message in their order; tried again, it goes on where it failed. */
  async #send({ chatId, card, file }: Outgoing, id: string): Promise<string> {
    const parts = [
      () => this.#say(chatId, card.lines),
      ...(file === undefined ? [] : [() => this.#upload(chatId, file)]),
      ...buttonsByCard(card.buttons).map((buttons, index) => () => {
        const taskId = index === 0 ? id : `${id}-${index + 1}`;
        return this.#sendCard(
          chatId,
          this.#cardOf(taskId, card.lines.slice(0, 1), buttons, chatId),
        );
      }),
    ];
    const key = keyOf(chatId, card, file);
    for (let at = this.#left.get(key) ?? 0; at < parts.length; at += 1) {
      this.#left.set(key, at);
      await parts[at]!();
    }
    this.#left.delete(key);
    this.#forgetOldest(this.#left);
    this.#remember(id, card);
    return id;
  }

  async #edit({ chatId, card, file }: Outgoing, id: string, before: Card): Promise<string> {
    const tap = this.#taps.get(id);
    if (tap !== undefined) {
      await this.#update(id, tap, card, chatId);
      this.#remember(id, card);
      return id;
    }
    const news = newsOf(before.lines, card.lines);
    const isOffer = card.buttons.length > 0 && !sameButtons(before, card);
    if (news.length > 0) await this.#say(chatId, news);
    if (file !== undefined) await this.#upload(chatId, file);
    if (isOffer)
      for (const [index, buttons] of buttonsByCard(card.buttons).entries()) {
        const taskId = `${id}-${randomUUID().slice(0, 8)}-${index}`;
        await this.#sendCard(chatId, this.#cardOf(taskId, card.lines.slice(0, 1), buttons, chatId));
      }
    this.#remember(id, card);
    return id;
  }

  async #say(chatId: string, lines: readonly string[]): Promise<void> {
    const content = wecomMarkdownOf(lines);
    await this.#client.sendMessage(chatId, { msgtype: 'markdown', markdown: { content } });
  }

  async #sendCard(chatId: string, card: TemplateCard): Promise<void> {
    await this.#client.sendMessage(chatId, { msgtype: 'template_card', template_card: card });
  }

  async #upload(chatId: string, file: OutgoingFile): Promise<void> {
    const type = file.kind === 'photo' ? 'image' : 'file';
    const content = Buffer.from(file.content);
    const { media_id } = await this.#client.uploadMedia(content, { type, filename: file.name });
    await this.#client.sendMediaMessage(chatId, type, media_id);
  }

  #cardOf(
    taskId: string,
    lines: readonly string[],
    buttons: Card['buttons'][number],
    chatId: string,
  ): TemplateCard {
    return wecomCardOf(taskId, lines, buttons, (command) => this.#data.encode(command, chatId));
  }

  async #update(id: string, tap: OpenTap, card: Card, chatId: string): Promise<void> {
    tap.timer.cancel();
    this.#taps.delete(id);
    const [buttons = []] = buttonsByCard(card.buttons);
    const shown = this.#cardOf(tap.taskId, card.lines, buttons, chatId);
    await this.#client.updateTemplateCard(tap.frame, shown);
  }

  #tapped(frame: TapFrame): void {
    const { body } = frame;
    const { event_key: data = '', task_id: taskId = '' } = body?.event ?? {};
    if (body === undefined || data === DEAD_KEY) return;
    const chatId = body.chatid ?? body.from.userid;
    const command = this.#data.decode(data, chatId) ?? '';
    const id = taskId.slice(0, 36);
    const refresh = (): void => {
      const tap = this.#taps.get(id);
      const card = this.#shown.get(id)?.card;
      if (tap === undefined) return;
      if (card === undefined) this.#taps.delete(id);
      else void this.#update(id, tap, card, chatId).catch(() => undefined);
    };
    const timer = this.#wall.at(this.#wall.now() + UPDATE_MS, refresh);
    this.#taps.get(id)?.timer.cancel();
    this.#taps.set(id, { frame, taskId, timer });
    if (command === '') this.#say(chatId, [this.#deadButton(chatId)]).catch(() => undefined);
    this.#take({
      ...this.#rowOf(body.msgid, chatId, body.from.userid, body.chattype === 'group'),
      messageId: taskId,
      text: command,
      callback: { id: body.msgid, data },
      sentAt: this.#options.clock.now(),
    });
  }

  #incoming({ body }: WsFrame<TextMessage>): Incoming | null {
    if (body === undefined) return null;
    const isGroup = body.chattype === 'group';
    const chatId = body.chatid ?? body.from.userid;
    const ageMs =
      body.create_time === undefined ? 0 : Math.max(0, this.#wall.now() - body.create_time * 1000);
    return {
      ...this.#rowOf(body.msgid, chatId, body.from.userid, isGroup),
      messageId: body.msgid,
      // in a group a message begins with the bot's name
      text: isGroup ? body.text.content.replace(/^\s*@\S+\s*/, '') : body.text.content,
      callback: null,
      sentAt: this.#options.clock.now() - ageMs,
    };
  }

  #rowOf(updateId: string, chatId: string, userId: string, isGroup: boolean) {
    return {
      channel: this.name,
      updateId,
      chatId,
      userId,
      userName: userId,
      chatKind: isGroup ? ('group' as const) : ('private' as const),
      replyTo: null,
      receivedAt: this.#options.clock.now(),
    };
  }

  #take(row: Incoming | null): void {
    if (row !== null) this.#giver?.take(row);
  }

  /** Another process took the line; the package does not come back by itself. */
  #displaced(): void {
    this.#isReady = false;
    this.#note('conflict', 'another process took over the connection of this bot');
    if (this.#isStopped) return;
    this.#timer?.cancel();
    this.#timer = this.#wall.at(this.#wall.now() + this.#displacedMs, () => this.#client.connect());
    this.#displacedMs = Math.min(this.#displacedMs * 2, LONGEST_DISPLACED_MS);
  }

  #note(code: ChannelTrouble['code'] | null, message = ''): void {
    if (code === (this.#trouble?.code ?? null)) return;
    const since = this.#trouble?.since ?? this.#options.clock.now();
    this.#trouble = code === null ? null : { code, message, since };
    this.#options.onTrouble(this.#trouble);
  }

  #deadButton(chatId: string): string {
    const text = catalogueOf(this.#options.languageOf(chatId));
    return text.notices.button_unknown({ kind: 'button_unknown' }, undefined as never).join(' ');
  }

  #remember(id: string, card: Card): void {
    this.#shown.delete(id);
    this.#shown.set(id, { card });
    this.#forgetOldest(this.#shown);
  }

  #forgetOldest(map: Map<string, unknown>): void {
    const oldest = map.keys().next();
    if (map.size > MOST_SHOWN && oldest.done !== true) map.delete(oldest.value);
  }
}

function sameButtons(a: Card, b: Card): boolean {
  const commands = ({ buttons }: Card) => buttons.flat().map(({ command }) => command);
  return JSON.stringify(commands(a)) === JSON.stringify(commands(b));
}

function keyOf(chatId: string, card: Card, file: OutgoingFile | undefined): string {
  const hash = createHash('sha256').update(JSON.stringify([chatId, card, file?.name ?? null]));
  if (file !== undefined) hash.update(file.content);
  return hash.digest('base64url');
}

function unreachable(): ChannelError {
  const found = 'wecom: found no connection, expected one';
  return new ChannelError(found, { code: 'unreachable', retryable: true });
}

/** The package rejects with the vendor's frame, or with an error where no answer came. */
function failureOf(error: unknown): ChannelError {
  if (typeof error === 'object' && error !== null && 'errcode' in error) {
    const { errcode, errmsg } = error as { errcode: unknown; errmsg?: unknown };
    const number = Number(errcode);
    const retryable = PASSING.has(number);
    const code = retryable ? 'rate_limited' : `errcode_${number}`;
    const words = String(errmsg ?? '').slice(0, 120);
    return new ChannelError(`wecom: ${number} ${words}`, { code, retryable });
  }
  return unreachable();
}
