import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Api, GrammyError, HttpError, InputFile } from 'grammy';
import { ChannelError } from '#app/errors.ts';
import type { Card, Channel, Clock, Incoming, Outgoing, OutgoingFile } from '#app/ports.ts';
import { type CallbackData, createCallbackData } from './callback-data.ts';
import type { ChannelTrouble } from './channel-trouble.ts';
import type { Language } from './format.ts';
import { catalogueOf } from './render.ts';
import { htmlOf, plainOf } from './telegram-html.ts';
import { type MenuTarget, menuOf } from './telegram-menu.ts';
import { incomingOf, type Update } from './telegram-update.ts';

export type TelegramOptions = {
  readonly token: string;
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
  /** Long polling time. Seconds. */
  readonly pollSeconds?: number;
  /** Whose menus are set at start. */
  readonly menus?: () => readonly MenuTarget[];
};

export type TelegramChannel = Channel & {
  /** Instant of the last answer to a poll; null before the first. */
  lastPolledAt(): number | null;
};

const POLL_SECONDS = 50;
const CALL_MS = 15_000;
/** An upload over a slow line; it holds back nothing but other files of the chat. */
const UPLOAD_MS = 60_000;
/** Longest caption, in UTF-16 units after the mark-up is read. */
const LONGEST_CAPTION = 1024;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** A tap answered later than this shows the person an error anyway. */
const ACKNOWLEDGE_MS = 5000;
const MOST_ACKNOWLEDGED = 1000;
/** An empty answer faster than this was not a long poll. */
const HASTY_MS = 20;

/**
 * Telegram by grammY's `Api` and a polling loop of our own: the offset moves only after the rows
 * are committed, so an update is never lost and at most given twice.
 */
export function createTelegramChannel(options: TelegramOptions): TelegramChannel {
  return new Telegram(options);
}

class Telegram implements TelegramChannel {
  readonly name = 'telegram';
  readonly #options: TelegramOptions;
  readonly #api: Api;
  readonly #data: CallbackData;
  readonly #wall: Clock;
  readonly #stopping = new AbortController();
  readonly #acknowledged = new Set<string>();
  #offset = 0;
  #polledAt: number | null = null;
  #trouble: ChannelTrouble | null = null;
  #loop: Promise<void> | null = null;

  constructor(options: TelegramOptions) {
    this.#options = options;
    this.#wall = options.wall ?? options.clock;
    this.#data = createCallbackData(options.key);
    const pollSeconds = options.pollSeconds ?? POLL_SECONDS;
    this.#api = new Api(options.token, {
      timeoutSeconds: pollSeconds + 20,
      ...(options.apiRoot === undefined ? {} : { apiRoot: options.apiRoot }),
      baseFetchConfig: { compress: true, agent: agentOf(options) },
    });
  }

  async start(receive: (rows: readonly Incoming[]) => Promise<void>): Promise<void> {
    this.#loop = this.#poll(receive);
    void this.#setMenus();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  lastPolledAt(): number | null {
    return this.#polledAt;
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

  async acknowledge(callbackId: string, text: string | null, alert: boolean): Promise<void> {
    if (this.#acknowledged.has(callbackId)) return;
    this.#acknowledged.add(callbackId);
    const oldest = this.#acknowledged.keys().next();
    if (this.#acknowledged.size > MOST_ACKNOWLEDGED && oldest.done !== true)
      this.#acknowledged.delete(oldest.value);
    const more = text === null ? {} : { text: text.slice(0, 200), show_alert: alert };
    try {
      await this.#api.answerCallbackQuery(callbackId, more, signalFor(ACKNOWLEDGE_MS));
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
    if (edit !== null) {
      try {
        await this.#api.editMessageText(chatId, Number(edit), text, common, signalFor(CALL_MS));
        return edit;
      } catch (error) {
        const verdict = editVerdict(error);
        if (verdict === 'same') return edit;
        if (verdict === null) throw error;
      }
    }
    const more = { ...common, ...replyOf(message), disable_notification: message.silent };
    const sent = await this.#api.sendMessage(chatId, text, more, signalFor(CALL_MS));
    return String(sent.message_id);
  }

  async #upload(message: Outgoing, file: OutgoingFile, asHtml: boolean): Promise<string> {
    const { chatId, card } = message;
    const lines = captionOf(card.lines);
    const more = {
      caption: asHtml ? htmlOf(lines) : plainOf(lines),
      ...(asHtml ? ({ parse_mode: 'HTML' } as const) : {}),
      ...replyOf(message),
      reply_markup: { inline_keyboard: this.#keyboard(card, chatId) },
      disable_notification: message.silent,
    };
    // a channel that stops waits for no upload: the file leaves after the next start
    const signal = AbortSignal.any([
      AbortSignal.timeout(UPLOAD_MS),
      this.#stopping.signal,
    ]) as never;
    const input = new InputFile(file.content, file.name);
    const sent =
      file.kind === 'photo'
        ? await this.#api.sendPhoto(chatId, input, more, signal)
        : await this.#api.sendDocument(chatId, input, more, signal);
    return String(sent.message_id);
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
        updates = await this.#api.getUpdates(
          {
            offset: this.#offset,
            timeout: this.#options.pollSeconds ?? POLL_SECONDS,
            allowed_updates: ['message', 'callback_query'],
          },
          this.#stopping.signal as never,
        );
        this.#polledAt = this.#wall.now();
        this.#recovered();
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
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
    this.#offset = last.update_id + 1;
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
    const asked = error instanceof GrammyError ? error.parameters.retry_after : undefined;
    if (this.#trouble?.code !== code) {
      const message =
        error instanceof GrammyError ? error.description : 'the Bot API cannot be reached';
      this.#trouble = { code, message, since: this.#trouble?.since ?? this.#options.clock.now() };
      this.#options.onTrouble(this.#trouble);
    }
    return asked === undefined ? null : asked * 1000;
  }

  #recovered(): void {
    if (this.#trouble === null) return;
    this.#trouble = null;
    this.#options.onTrouble(null);
  }

  async #setMenus(): Promise<void> {
    for (const target of [null, ...(this.#options.menus?.() ?? [])]) {
      for (const call of menuOf(target)) {
        try {
          await this.#api.setMyCommands(call.commands, call.other, signalFor(CALL_MS));
        } catch {
          // A menu is a convenience; the commands work without it.
          return;
        }
      }
    }
  }
}

function replyOf({ replyTo }: Outgoing) {
  if (replyTo === null) return {};
  return {
    reply_parameters: { message_id: Number(replyTo), allow_sending_without_reply: true },
  };
}

/** As much as a caption holds; an ellipsis stands for the rest. */
function captionOf(lines: readonly string[]): string[] {
  const kept: string[] = [];
  let room = LONGEST_CAPTION - 1;
  for (const line of lines) {
    if (line.length + 1 > room) return [...kept, `${line.slice(0, room - 1).toWellFormed()}…`];
    kept.push(line);
    room -= line.length + 1;
  }
  return kept;
}

function signalFor(ms: number): never {
  // grammY types the signal of a polyfill; the platform's own has the same shape.
  return AbortSignal.timeout(ms) as never;
}

function agentOf(options: TelegramOptions): HttpAgent | HttpsAgent {
  const isPlain = options.apiRoot?.startsWith('http:') === true;
  const common = { keepAlive: true, keepAliveMsecs: 30_000 };
  const proxyEnv =
    options.proxy === undefined
      ? {}
      : { proxyEnv: { HTTP_PROXY: options.proxy, HTTPS_PROXY: options.proxy } };
  return isPlain
    ? new HttpAgent({ ...common, ...proxyEnv })
    : new HttpsAgent({ ...common, ...proxyEnv });
}

function isParseError(error: unknown): boolean {
  return (
    error instanceof GrammyError &&
    error.error_code === 400 &&
    /can't parse entities/i.test(error.description)
  );
}

/** What a refused edit means: the text is the same already, or the message is to be sent anew. */
function editVerdict(error: unknown): 'same' | 'anew' | null {
  if (!(error instanceof GrammyError) || error.error_code !== 400) return null;
  if (/message is not modified/i.test(error.description)) return 'same';
  const isGone = /message to edit not found|message can't be edited|MESSAGE_ID_INVALID/i.test(
    error.description,
  );
  return isGone ? 'anew' : null;
}

function troubleCode(error: unknown): ChannelTrouble['code'] {
  if (!(error instanceof GrammyError)) return 'unreachable';
  if (error.error_code === 401 || error.error_code === 404) return 'unauthorized';
  if (error.error_code === 409) return 'conflict';
  return error.error_code >= 500 ? 'unreachable' : 'refused';
}

/** The cause is left out on purpose: its text may hold the token. */
function failureOf(error: unknown): ChannelError {
  if (error instanceof GrammyError) {
    const { error_code: status, description } = error;
    const after = error.parameters.retry_after;
    const retryable = status === 429 || status === 401 || status >= 500;
    const code = status === 429 ? 'rate_limited' : `status_${status}`;
    const context = after === undefined ? { status } : { status, retryAfterMs: after * 1000 };
    return new ChannelError(`telegram: ${description.toLowerCase()}`, { code, retryable, context });
  }
  const code = error instanceof HttpError ? 'unreachable' : 'failed';
  return new ChannelError('telegram: the Bot API did not answer', { code, retryable: true });
}
