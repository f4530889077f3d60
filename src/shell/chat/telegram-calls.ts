import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { ChannelError } from '#app/errors.ts';
import type { Outgoing } from '#app/ports.ts';
import type { ChannelTrouble } from './channel-trouble.ts';
import { BotApiError } from './telegram-api.ts';

/** Longest caption, in UTF-16 units after the mark-up is read. */
const LONGEST_CAPTION = 1024;

export function replyOf({ replyTo }: Outgoing) {
  if (replyTo === null) return {};
  return {
    reply_parameters: { message_id: Number(replyTo), allow_sending_without_reply: true },
  };
}

/** As much as a caption holds; an ellipsis stands for the rest. */
export function captionOf(lines: readonly string[]): string[] {
  const kept: string[] = [];
  let room = LONGEST_CAPTION - 1;
  for (const line of lines) {
    if (line.length + 1 > room) return [...kept, `${line.slice(0, room - 1).toWellFormed()}…`];
    kept.push(line);
    room -= line.length + 1;
  }
  return kept;
}

export function signalFor(ms: number): AbortSignal {
  return AbortSignal.timeout(ms);
}

export function agentOf(options: {
  readonly apiRoot?: string;
  readonly proxy?: string;
}): HttpAgent | HttpsAgent {
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

export function isParseError(error: unknown): boolean {
  return (
    error instanceof BotApiError &&
    error.status === 400 &&
    /can't parse entities/i.test(error.description)
  );
}

/** What a refused edit means: the text is the same already, or the message is to be sent anew. */
export function editVerdict(error: unknown): 'same' | 'anew' | null {
  if (!(error instanceof BotApiError) || error.status !== 400) return null;
  if (/message is not modified/i.test(error.description)) return 'same';
  const isGone = /message to edit not found|message can't be edited|MESSAGE_ID_INVALID/i.test(
    error.description,
  );
  return isGone ? 'anew' : null;
}

export function troubleCode(error: unknown): ChannelTrouble['code'] {
  if (!(error instanceof BotApiError)) return 'unreachable';
  if (error.status === 401 || error.status === 404) return 'unauthorized';
  if (error.status === 409) return 'conflict';
  return error.status >= 500 ? 'unreachable' : 'refused';
}

/** The cause is left out on purpose: its text may hold the token. */
export function failureOf(error: unknown): ChannelError {
  if (error instanceof BotApiError) {
    const { status, description, retryAfter: after } = error;
    const retryable = status === 429 || status === 401 || status >= 500;
    const code = status === 429 ? 'rate_limited' : `status_${status}`;
    const context = after === null ? { status } : { status, retryAfterMs: after * 1000 };
    return new ChannelError(`telegram: ${description.toLowerCase()}`, { code, retryable, context });
  }
  return new ChannelError('telegram: the Bot API did not answer', {
    code: 'unreachable',
    retryable: true,
  });
}
