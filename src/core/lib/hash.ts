const PRIME = 0x01000193;
const BASES = [0x811c9dc5, 0x9747b28c] as const;

function fnv1a(text: string, base: number): number {
  let hash = base;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    hash = Math.imul(hash ^ (unit & 0xff), PRIME);
    hash = Math.imul(hash ^ (unit >>> 8), PRIME);
  }
  return hash >>> 0;
}

/**
 * Returns 16 hexadecimal digits that name a text: two 32-bit FNV-1a hashes with different bases over
 * its UTF-16 units. For identity of content only; not a signature (those are HMACs of the shell).
 */
export function stableHash(text: string): string {
  let [a, b]: [number, number] = [BASES[0], BASES[1]];
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    const [low, high] = [unit & 0xff, unit >>> 8];
    a = Math.imul(Math.imul(a ^ low, PRIME) ^ high, PRIME);
    b = Math.imul(Math.imul(b ^ low, PRIME) ^ high, PRIME);
  }
  return hexWord(a) + hexWord(b);
}

function hexWord(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}

const CODE_LETTERS = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';

/** Returns 4 letters of 2-9A-HJ-NP-Z (32 letters, none that look alike) derived from a text. */
export function shortCode(text: string): string {
  let bits = fnv1a(text, BASES[0]) ^ fnv1a(text, BASES[1]);
  let code = '';
  for (let i = 0; i < 4; i += 1) {
    code += CODE_LETTERS[bits & 31] ?? '2';
    bits >>>= 5;
  }
  return code;
}
