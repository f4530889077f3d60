import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { sync as writeFileAtomic } from 'write-file-atomic';
import { z } from 'zod';

/*
 * What a run has found so far, in its own folder until it is done: one line a finished set. A run that is killed leaves it
 * behind, and the next one into the same folder goes on from there, as long as bars, settings and code are the same.
 */
const FILE = 'unfinished.jsonl';

const headShape = z.object({ run: z.string() });
const triedShape = z.object({
  values: z.record(z.string(), z.number()),
  results: z.array(z.object({ day: z.string(), resultR: z.number() })).readonly(),
});
const lineShape = z.object({ set: z.string(), tried: triedShape });

/** What came of a set: the values it was made with, and each trade's day and result in R. */
export type TriedSet = Readonly<z.infer<typeof triedShape>>;

export type KeptSets = {
  /** What an earlier run that did not finish had found of a set; null: nothing that counts. */
  known(set: string): TriedSet | null;
  /** Keeps the results of a set, by the hash of what it means. */
  keep(set: string, tried: TriedSet): void;
  /** The run is done: its files say everything. */
  end(): void;
};

type Left = { readonly run: string; readonly sets: ReadonlyMap<string, TriedSet> };

/** What an unfinished run left. A line that was torn by its end, and all behind it, counts for nothing. */
function readLeft(file: string): Left {
  const sets = new Map<string, TriedSet>();
  const [first = '', ...lines] = readFileSync(file, 'utf8').split('\n');
  try {
    const { run } = headShape.parse(JSON.parse(first));
    try {
      for (const line of lines.filter((text) => text !== '')) {
        const { set, tried } = lineShape.parse(JSON.parse(line));
        sets.set(set, tried);
      }
    } catch {
      // the process ended while it wrote this line
    }
    return { run, sets };
  } catch {
    return { run: '', sets };
  }
}

function lineOf(set: string, tried: TriedSet): string {
  return `${JSON.stringify({ set, tried })}\n`;
}

/**
 * Begins a run into `out`, or goes on with one that did not finish. `run` names all that a result depends on besides the
 * set itself; `sets` are those this run will play. `say` is told what became of an unfinished run.
 */
export function openKept(
  out: string,
  run: string,
  sets: readonly string[],
  say: (text: string) => void,
): KeptSets {
  const file = join(out, FILE);
  mkdirSync(out, { recursive: true });
  const left = existsSync(file) ? readLeft(file) : null;
  const known = new Map<string, TriedSet>();
  if (left?.run === run)
    for (const set of sets) {
      const tried = left.sets.get(set);
      if (tried !== undefined) known.set(set, tried);
    }
  if (left !== null) {
    const fits = known.size > 0 ? `${known.size} of ${sets.length} sets are taken from it` : '';
    const why =
      left.run === run ? 'none of these sets was done' : 'its bars, settings or code differ';
    const starts = sets.length === 0 ? 'no layer of it was done' : why;
    say(`${out}: an earlier run did not finish; ${fits || `this one starts over, ${starts}`}`);
  }
  const kept = [...known].map(([set, tried]) => lineOf(set, tried));
  writeFileAtomic(file, [`${JSON.stringify({ run })}\n`, ...kept].join(''));
  return {
    known: (set) => known.get(set) ?? null,
    keep: (set, tried) => appendFileSync(file, lineOf(set, tried)),
    end: () => rmSync(file, { force: true }),
  };
}
