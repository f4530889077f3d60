import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { sync as writeFileAtomic } from 'write-file-atomic';

/* The font comes in parts as WOFF, each table deflated; the drawing library reads plain fonts from files. */

const WOFF_SIGNATURE = 0x774f_4646;
const WOFF_HEADER = 44;
const WOFF_ENTRY = 20;
const FONT_HEADER = 12;
const FONT_ENTRY = 16;
const PACKAGE = '@fontsource/noto-sans-sc';
const FIRST = 'latin';

/** Rounded up to whole words of four bytes. */
function padded(length: number): number {
  return (length + 3) & ~3;
}

/**
 * A WOFF font as plain TrueType or OpenType. Throws RangeError for what is no WOFF. Source: W3C, "WOFF
 * File Format 1.0", sections 3 to 5.
 */
export function unpackWoff(woff: Buffer): Buffer {
  if (woff.length < WOFF_HEADER || woff.readUInt32BE(0) !== WOFF_SIGNATURE)
    throw new RangeError('font: found no WOFF signature');
  const count = woff.readUInt16BE(12);
  const tables = Array.from({ length: count }, (_, place) => {
    const entry = WOFF_HEADER + place * WOFF_ENTRY;
    const from = woff.readUInt32BE(entry + 4);
    const packedLength = woff.readUInt32BE(entry + 8);
    const length = woff.readUInt32BE(entry + 12);
    const packed = woff.subarray(from, from + packedLength);
    const tag = woff.subarray(entry, entry + 4);
    const checksum = woff.readUInt32BE(entry + 16);
    return { tag, checksum, data: packedLength < length ? inflateSync(packed) : packed };
  });
  const bodyAt = FONT_HEADER + FONT_ENTRY * count;
  const font = Buffer.alloc(tables.reduce((end, { data }) => end + padded(data.length), bodyAt));
  const steps = Math.floor(Math.log2(count));
  woff.copy(font, 0, 4, 8);
  font.writeUInt16BE(count, 4);
  font.writeUInt16BE(FONT_ENTRY * 2 ** steps, 6);
  font.writeUInt16BE(steps, 8);
  font.writeUInt16BE(FONT_ENTRY * (count - 2 ** steps), 10);
  let at = bodyAt;
  for (const [place, { tag, checksum, data }] of tables.entries()) {
    const entry = FONT_HEADER + place * FONT_ENTRY;
    tag.copy(font, entry);
    font.writeUInt32BE(checksum, entry + 4);
    font.writeUInt32BE(at, entry + 8);
    font.writeUInt32BE(data.length, entry + 12);
    data.copy(font, at);
    at += padded(data.length);
  }
  return font;
}

type Range = readonly [from: number, to: number];

/** The parts a font family is cut into, with the characters of each. */
export type FontParts = {
  /** Plain font files, unpacked once for each version of their package, that hold every letter of a text. */
  filesFor(text: string): string[];
};

/** `U+1f1e9-1f1f5,U+21a` as ranges. */
function rangesOf(list: string): Range[] {
  return list.split(',').map((range) => {
    const [from = '', to = from] = range.trim().replace(/^U\+/i, '').split('-');
    return [Number.parseInt(from, 16), Number.parseInt(to, 16)];
  });
}

/**
 * Noto Sans SC: a text takes the few parts it needs, so that a rare name is drawn as well as a common one
 * and no picture waits for twenty thousand letters. A letter that no part has is left to the drawing.
 */
export function fontParts(folder: string): FontParts {
  const load = createRequire(import.meta.url);
  const manifest = load.resolve(`${PACKAGE}/package.json`);
  const { version } = load(manifest) as { version: string };
  const listed = load(`${PACKAGE}/unicode.json`) as Record<string, string>;
  const parts = Object.entries(listed)
    .map(([name, list]) => ({ name: name.replace(/[[\]]/g, ''), ranges: rangesOf(list) }))
    // figures and letters of every picture: asked first
    .sort((a, b) => Number(b.name === FIRST) - Number(a.name === FIRST));
  const paths = new Map<string, string>();
  const unpacked = (name: string): string => {
    const path = join(folder, `noto-sans-sc-${name}-${version}.ttf`);
    if (!existsSync(path)) {
      const packed = join(dirname(manifest), 'files', `noto-sans-sc-${name}-400-normal.woff`);
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      writeFileAtomic(path, unpackWoff(readFileSync(packed)), { mode: 0o600 });
    }
    paths.set(name, path);
    return path;
  };
  return {
    filesFor(text) {
      const needed = new Set<string>([FIRST]);
      for (const letter of new Set(text)) {
        const code = letter.codePointAt(0) ?? 0;
        const part = parts.find(({ ranges }) =>
          ranges.some(([from, to]) => from <= code && code <= to),
        );
        if (part !== undefined) needed.add(part.name);
      }
      return [...needed].map((name) => paths.get(name) ?? unpacked(name));
    },
  };
}
