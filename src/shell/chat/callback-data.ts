import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Telegram's limit of `callback_data`, in bytes of UTF-8. */
export const LONGEST_CALLBACK_BYTES = 64;

const ANSWERS: Readonly<Record<string, string>> = { confirm: 'c', half: 'h', skip: 's' };
const COMMANDS: Readonly<Record<string, string>> = { c: 'confirm', h: 'half', s: 'skip' };
/** Length of eight bytes in base64url. */
const SIGNATURE = 11;
const MOST_REFERENCES = 5000;

export type CallbackData = {
  /** The signed data of a button in a chat; never longer than 64 bytes. */
  encode(command: string, chatId: string): string;
  /** The command behind it, or null when it is forged, from another chat or no longer known. */
  decode(data: string, chatId: string): string | null;
};

/**
 * Commands of buttons, signed. Answers to tickets are `1:c:<code>:<version>:<signature>`; other
 * commands are carried whole where they fit, `1:t:<command>:<signature>`, so that they outlive a
 * restart, else by reference to a table in memory, `1:r:<reference>:<signature>`. The signature is
 * the first 8 bytes of HMAC-SHA-256 over chat and body, in base64url.
 */
export function createCallbackData(key: Uint8Array): CallbackData {
  const references = new Map<string, string>();
  const sign = (body: string, chatId: string): string =>
    createHmac('sha256', key)
      .update(`${chatId}\n${body}`)
      .digest()
      .subarray(0, 8)
      .toString('base64url');
  const signed = (body: string, chatId: string): string => `${body}:${sign(body, chatId)}`;
  return {
    encode(command, chatId) {
      const answer = /^\/(confirm|half|skip) ([2-9A-HJ-NP-Z]{4}) v(\d{1,6})$/.exec(command);
      if (answer !== null)
        return signed(`1:${ANSWERS[answer[1]!]}:${answer[2]}:${answer[3]}`, chatId);
      const whole = `1:t:${command}`;
      if (Buffer.byteLength(whole) + 1 + SIGNATURE <= LONGEST_CALLBACK_BYTES)
        return signed(whole, chatId);
      const reference = randomBytes(9).toString('base64url');
      references.set(reference, command);
      const oldest = references.keys().next();
      if (references.size > MOST_REFERENCES && oldest.done !== true)
        references.delete(oldest.value);
      return signed(`1:r:${reference}`, chatId);
    },
    decode(data, chatId) {
      const colon = data.lastIndexOf(':');
      if (colon < 0 || Buffer.byteLength(data) > LONGEST_CALLBACK_BYTES) return null;
      const body = data.slice(0, colon);
      const expected = Buffer.from(sign(body, chatId));
      const given = Buffer.from(data.slice(colon + 1));
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
      return commandOf(body, references);
    },
  };
}

function commandOf(body: string, references: ReadonlyMap<string, string>): string | null {
  const answer = /^1:([chs]):([2-9A-HJ-NP-Z]{4}):(\d{1,6})$/.exec(body);
  if (answer !== null) return `/${COMMANDS[answer[1]!]} ${answer[2]} v${answer[3]}`;
  if (body.startsWith('1:t:')) return body.slice(4);
  return body.startsWith('1:r:') ? (references.get(body.slice(4)) ?? null) : null;
}
