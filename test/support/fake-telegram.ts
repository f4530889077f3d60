import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Json = Record<string, unknown>;
type Fault = {
  readonly method: string;
  readonly status: number;
  readonly description: string;
  readonly retryAfter?: number;
};

export const TOKEN = '110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw';

/** A sent message as the server keeps it. */
export type Sent = {
  message_id: number;
  chat_id: string;
  text: string;
  parse_mode: string | undefined;
  silent: boolean;
  /** Topic of a group; null: none. */
  topic: number | null;
  keyboard: { text: string; callback_data: string }[][];
  edits: number;
  /** A photo or document under the text, which is its caption. */
  file: SentFile | null;
};

export type SentFile = {
  kind: 'photo' | 'document';
  name: string;
  content: Uint8Array;
};

const UPLOADS: Readonly<Record<string, SentFile['kind']>> = {
  sendPhoto: 'photo',
  sendDocument: 'document',
};

/**
 * A strict Bot API on loopback: long polling with offsets (an update is forgotten only when a
 * higher offset is asked for, so it is delivered again after a crash), one poller per token, and
 * Telegram's own refusals for edits, mark-up, lengths and callback data.
 */
export class FakeTelegram {
  readonly messages: Sent[] = [];
  readonly answered: { id: string; text: string | undefined; alert: boolean }[] = [];
  readonly menus: Json[] = [];
  readonly faults: Fault[] = [];
  readonly offsets: number[] = [];
  /** Called when a message was taken. */
  onSent: () => void = () => undefined;
  isRevoked = false;
  /** Connections end without an answer. */
  isDown = false;
  isHoldingOther = false;
  /** Where updates are sent, and with which secret; null: they are polled. */
  webhook: { readonly url: string; readonly secret: string } | null = null;
  /** Where the webhook's proxy stands, as the url is no real one. */
  proxied: (() => string) | null = null;
  readonly webhookAnswers: number[] = [];
  readonly pins: { chat: string; messageId: number }[] = [];
  /** By whom the pinned message was sent. */
  pinnedBy = 110201543;
  /** Uploads are taken and never answered. */
  isHoldingUploads = false;
  /** Uploads that came, held or not. */
  uploads = 0;
  #updates: (Json & { update_id: number })[] = [];
  #nextUpdate = 1;
  #port = 0;
  #isPushing = false;
  #nextMessage = 100;
  #waiting: { wake: () => void } | null = null;
  readonly #server = createServer((request, response) => void this.#respond(request, response));

  /** Also after a close: at the address it had, as a service that comes back. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
    return `http://127.0.0.1:${this.#port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  say(text: string, fields: Json = {}): number {
    this.#nextMessage += 1;
    const message = {
      message_id: this.#nextMessage,
      date: Math.floor(Date.now() / 1000),
      chat: { id: 1, type: 'private' },
      from: { id: 1, is_bot: false, first_name: 'Li' },
      text,
      ...fields,
    };
    return this.#push({ message });
  }

  tap(data: string, chatId = 1, userId = 1): number {
    const message = { message_id: 7, date: 0, chat: { id: chatId, type: 'private' } };
    return this.#push({
      callback_query: {
        id: `q${this.#nextUpdate}`,
        from: { id: userId, is_bot: false, first_name: 'Li' },
        chat_instance: 'c',
        message,
        data,
      },
    });
  }

  #push(update: Json): number {
    const id = this.#nextUpdate;
    this.#nextUpdate += 1;
    this.#updates.push({ update_id: id, ...update });
    this.#waiting?.wake();
    void this.#pushToWebhook();
    return id;
  }

  /** Sends what waits, one after the other, each again until it is answered with 200. */
  async #pushToWebhook(): Promise<void> {
    if (this.#isPushing) return;
    this.#isPushing = true;
    while (this.webhook !== null && this.proxied !== null && this.#updates.length > 0) {
      const [update] = this.#updates;
      const status = await fetch(this.proxied(), {
        method: 'POST',
        headers: { 'x-telegram-bot-api-secret-token': this.webhook.secret },
        body: JSON.stringify(update),
      }).then(
        (answer) => answer.status,
        () => 0,
      );
      this.webhookAnswers.push(status);
      if (status === 200) this.#updates.shift();
      else await new Promise((resolve) => setTimeout(resolve, 5));
      if (status === 0) break;
    }
    this.#isPushing = false;
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Uint8Array);
    const body = Buffer.concat(chunks);
    const [, token, method = ''] = /^\/bot([^/]+)\/(\w+)/.exec(request.url ?? '') ?? [];
    const fail = (status: number, description: string, retryAfter?: number) => {
      const parameters =
        retryAfter === undefined ? {} : { parameters: { retry_after: retryAfter } };
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ ok: false, error_code: status, description, ...parameters }));
    };
    if (this.isDown) return void response.destroy();
    if (token !== TOKEN || this.isRevoked) return fail(401, 'Unauthorized');
    const at = this.faults.findIndex((fault) => fault.method === method);
    const fault = at === -1 ? undefined : this.faults.splice(at, 1)[0];
    if (fault !== undefined) return fail(fault.status, fault.description, fault.retryAfter);
    const args = await argumentsOf(body, request.headers['content-type'] ?? '');
    if (method in UPLOADS) {
      this.uploads += 1;
      if (this.isHoldingUploads) return;
    }
    const result =
      method === 'getUpdates' ? await this.#poll(args, response) : this.#perform(method, args);
    if (typeof result === 'string') {
      const [status = '', ...words] = result.split(' ');
      return fail(Number(status), words.join(' '));
    }
    if (!response.writable) return;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ ok: true, result }));
  }

  async #poll(args: Json, response: ServerResponse): Promise<unknown> {
    if (this.webhook !== null)
      return "409 Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";
    if (this.isHoldingOther)
      return '409 Conflict: terminated by other getUpdates request; make sure that only one bot instance is running';
    const offset = Number(args['offset'] ?? 0);
    this.offsets.push(offset);
    this.#updates = this.#updates.filter((update) => update.update_id >= offset);
    if (this.#updates.length === 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Number(args['timeout'] ?? 0) * 1000);
        const wake = () => {
          clearTimeout(timer);
          resolve();
        };
        this.#waiting = { wake };
        response.once('close', wake);
      });
      this.#waiting = null;
    }
    return this.#updates.slice(0, 100);
  }

  #take(kind: SentFile['kind'], args: Json): unknown {
    const file = args[kind] as SentFile | undefined;
    if (file === undefined) return `400 Bad Request: there is no ${kind} in the request`;
    const caption = { ...args, text: args['caption'] ?? ' ' };
    const refusal = refusalOf(caption, 1024) ?? fileRefusalOf({ ...file, kind });
    if (refusal !== null) return refusal;
    this.#nextMessage += 1;
    this.messages.push({
      ...shapeOf(caption),
      message_id: this.#nextMessage,
      edits: 0,
      file: { ...file, kind },
    });
    this.onSent();
    const chat = { id: args['chat_id'], type: 'private' };
    return { message_id: this.#nextMessage, date: 0, chat, caption: args['caption'] };
  }

  #perform(method: string, args: Json): unknown {
    switch (method) {
      case 'sendMessage': {
        const refusal = refusalOf(args);
        if (refusal !== null) return refusal;
        this.#nextMessage += 1;
        this.messages.push({
          ...shapeOf(args),
          message_id: this.#nextMessage,
          edits: 0,
          file: null,
        });
        this.onSent();
        return {
          message_id: this.#nextMessage,
          date: 0,
          chat: { id: args['chat_id'], type: 'private' },
          text: args['text'],
        };
      }
      case 'sendPhoto':
      case 'sendDocument':
        return this.#take(UPLOADS[method]!, args);
      case 'editMessageText': {
        const refusal = refusalOf(args);
        if (refusal !== null) return refusal;
        const old = this.messages.find(
          (message) => message.message_id === Number(args['message_id']),
        );
        if (old === undefined) return '400 Bad Request: message to edit not found';
        const next = shapeOf(args);
        if (
          old.text === next.text &&
          JSON.stringify(old.keyboard) === JSON.stringify(next.keyboard)
        ) {
          return '400 Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message';
        }
        Object.assign(old, next, { edits: old.edits + 1, topic: old.topic, silent: old.silent });
        return {
          message_id: old.message_id,
          date: 0,
          chat: { id: 1, type: 'private' },
          text: next.text,
        };
      }
      case 'answerCallbackQuery':
        this.answered.push({
          id: String(args['callback_query_id']),
          text: args['text'] as string | undefined,
          alert: args['show_alert'] === true,
        });
        return true;
      case 'setWebhook':
        this.webhook = { url: String(args['url']), secret: String(args['secret_token']) };
        void this.#pushToWebhook();
        return true;
      case 'deleteWebhook':
        this.webhook = null;
        return true;
      case 'getWebhookInfo':
        return { url: this.webhook?.url ?? '', pending_update_count: this.#updates.length };
      case 'getChat': {
        const pin = this.pins.findLast(({ chat }) => chat === String(args['chat_id']));
        const pinned =
          pin === undefined
            ? {}
            : {
                pinned_message: {
                  message_id: pin.messageId,
                  date: 0,
                  from: { id: this.pinnedBy, is_bot: true, first_name: 'bot' },
                },
              };
        return { id: args['chat_id'], type: 'private', ...pinned };
      }
      case 'pinChatMessage':
        this.pins.push({ chat: String(args['chat_id']), messageId: Number(args['message_id']) });
        return true;
      case 'setMyCommands':
        this.menus.push(args);
        return true;
      default:
        return '404 Not Found';
    }
  }
}

function shapeOf(args: Json): Omit<Sent, 'message_id' | 'edits' | 'file'> {
  const markup = (args['reply_markup'] ?? {}) as {
    inline_keyboard?: { text: string; callback_data: string }[][];
  };
  return {
    chat_id: String(args['chat_id']),
    text: String(args['text']),
    parse_mode: args['parse_mode'] as string | undefined,
    silent: args['disable_notification'] === true,
    topic: args['message_thread_id'] === undefined ? null : Number(args['message_thread_id']),
    keyboard: markup.inline_keyboard ?? [],
  };
}

/** JSON, or a form: its files as they came, all else as text in which objects are JSON. */
async function argumentsOf(body: Buffer, type: string): Promise<Json> {
  if (body.length === 0) return {};
  if (!type.startsWith('multipart/form-data')) return JSON.parse(body.toString('utf8')) as Json;
  const form = await new Response(new Uint8Array(body), {
    headers: { 'content-type': type },
  }).formData();
  const files = new Map<string, unknown>();
  const texts: [string, string][] = [];
  for (const [name, value] of form) {
    if (typeof value === 'string') texts.push([name, value]);
    else files.set(name, { name: value.name, content: new Uint8Array(await value.arrayBuffer()) });
  }
  const read = (text: string): unknown => {
    if (text.startsWith('attach://')) return files.get(text.slice(9));
    if (text === 'true' || text === 'false') return text === 'true';
    return text.startsWith('{') ? JSON.parse(text) : text;
  };
  return Object.fromEntries([...files, ...texts.map(([name, text]) => [name, read(text)])]);
}

/** Telegram shows pictures of some sizes and shapes only. Reads the size from a PNG's header. */
function fileRefusalOf({ kind, content }: SentFile): string | null {
  if (content.length === 0) return '400 Bad Request: file must be non-empty';
  if (kind === 'document') return content.length > 50e6 ? '413 Request Entity Too Large' : null;
  if (content.length > 10e6) return '400 Bad Request: file is too big';
  const bytes = Buffer.from(content);
  if (bytes.length < 24 || bytes.toString('latin1', 1, 4) !== 'PNG')
    return '400 Bad Request: IMAGE_PROCESS_FAILED';
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  const isShown = width + height <= 10_000 && Math.max(width / height, height / width) <= 20;
  return isShown ? null : '400 Bad Request: PHOTO_INVALID_DIMENSIONS';
}

function refusalOf(args: Json, longest = 4096): string | null {
  const shape = shapeOf(args);
  for (const button of shape.keyboard.flat()) {
    const bytes = Buffer.byteLength(button.callback_data);
    if (bytes < 1 || bytes > 64) return '400 Bad Request: BUTTON_DATA_INVALID';
  }
  let visible = shape.text;
  if (shape.parse_mode === 'HTML') {
    const bad = brokenEntity(shape.text);
    if (bad !== null) return `400 Bad Request: can't parse entities: ${bad}`;
    visible = shape.text
      .replace(/<[^>]*>/g, '')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&amp;', '&');
  }
  if (longest === 4096 && visible.trim() === '') return '400 Bad Request: message text is empty';
  if (visible.length <= longest) return null;
  return `400 Bad Request: message ${longest === 4096 ? '' : 'caption '}is too long`;
}

/** Telegram's complaint about HTML that is not its own, or null. */
function brokenEntity(html: string): string | null {
  const open: string[] = [];
  for (const match of html.matchAll(/<(\/?)([^>]*)(>?)/g)) {
    const [, slash, name = '', end] = match;
    if (end !== '>' || !/^(b|i|code|pre|s|u)$/.test(name))
      return `Unsupported start tag "${name.slice(0, 10)}" at byte offset ${match.index}`;
    if (slash === '') open.push(name);
    else if (open.pop() !== name) return `Unmatched end tag at byte offset ${match.index}`;
  }
  return open.length === 0 ? null : `Can't find end tag corresponding to start tag "${open[0]}"`;
}
