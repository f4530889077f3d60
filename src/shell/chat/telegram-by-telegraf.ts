import { randomBytes } from 'node:crypto';
import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { Telegram, TelegramError } from 'telegraf';
import { type BotApi, BotApiError, type BotApiOptions, BotFile } from './telegram-api.ts';

type Payload = Readonly<Record<string, unknown>>;
type Call = (
  method: string,
  payload: Payload,
  options: { readonly signal: AbortSignal },
) => Promise<unknown>;
type Refusal = {
  readonly error_code: number;
  readonly description: string;
  readonly parameters?: { readonly retry_after?: number };
};

const API_ROOT = 'https://api.telegram.org';

/**
 * Calls by Telegraf: its HTTP client alone, neither its polling nor its handlers. Files are sent without it: its
 * multipart stream ends after the first part on this version of Node.
 */
export function createBotApi(options: BotApiOptions): BotApi {
  const { token, apiRoot, agent } = options;
  const telegram = new Telegram(token, {
    agent: agent as never,
    ...(apiRoot === undefined ? {} : { apiRoot }),
  });
  const callApi = telegram.callApi.bind(telegram) as unknown as Call;
  return {
    async call(method, payload, signal) {
      const hasFile = Object.values(payload).some((value) => value instanceof BotFile);
      if (hasFile) return await upload(options, method, payload, signal);
      try {
        return await callApi(method, payload, { signal });
      } catch (error) {
        if (!(error instanceof TelegramError)) throw error;
        const { code, description, parameters } = error;
        throw new BotApiError(code, description, parameters?.retry_after ?? null);
      }
    },
  };
}

/** A form of texts and files; texts go as they are, for `FormData` would make each line break two letters. */
function bodyOf(payload: Payload, boundary: string): Buffer {
  const parts = Object.entries(payload).flatMap(([name, value]) => {
    const isFile = value instanceof BotFile;
    const file = isFile ? `; filename="${value.name.replaceAll('"', '')}"` : '';
    const head = `--${boundary}\r\ncontent-disposition: form-data; name="${name}"${file}\r\n\r\n`;
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    const content = isFile ? Buffer.from(value.content) : Buffer.from(text);
    return [Buffer.from(head), content, Buffer.from('\r\n')];
  });
  return Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)]);
}

async function upload(
  { token, apiRoot = API_ROOT, agent }: BotApiOptions,
  method: string,
  payload: Payload,
  signal: AbortSignal,
): Promise<unknown> {
  const boundary = randomBytes(24).toString('hex');
  const body = bodyOf(payload, boundary);
  const url = new URL(`/bot${token}/${method}`, apiRoot);
  const request = url.protocol === 'http:' ? plainRequest : tlsRequest;
  const headers = {
    'content-type': `multipart/form-data; boundary=${boundary}`,
    'content-length': body.length,
  };
  const answer = await new Promise<string>((resolve, reject) => {
    const call = request(url, { method: 'POST', agent, headers, signal }, (response) => {
      text(response).then(resolve, reject);
    });
    call.on('error', reject);
    call.end(body);
  });
  const found = JSON.parse(answer) as { readonly ok: boolean; readonly result?: unknown };
  if (found.ok) return found.result;
  const { error_code, description, parameters } = found as unknown as Refusal;
  throw new BotApiError(error_code, description, parameters?.retry_after ?? null);
}
