import { createHash } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

type Json = Record<string, unknown>;
type Frame = { cmd?: string; headers: { req_id: string }; body?: Json };

export const BOT_ID = 'aibKtq5Zw-fake';
export const BOT_SECRET = 'v3ryS3cretOfTheBot-fake';

type CardButton = { text: string; style: number; key: string };
export type FakeCard = {
  task_id: string;
  main_title: { title: string };
  sub_title_text?: string;
  button_list: CardButton[];
};

/** What a chat shows. */
export type WecomSent =
  | { kind: 'markdown'; chatId: string; content: string }
  | { kind: 'card'; chatId: string; card: FakeCard; updates: number }
  | { kind: 'image' | 'file'; chatId: string; name: string; content: Buffer };

const UPDATE_MS = 5000;
const SECOND = 1000;

/**
 * The vendor's WebSocket on loopback, strict: one connection a bot (a newer one is told of to the older, which
 * is cut), everything acknowledged by its request id, limits in bytes, task ids once, cards updated only by the
 * request id of a tap and within 5 s. Frames as the package's types describe them.
 */
export class FakeWecom {
  readonly sent: WecomSent[] = [];
  readonly connects: number[] = [];
  /** Answers of the next sends: an error code, or no answer. */
  readonly faults: (number | 'silence')[] = [];
  readonly pings: string[] = [];
  isRefusing = false;
  onSent: () => void = () => undefined;
  #server: WebSocketServer | null = null;
  #socket: WebSocket | null = null;
  #port = 0;
  #count = 0;
  readonly #tasks = new Set<string>();
  readonly #taps = new Map<string, { taskId: string; at: number }>();
  readonly #uploads = new Map<
    string,
    { type: 'image' | 'file'; name: string; md5: string; parts: Buffer[] }
  >();

  /** Also after a close: at the address it had, as a service that comes back. */
  async listen(): Promise<string> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: this.#port });
    this.#server = server;
    server.on('connection', (socket) => this.#connected(socket));
    await new Promise<void>((resolve) => server.once('listening', resolve));
    this.#port = (server.address() as AddressInfo).port;
    return `ws://127.0.0.1:${this.#port}`;
  }

  async close(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    for (const client of server.clients) client.terminate();
    await new Promise((resolve) => server.close(resolve));
    this.#socket = null;
  }

  isOnline(): boolean {
    return this.#socket !== null;
  }

  say(content: string, fields: Json = {}): void {
    this.#push('aibot_msg_callback', {
      chattype: 'single',
      from: { userid: 'li' },
      create_time: Math.floor(Date.now() / SECOND),
      msgtype: 'text',
      text: { content },
      ...fields,
    });
  }

  /** Taps a button of a card; answers the request id. */
  tap(key: string, taskId: string, userId = 'li', fields: Json = {}): string {
    const reqId = this.#push('aibot_event_callback', {
      chattype: 'single',
      from: { userid: userId },
      create_time: Math.floor(Date.now() / SECOND),
      msgtype: 'event',
      event: { eventtype: 'template_card_event', event_key: key, task_id: taskId },
      ...fields,
    });
    this.#taps.set(reqId, { taskId, at: Date.now() });
    return reqId;
  }

  /** As though another process connected with the same bot. */
  displace(): void {
    this.#push('aibot_event_callback', {
      from: { userid: '' },
      msgtype: 'event',
      event: { eventtype: 'disconnected_event' },
    });
    this.#socket = null;
  }

  cards(): (WecomSent & { kind: 'card' })[] {
    return this.sent.filter((entry) => entry.kind === 'card');
  }

  text(): string {
    return this.sent.map((entry) => (entry.kind === 'markdown' ? entry.content : '')).join('\n');
  }

  #push(cmd: string, body: Json): string {
    this.#count += 1;
    const reqId = `${cmd}_${this.#count}`;
    const full = { msgid: `msg${this.#count}`, aibotid: BOT_ID, ...body };
    this.#socket?.send(JSON.stringify({ cmd, headers: { req_id: reqId }, body: full }));
    return reqId;
  }

  #connected(socket: WebSocket): void {
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data)) as Frame;
      const answer = this.#answer(frame, socket);
      if (answer !== null)
        socket.send(JSON.stringify({ headers: { req_id: frame.headers.req_id }, ...answer }));
    });
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = null;
    });
  }

  #answer(frame: Frame, socket: WebSocket): Json | null {
    const { cmd, body = {} } = frame;
    if (cmd === 'aibot_subscribe') {
      const isRight = body['bot_id'] === BOT_ID && body['secret'] === BOT_SECRET;
      if (!isRight || this.isRefusing) return { errcode: 40_001, errmsg: 'invalid credential' };
      this.connects.push(Date.now());
      if (this.#socket !== null) this.displace();
      this.#socket = socket;
      return { errcode: 0, errmsg: 'ok' };
    }
    if (cmd === 'ping') {
      this.pings.push(frame.headers.req_id);
      return { errcode: 0, errmsg: 'ok' };
    }
    if (this.#socket !== socket) return { errcode: 846_609, errmsg: 'not subscribed' };
    const fault = cmd === 'aibot_send_msg' ? this.faults.shift() : undefined;
    if (fault === 'silence') return null;
    if (fault !== undefined) return { errcode: fault, errmsg: 'fault' };
    const refusal = this.#perform(frame, body);
    if (typeof refusal === 'string') return { errcode: 40_058, errmsg: refusal };
    this.onSent();
    return { errcode: 0, errmsg: 'ok', ...(refusal === null ? {} : { body: refusal }) };
  }

  /** A string refuses; an object is the answer's body. */
  #perform({ cmd, headers }: Frame, body: Json): string | Json | null {
    switch (cmd) {
      case 'aibot_send_msg':
        return this.#send(body);
      case 'aibot_respond_update_msg':
        return this.#update(headers.req_id, body['template_card'] as FakeCard);
      case 'aibot_upload_media_init': {
        const id = `up${this.#uploads.size}`;
        const { type, filename, md5 } = body as {
          type: 'image' | 'file';
          filename: string;
          md5: string;
        };
        this.#uploads.set(id, { type, name: filename, md5, parts: [] });
        return { upload_id: id };
      }
      case 'aibot_upload_media_chunk': {
        const upload = this.#uploads.get(String(body['upload_id']));
        if (upload === undefined) return 'unknown upload';
        const part = Buffer.from(String(body['base64_data']), 'base64');
        upload.parts[Number(body['chunk_index'])] = part;
        return null;
      }
      case 'aibot_upload_media_finish': {
        const upload = this.#uploads.get(String(body['upload_id']));
        if (upload === undefined) return 'unknown upload';
        const md5 = createHash('md5').update(Buffer.concat(upload.parts)).digest('hex');
        return md5 === upload.md5
          ? { type: upload.type, media_id: String(body['upload_id']), created_at: '' }
          : 'md5 mismatch';
      }
      default:
        return `unknown command ${cmd}`;
    }
  }

  #send(body: Json): string | null {
    const chatId = String(body['chatid']);
    switch (body['msgtype']) {
      case 'markdown': {
        const { content } = body['markdown'] as { content: string };
        if (content === '') return 'empty content';
        if (Buffer.byteLength(content) > 20_480) return 'content too long';
        this.sent.push({ kind: 'markdown', chatId, content });
        return null;
      }
      case 'template_card': {
        const card = body['template_card'] as FakeCard;
        const refusal = refusalOf(card);
        if (refusal !== null) return refusal;
        if (this.#tasks.has(card.task_id)) return 'task_id is used';
        this.#tasks.add(card.task_id);
        this.sent.push({ kind: 'card', chatId, card, updates: 0 });
        return null;
      }
      case 'image':
      case 'file': {
        const { media_id } = body[body['msgtype']] as { media_id: string };
        const upload = this.#uploads.get(media_id);
        if (upload === undefined || upload.type !== body['msgtype']) return 'invalid media_id';
        const content = Buffer.concat(upload.parts);
        this.sent.push({ kind: upload.type, chatId, name: upload.name, content });
        return null;
      }
      default:
        return 'invalid msgtype';
    }
  }

  #update(reqId: string, card: FakeCard): string | null {
    const tap = this.#taps.get(reqId);
    if (tap === undefined) return 'invalid req_id';
    if (Date.now() - tap.at > UPDATE_MS) return 'update expired';
    if (card.task_id !== tap.taskId) return 'task_id differs';
    const refusal = refusalOf(card);
    const shown = this.cards().find((entry) => entry.card.task_id === tap.taskId);
    if (refusal !== null || shown === undefined) return refusal ?? 'unknown task';
    shown.card = card;
    shown.updates += 1;
    this.#taps.delete(reqId);
    return null;
  }
}

function refusalOf(card: FakeCard): string | null {
  if (!/^[\w@-]{1,128}$/.test(card.task_id)) return 'invalid task_id';
  const { button_list: buttons } = card;
  if (buttons.length < 1 || buttons.length > 6) return 'invalid button_list';
  if (new Set(buttons.map(({ key }) => key)).size !== buttons.length) return 'keys repeat';
  const isLong = buttons.some(({ key, text }) => Buffer.byteLength(key) > 1024 || text === '');
  return isLong || card.main_title.title === '' ? 'invalid card' : null;
}
