import { createHash, randomUUID } from 'node:crypto';
import { ChannelError } from '#app/errors.ts';
import type { Channel, Outgoing, OutgoingFile } from '#app/ports.ts';
import { newsOf } from './edit-lines.ts';
import { cutToBytes, wecomTextOf } from './wecom-card.ts';

export type WecomWebhookOptions = {
  /** The robot's address, its key included. Secret. */
  readonly url: string;
};

/** Longest Markdown of a group robot, in bytes of UTF-8: 1,365 Chinese characters. Source: the chat contract. */
const LONGEST_BYTES = 4096;
/** Largest picture the robot takes in a message. */
const LARGEST_PICTURE_BYTES = 2_000_000;
const CALL_MS = 15_000;
/** The vendor counts by the minute. */
const RATE_PAUSE_MS = 60_000;
const TOO_OFTEN = 45_009;
const MOST_SHOWN = 500;
/** The one chat there is. */
export const WEBHOOK_CHAT = 'group';

type Answer = { readonly errcode: number; readonly errmsg: string; readonly media_id?: string };

/** Lines as as many messages as the limit in bytes asks for, cut between lines where they can be. */
export function wecomParts(lines: readonly string[]): string[] {
  const parts: string[] = [];
  let part = '';
  for (const line of wecomTextOf(lines).split('\n')) {
    const whole = cutToBytes(line, LONGEST_BYTES);
    const joined = part === '' ? whole : `${part}\n${whole}`;
    if (Buffer.byteLength(joined) <= LONGEST_BYTES) part = joined;
    else {
      parts.push(part);
      part = whole;
    }
  }
  return [...parts, part];
}

/**
 * A robot of a WeCom group by its webhook: one way, no buttons, no edits. What it says is a mirror; an edit is
 * told as one new line.
 */
export function createWecomWebhook(options: WecomWebhookOptions): Channel {
  const shown = new Map<string, readonly string[]>();
  const remember = (id: string, lines: readonly string[]): string => {
    shown.delete(id);
    shown.set(id, lines);
    const oldest = shown.keys().next();
    if (shown.size > MOST_SHOWN && oldest.done !== true) shown.delete(oldest.value);
    return id;
  };
  return {
    name: 'wecom-webhook',
    hasEdits: false,
    async start() {
      // nothing comes in by a webhook
    },
    async deliver({ card, edit, file }: Outgoing) {
      const before = edit === null ? undefined : shown.get(edit);
      const lines = before === undefined ? card.lines : newsOf(before, card.lines);
      for (const content of lines.length === 0 ? [] : wecomParts(lines))
        await post(options.url, { msgtype: 'markdown', markdown: { content } });
      if (file !== undefined) await sendFile(options.url, file);
      return remember(edit ?? randomUUID(), card.lines);
    },
    async acknowledge() {
      // there are no taps
    },
    async stop() {
      // nothing is open
    },
  };
}

async function sendFile(url: string, file: OutgoingFile): Promise<void> {
  const content = Buffer.from(file.content);
  if (file.kind === 'photo' && content.length <= LARGEST_PICTURE_BYTES) {
    const md5 = createHash('md5').update(content).digest('hex');
    const image = { base64: content.toString('base64'), md5 };
    await post(url, { msgtype: 'image', image });
    return;
  }
  const target = new URL(url);
  target.pathname = target.pathname.replace(/[^/]*$/, 'upload_media');
  target.searchParams.set('type', 'file');
  const form = new FormData();
  form.set('media', new Blob([content], { type: file.mediaType }), file.name);
  const { media_id = '' } = await call(target.href, form);
  await post(url, { msgtype: 'file', file: { media_id } });
}

function post(url: string, body: unknown): Promise<Answer> {
  return call(url, JSON.stringify(body), { 'content-type': 'application/json' });
}

/** The cause is left out of what is thrown: its text may hold the key. */
async function call(
  url: string,
  body: string | FormData,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const options = { code: 'unreachable', retryable: true } as const;
  let answer: Answer;
  try {
    const signal = AbortSignal.timeout(CALL_MS);
    const response = await fetch(url, { method: 'POST', body, headers, signal });
    if (!response.ok)
      throw new ChannelError(`wecom-webhook: found status ${response.status}`, options);
    answer = (await response.json()) as Answer;
  } catch (error) {
    if (error instanceof ChannelError) throw error;
    throw new ChannelError('wecom-webhook: found no answer', options);
  }
  if (answer.errcode === 0) return answer;
  const words = `wecom-webhook: ${answer.errcode} ${String(answer.errmsg).slice(0, 120)}`;
  if (answer.errcode === TOO_OFTEN) {
    const context = { retryAfterMs: RATE_PAUSE_MS };
    throw new ChannelError(words, { code: 'rate_limited', retryable: true, context });
  }
  throw new ChannelError(words, { code: `errcode_${answer.errcode}`, retryable: false });
}
