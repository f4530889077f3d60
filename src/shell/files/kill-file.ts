import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import process from 'node:process';

/** Who killed what, when. `scope` is a desk id, an account id or `all`. */
export type KillNote = {
  readonly scope: string;
  readonly by: string;
  readonly at: number;
  /** The message that killed, `<channel>:<update id>`; left out where it came from no channel. */
  readonly updateKey?: string;
  /** Stage 2 was asked for as well; `key` makes each count once. */
  readonly flatten?: readonly KeyedNote[];
  /** Accounts (`scope`) whose positions another process has closed at the broker, past their desk. */
  readonly sold?: readonly KeyedNote[];
};

type KeyedNote = {
  readonly scope: string;
  readonly key: string;
  /** A person typed the phrase of this live account; left out, paper accounts alone are meant. */
  readonly isConfirmed?: boolean;
};

/** `unreadable` halts as `present` does: unknown means no. */
export type KillState =
  | { readonly kind: 'absent' }
  | { readonly kind: 'present'; readonly note: KillNote }
  | { readonly kind: 'unreadable'; readonly problem: string };

/** What the desk did when it saw the file. */
export type KillAnswer = {
  readonly at: number;
  readonly pid: number;
  readonly canceledOrderIds: readonly string[];
  readonly protectionKept: number;
  /**
   * Orders at the broker that the desk did not know and that it canceled as well; null while the broker is
   * still asked for them. Missing in an answer of an earlier version.
   */
  readonly strangerIds?: readonly string[] | null;
};

export type KillFile = {
  /** Cheap enough to be asked before every submission. */
  state(): KillState;
  /**
   * On disk when it returns; a file that is already there keeps its note when its scope is wider, and takes
   * the later instant: a kill said again overtakes a resume that was asked for in between.
   */
  write(note: KillNote): void;
  /** Ends the kills said up to `upTo` (null: all); only ever called for a person's resume. */
  remove(upTo: number | null): void;
  answer(answer: KillAnswer): void;
  /** The answer to a kill at or after `sinceAt`; null when there is none yet. */
  readAnswer(sinceAt: number): KillAnswer | null;
  /** Calls back within `everyMs` of a change, once for each, and once at the start if it is there. */
  watch(onChange: (state: KillState) => void, everyMs?: number): () => void;
};

const WATCH_MS = 250;
const UNKNOWN_NOTE: Omit<KillNote, 'at'> = { scope: 'all', by: 'kill file' };

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown';
}

/** Replaced whole and on disk, without a turn of the event loop. */
function writeDurably(file: string, value: unknown): void {
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}.tmp`;
  const handle = openSync(draft, 'w', 0o600);
  try {
    writeSync(handle, `${JSON.stringify(value)}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(draft, file);
}

/** Any content kills: a file made by hand with `touch` counts for everything. */
function parseNote(text: string, modifiedAt: number): KillNote {
  try {
    const found = JSON.parse(text) as Partial<KillNote>;
    const { scope, by, at, updateKey } = found;
    if (typeof scope === 'string' && scope !== '' && typeof by === 'string') {
      const key = typeof updateKey === 'string' ? { updateKey } : {};
      const lists = listsOf(keyedOf(found.flatten), keyedOf(found.sold));
      return { scope, by, at: typeof at === 'number' ? at : modifiedAt, ...key, ...lists };
    }
  } catch {
    // Written by hand: below.
  }
  return { ...UNKNOWN_NOTE, at: modifiedAt };
}

function keyedOf(found: unknown): readonly KeyedNote[] {
  if (!Array.isArray(found)) return [];
  const isKeyed = (one: unknown): one is KeyedNote =>
    typeof one === 'object' &&
    one !== null &&
    'scope' in one &&
    'key' in one &&
    typeof one.scope === 'string' &&
    typeof one.key === 'string' &&
    (!('isConfirmed' in one) || typeof one.isConfirmed === 'boolean');
  return found.filter(isKeyed);
}

function listsOf(
  flatten: readonly KeyedNote[],
  sold: readonly KeyedNote[],
): Pick<KillNote, 'flatten' | 'sold'> {
  return {
    ...(flatten.length === 0 ? {} : { flatten }),
    ...(sold.length === 0 ? {} : { sold }),
  };
}

/** A kill on top of another: the scope never narrows, what is or was to be sold adds up. Null: nothing is new. */
function merged(before: KillState, note: KillNote): KillNote | null {
  if (before.kind !== 'present') return note;
  const isMore = note.flatten !== undefined || note.sold !== undefined;
  const isWider = before.note.scope !== note.scope && before.note.scope !== 'all';
  // one message that several desks write down is said once
  const isSameMessage = note.updateKey !== undefined && note.updateKey === before.note.updateKey;
  const isSaidAgain =
    !isSameMessage && (note.at !== before.note.at || note.updateKey !== undefined);
  if (!isMore && !isWider && !isSaidAgain) return null;
  const flatten = [...(before.note.flatten ?? []), ...(note.flatten ?? [])];
  const sold = [...(before.note.sold ?? []), ...(note.sold ?? [])];
  // a clock that was set back does not make it the same saying
  const at = isSaidAgain ? Math.max(note.at, before.note.at + 1) : before.note.at;
  const base = isWider ? { ...note, scope: 'all' } : before.note;
  const { updateKey: _, ...rest } = base;
  // the message named is the one of the instant: a desk that heard the first must not take the second for it
  const key = isSaidAgain ? note.updateKey : before.note.updateKey;
  return {
    ...rest,
    at,
    ...(key === undefined ? {} : { updateKey: key }),
    ...listsOf(flatten, sold),
  };
}

function readState(file: string): KillState {
  try {
    const { mtimeMs } = statSync(file);
    return { kind: 'present', note: parseNote(readFileSync(file, 'utf8'), Math.trunc(mtimeMs)) };
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return { kind: 'absent' };
    return { kind: 'unreadable', problem: code };
  }
}

function readAnswerFile(file: string): KillAnswer | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as KillAnswer;
  } catch {
    return null;
  }
}

/** The latch that outlives every process and needs neither store nor desk. */
export function createKillFile(paths: {
  readonly kill: string;
  readonly killAnswer: string;
}): KillFile {
  const state = (): KillState => readState(paths.kill);
  return {
    state,
    write(note) {
      const next = merged(state(), note);
      if (next === null) return;
      try {
        writeDurably(paths.kill, next);
      } catch {
        // On a full disk an empty file still finds room, and an empty one kills everything.
        closeSync(openSync(paths.kill, 'w', 0o600));
      }
    },
    remove(upTo) {
      const now = state();
      if (upTo !== null && now.kind === 'present' && now.note.at > upTo) return;
      rmSync(paths.kill, { force: true });
      rmSync(paths.killAnswer, { force: true });
    },
    answer: (answer) => writeDurably(paths.killAnswer, answer),
    readAnswer(sinceAt) {
      const answer = readAnswerFile(paths.killAnswer);
      return answer !== null && answer.at >= sinceAt ? answer : null;
    },
    watch(onChange, everyMs = WATCH_MS) {
      let last = JSON.stringify({ kind: 'absent' });
      const look = (): void => {
        const now = state();
        const text = JSON.stringify(now);
        if (text === last) return;
        last = text;
        onChange(now);
      };
      look();
      const timer = setInterval(look, everyMs);
      timer.unref();
      return () => clearInterval(timer);
    },
  };
}
