/** Characters by their two bytes, read off the platform's own decoder. */
const table = new Map<string, number>();

function fill(): void {
  const decoder = new TextDecoder('gbk');
  for (let high = 0x81; high <= 0xfe; high += 1) {
    for (let low = 0x40; low <= 0xfe; low += 1) {
      if (low === 0x7f) continue;
      const text = decoder.decode(Uint8Array.of(high, low));
      if (text.length === 1 && text !== '�') table.set(text, (high << 8) | low);
    }
  }
}

/** A text in GBK, as the wire carries it. */
export function gbk(text: string): Buffer {
  if (table.size === 0) fill();
  const bytes: number[] = [];
  for (const letter of text) {
    const code = letter.codePointAt(0) ?? 0;
    if (code < 0x80) {
      bytes.push(code);
      continue;
    }
    const pair = table.get(letter);
    if (pair === undefined) throw new Error(`gbk: found "${letter}", which it does not have`);
    bytes.push(pair >> 8, pair & 0xff);
  }
  return Buffer.from(bytes);
}
