import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';

const PIECE = 1 << 20;

/** Takes the bytes of a file into a hash, a piece at a time: a large file is not held. Throws as the system does. */
function takeFile(hash: Hash, file: string, piece: Buffer): void {
  const fd = openSync(file, 'r');
  try {
    for (;;) {
      const read = readSync(fd, piece, 0, PIECE, null);
      if (read === 0) return;
      hash.update(piece.subarray(0, read));
    }
  } finally {
    closeSync(fd);
  }
}

/** First half of the SHA-256 of a word and the bytes of files, in hex. Throws as the system does. */
export function hashFiles(word: string, files: readonly string[]): string {
  const hash = createHash('sha256').update(word);
  const piece = Buffer.allocUnsafe(PIECE);
  for (const file of files) takeFile(hash, file, piece);
  return hash.digest('hex').slice(0, 32);
}
