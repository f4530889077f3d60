import { createHmac } from 'node:crypto';

/** What the desk and the device of its owner were enrolled with. */
export const SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const STEP_MS = 30_000;

function bytesOf(base32: string): Buffer {
  let bits = '';
  for (const letter of base32) bits += ALPHABET.indexOf(letter).toString(2).padStart(5, '0');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

const KEY = bytesOf(SECRET);

export function stepAt(at: number): number {
  return Math.floor(at / STEP_MS);
}

/** The six digits of a step, as RFC 4226 makes them; written apart from the product's library. */
export function codeOf(step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const hash = createHmac('sha1', KEY).update(counter).digest();
  const from = (hash.at(-1) ?? 0) & 0xf;
  return String((hash.readUInt32BE(from) & 0x7fff_ffff) % 1_000_000).padStart(6, '0');
}
