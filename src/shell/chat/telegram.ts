import type {
  Card,
  Channel,
  Clock,
  Incoming,
  MenuPerson,
  Outgoing,
  OutgoingFile,
} from '#app/ports.ts';
import { type CallbackData, createCallbackData } from './callback-data.ts';
import type { ChannelTrouble } from './channel-trouble.ts';
import type { Language } from './format.ts';
import { catalogueOf } from './render.ts';
import { type BotApi, BotApiError, type BotApiOptions, BotFile } from './telegram-api.ts';
import {
  agentOf,
  captionOf,
  editVerdict,
  failureOf,
  isParseError,
  replyOf,
  signalFor,
  troubleCode,
} from './telegram-calls.ts';
import { htmlOf, plainOf } from './telegram-html.ts';
import { menuOf } from './telegram-menu.ts';
import { incomingOf, placeOf, type Update } from './telegram-update.ts';
import { openWebhook, type Webhook, webhookSecret } from './telegram-webhook.ts';

type SentMessage = { readonly message_id: number };
type Pinned = SentMessage & { readonly from?: { readonly id: number } };

export type TelegramOptions = {
  readonly token: string;
  /** What makes the calls: grammY or Telegraf. */
  readonly library: (options: BotApiOptions) => BotApi;
  /** Key of the buttons' signatures; the same after a restart, so that buttons live on. */
  readonly key: Uint8Array;
  /** Domain time, stamped on rows. */
  readonly clock: Clock;
  /** Wall time, for pauses and the age of messages. The same as `clock` outside a replay. */
  readonly wall?: Clock;
  readonly languageOf: (chatId: string) => Language;
  readonly onTrouble: (trouble: ChannelTrouble | null) => void;
  /** Another Bot API server. */
  readonly apiRoot?: string;
  /** `http://host:port` of a proxy; Telegram is not reachable everywhere without one. */
  readonly proxy?: string;
  /** Updates are sent to a public address, which a proxy hands to this port of loopback; left out: long polling. */
  readonly webhook?: { readonly url: string; readonly port: number };
  /** Long polling time. Seconds. */
  readonly pollSeconds?: number;
  /** Whose menus are set at start. */
  readonly menus?: () => readonly MenuPerson[];
};

export type TelegramChannel = Channel & {
  /** Instant of the last answer to a poll; null before the first. */
  lastPolledAt(): number | null;
  /** Port that takes a webhook's updates; null: it polls, or is stopped. */
  webhookPort(): number | null;
};

const POLL_SECONDS = 50;
const CALL_MS = 15_000;
/** An upload over a slow line; it holds back nothing but other files of the chat. */
const UPLOAD_MS = 60_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** A tap answered later than this shows the person an error anyway. */
const ACKNOWLEDGE_MS = 5000;
const MOST_ACKNOWLEDGED = 1000;
/** Distance of two looks at a webhook. */
const WEBHOOK_LOOK_MS = 60_000;
/** Kinds of updates that are asked for. */
const ALLOWED = ['message', 'callback_query'] as const;
/** An empty answer faster than this was not a long poll. */
const HASTY_MS = 20;

/**
 * Telegram by a library's calls and a polling loop of our own: the offset moves only after the rows
 * are committed, so an update is never lost and at most given twice.
 */
export function createTelegramChannel(options: TelegramOptions): TelegramChannel {
  return new Telegram(options);
}

class Telegram implements TelegramChannel {
  readonly name = 'telegram';
  readonly #options: TelegramOptions;
  readonly #api: BotApi;
  readonly #data: CallbackData;
  readonly #wall: Clock;
  readonly #stopping = new AbortController();
  readonly #acknowledged = new Set<string>();
  #offset = 0;
  #polledAt: number | null = null;
  #trouble: ChannelTrouble | null = null;
  #loop: Promise<void> | null = null;
  #webhook: Webhook | null = null;

  constructor(options: TelegramOptions) {
    this.#options = options;
    this.#wall = options.wall ?? options.clock;
    this.#data = createCallbackData(options.key);
    const pollSeconds = options.pollSeconds ?? POLL_SECONDS;
    const { token, apiRoot } = options;
    this.#api = options.library({
      token,
      ...(apiRoot === undefined ? {} : { apiRoot }),
      agent: agentOf(options),
      timeoutSeconds: pollSeconds + 20,
    });
  }

  async start(receive: (rows: readonly Incoming[]) => Promise<void>): Promise<void> {
    const { webhook, key } = this.#options;
    if (webhook === undefined) this.#loop = this.#poll(receive);
    else {
      const secret = webhookSecret(key);
      const take = (updates: readonly Update[]) => this.#take(updates, receive);
      this.#webhook = await openWebhook({ port: webhook.port, secret, take });
      this.#loop = this.#keepWebhook(webhook.url, secret);
    }
    void this.#setMenus([null, ...(this.#options.menus?.() ?? [])]);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    await this.#webhook?.close();
    this.#webhook = null;
  }

  lastPolledAt(): number | null {
    return this.#polledAt;
  }

  webhookPort(): number | null {
    return this.#webhook?.port ?? null;
  }

  async deliver(message: Outgoing): Promise<string> {
    try {
      return await this.#deliver(message, true);
    } catch (error) {
      if (isParseError(error)) {
        try {
          return await this.#deliver(message, false);
        } catch (again) {
          throw failureOf(again);
        }
      }
      throw failureOf(error);
    }
  }

  /** The newest pinned message of the bot's own in a chat, which may be edited; null: there is none. */
  async pinned(chatId: string): Promise<string | null> {
    const chat = await this.#call<{ pinned_message?: Pinned }>('getChat', {
      chat_id: placeOf(chatId).chat,
    });
    const shown = chat.pinned_message;
    const self = this.#options.token.split(':')[0];
    return shown !== undefined && String(shown.from?.id) === self ? String(shown.message_id) : null;
  }

  async pin(chatId: string, messageId: string): Promise<void> {
    await this.#call('pinChatMessage', {
      chat_id: placeOf(chatId).chat,
      message_id: Number(messageId),
      disable_notification: true,
    });
  }

  async acknowledge(callbackId: string, text: string | null, alert: boolean): Promise<void> {
    if (this.#acknowledged.has(callbackId)) return;
    this.#acknowledged.add(callbackId);
    const oldest = this.#acknowledged.keys().next();
    if (this.#acknowledged.size > MOST_ACKNOWLEDGED && oldest.done !== true)
      this.#acknowledged.delete(oldest.value);
    const more = text === null ? {} : { text: text.slice(0, 200), show_alert: alert };
    try {
      const tap = { callback_query_id: callbackId, ...more };
      await this.#call('answerCallbackQuery', tap, signalFor(ACKNOWLEDGE_MS));
    } catch {
      // Too old or unreachable: the act must go on all the same.
    }
  }

  async #deliver(message: Outgoing, asHtml: boolean): Promise<string> {
    const { chatId, card, edit, file } = message;
    if (file !== undefined) return await this.#upload(message, file, asHtml);
    const text = asHtml ? htmlOf(card.lines) : plainOf(card.lines);
    const mode = asHtml ? ({ parse_mode: 'HTML' } as const) : {};
    const keyboard = { inline_keyboard: this.#keyboard(card, chatId) };
    const common = { ...mode, link_preview_options: { is_disabled: true }, reply_markup: keyboard };
    const { chat, topic } = placeOf(chatId);
    if (edit !== null) {
      try {
        const message_id = Number(edit);
        await this.#call('editMessageText', { chat_id: chat, message_id, text, ...common });
        return edit;
      } catch (error) {
        const verdict = editVerdict(error);
        if (verdict === 'same') return edit;
        if (verdict === null) throw error;
      }
    }
    const more = { ...common, ...topic, ...replyOf(message), disable_notification: message.silent };
    const sent = await this.#call<SentMessage>('sendMessage', { chat_id: chat, text, ...more });
    return String(sent.message_id);
  }

  async #upload(message: Outgoing, file: OutgoingFile, asHtml: boolean): Promise<string> {
    const { chatId, card } = message;
    const lines = captionOf(card.lines);
    const { chat, topic } = placeOf(chatId);
    const more = {
      caption: asHtml ? htmlOf(lines) : plainOf(lines),
      ...(asHtml ? ({ parse_mode: 'HTML' } as const) : {}),
      ...replyOf(message),
      ...topic,
      reply_markup: { inline_keyboard: this.#keyboard(card, chatId) },
      disable_notification: message.silent,
    };
    // a channel that stops waits for no upload: the file leaves after the next start
    const signal = AbortSignal.any([AbortSignal.timeout(UPLOAD_MS), this.#stopping.signal]);
    const method = file.kind === 'photo' ? 'sendPhoto' : 'sendDocument';
    const input = { [file.kind]: new BotFile(file.name, file.content) };
    const sent = await this.#call<SentMessage>(
      method,
      { chat_id: chat, ...input, ...more },
      signal,
    );
    return String(sent.message_id);
  }

  #call<T = unknown>(
    method: string,
    payload: Readonly<Record<string, unknown>>,
    signal: AbortSignal = signalFor(CALL_MS),
  ): Promise<T> {
    return this.#api.call(method, payload, signal) as Promise<T>;
  }

  #keyboard(card: Card, chatId: string) {
    return card.buttons.map((row) =>
      row.map((button) => ({
        text: button.label,
        callback_data: this.#data.encode(button.command, chatId),
      })),
    );
  }

  async #poll(receive: (rows: readonly Incoming[]) => Promise<void>): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    while (!this.#stopping.signal.aborted) {
      let updates: readonly Update[];
      const askedAt = this.#wall.now();
      try {
        updates = await this.#call<readonly Update[]>(
          'getUpdates',
          {
            offset: this.#offset,
            timeout: this.#options.pollSeconds ?? POLL_SECONDS,
            allowed_updates: ALLOWED,
          },
          this.#stopping.signal,
        );
        this.#polledAt = this.#wall.now();
        this.#recovered();
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        if (await this.#freedOfWebhook(error)) continue;
        await this.#pause(this.#noteTrouble(error) ?? pauseMs);
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
        continue;
      }
      try {
        await this.#take(updates, receive);
        pauseMs = FIRST_PAUSE_MS;
        // A server that does not hold the poll must not be asked without pause.
        const isHasty = updates.length === 0 && this.#wall.now() - askedAt < HASTY_MS;
        if (isHasty) await this.#pause(HASTY_MS);
      } catch {
        // Not committed: the offset stays, the same updates come again.
        await this.#pause(pauseMs);
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      }
    }
  }

  /** True when a webhook of an earlier setting stood in the way and was taken away; what waits there is kept. */
  async #freedOfWebhook(error: unknown): Promise<boolean> {
    const isInTheWay =
      error instanceof BotApiError &&
      error.status === 409 &&
      /webhook is active/i.test(error.description);
    if (!isInTheWay) return false;
    return await this.#call('deleteWebhook', {}).then(
      () => true,
      () => false,
    );
  }

  /** Tells Telegram where to send updates, and again whenever it does not know any more. */
  async #keepWebhook(url: string, secret: string): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    let isSet = false;
    while (!this.#stopping.signal.aborted) {
      try {
        if (!isSet)
          await this.#call('setWebhook', { url, secret_token: secret, allowed_updates: ALLOWED });
        isSet = true;
        const info = await this.#call<{ url?: string }>('getWebhookInfo', {});
        this.#polledAt = this.#wall.now();
        isSet = info.url === url;
        this.#recovered();
        pauseMs = FIRST_PAUSE_MS;
        await this.#pause(isSet ? WEBHOOK_LOOK_MS : FIRST_PAUSE_MS);
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        await this.#pause(this.#noteTrouble(error) ?? pauseMs);
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      }
    }
  }

  async #take(
    updates: readonly Update[],
    receive: (rows: readonly Incoming[]) => Promise<void>,
  ): Promise<void> {
    const last = updates[updates.length - 1];
    if (last === undefined) return;
    const rows: Incoming[] = [];
    const now = { domain: this.#options.clock.now(), wall: this.#wall.now() };
    for (const update of updates) {
      const row = incomingOf(update, now, this.#data);
      if (row === null) continue;
      rows.push(row);
      if (row.callback === null) continue;
      const isDead = row.text === '';
      const words = isDead ? this.#deadButton(row.chatId) : null;
      void this.acknowledge(row.callback.id, words, isDead);
    }
    if (rows.length > 0) await receive(rows);
    this.#offset = Math.max(this.#offset, last.update_id + 1);
  }

  #deadButton(chatId: string): string {
    const text = catalogueOf(this.#options.languageOf(chatId));
    return text.notices.button_unknown({ kind: 'button_unknown' }, undefined as never).join(' ');
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        timer.cancel();
        this.#stopping.signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = this.#wall.at(this.#wall.now() + ms, done);
      this.#stopping.signal.addEventListener('abort', done, { once: true });
      if (this.#stopping.signal.aborted) done();
    });
  }

  /** Tells of trouble once an episode; answers the pause the server asked for, if any. */
  #noteTrouble(error: unknown): number | null {
    const code = troubleCode(error);
    const asked = error instanceof BotApiError ? error.retryAfter : null;
    if (this.#trouble?.code !== code) {
      const message =
        error instanceof BotApiError ? error.description : 'the Bot API cannot be reached';
      this.#trouble = { code, message, since: this.#trouble?.since ?? this.#options.clock.now() };
      this.#options.onTrouble(this.#trouble);
    }
    return asked === null ? null : asked * 1000;
  }

  #recovered(): void {
    if (this.#trouble === null) return;
    this.#trouble = null;
    this.#options.onTrouble(null);
  }

  showMenu = (person: MenuPerson): Promise<void> => this.#setMenus([person]);

  async #setMenus(people: readonly (MenuPerson | null)[]): Promise<void> {
    for (const person of people) {
      for (const call of menuOf(person)) {
        try {
          await this.#call('setMyCommands', { commands: call.commands, ...call.other });
        } catch {
          // A menu is a convenience; the commands work without it.
          return;
        }
      }
    }
  }
}
