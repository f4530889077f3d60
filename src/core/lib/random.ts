/** Seed of a sequence; equal seeds give equal sequences, also across machines. */
export type Seed = string | number;

/** A seeded sequence of random numbers. Not for secrets. */
export type Random = {
  /** Next number of the uniform distribution on [0, 1), 32 bits fine. */
  uniform(): number;
  /** Next number of the standard normal distribution (Marsaglia's polar method). */
  normal(): number;
  /** An independent sequence that depends on this one's seed and `label` only, not on its position. */
  fork(label: string): Random;
};

const TWO_POW_32 = 4_294_967_296;

/** Four words made from a text: FNV-1a per word with its own start, then the murmur3 finalizer. */
function hashWords(text: string): [number, number, number, number] {
  const words: [number, number, number, number] = [0x811c9dc5, 0x9e3779b9, 0x85ebca6b, 0xc2b2ae35];
  for (let w = 0; w < 4; w += 1) {
    let hash = words[w] ?? 0;
    for (let i = 0; i < text.length; i += 1) {
      hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    words[w] = (hash ^ (hash >>> 16)) >>> 0;
  }
  return words;
}

/**
 * A seeded sequence: sfc32 (Chris Doty-Humphrey, PractRand), which passes PractRand and BigCrush
 * and needs 32-bit integers only, so that it is the same on every machine.
 */
export function createRandom(seed: Seed): Random {
  const text = String(seed);
  let [a, b, c, counter] = hashWords(text);
  let spare: number | null = null;
  const uniform = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return (sum >>> 0) / TWO_POW_32;
  };
  for (let i = 0; i < 15; i += 1) uniform();
  const normal = (): number => {
    if (spare !== null) {
      const kept = spare;
      spare = null;
      return kept;
    }
    for (;;) {
      const x = uniform() * 2 - 1;
      const y = uniform() * 2 - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(square)) / square);
      spare = y * factor;
      return x * factor;
    }
  };
  return { uniform, normal, fork: (label) => createRandom(`${text}/${label}`) };
}

/**
 * A number on [0, 1) that depends on `seed` and `key` only. For chance that must not depend on
 * what was drawn before, e.g. after a restart.
 */
export function uniformOf(seed: Seed, key: string): number {
  return createRandom(`${seed}/${key}`).uniform();
}
