import type { FetchNote } from '#core/quality/note.ts';
import type { Clock } from './ports.ts';
import type { RemoteDesk } from './remote-desk.ts';

/*
 * Doubt of a live A-share desk about its market as such: nothing of it can be seen. Looks are asked for
 * and not streamed, so that no heartbeat is missed; the watch says it instead.
 */

/** Subject under which the desk is told. */
const MARKET = 'market data';
const DOUBT = { cause: 'heartbeat_lost', subject: MARKET } as const;
/** One look in vain is a hiccup of free sources; two in a row are told. Setting. */
export const LOOKS_IN_VAIN = 2;
const MOST_SOURCES = 4;

const FAILED: ReadonlySet<string> = new Set([
  'source_failed',
  'source_skipped',
  'answer_refused',
  'out_of_time',
]);

export type SourceFailure = { readonly source: string; readonly cause: string };

/** Why nothing came: each source once, with what befell it first; those that are not set up are left out. */
export function failuresIn(notes: readonly FetchNote[]): SourceFailure[] {
  const found = new Map<string, string>();
  for (const { code, source, figures } of notes) {
    const cause = String(figures['cause'] ?? code);
    if (!FAILED.has(code) || cause === 'not_configured' || found.has(source)) continue;
    found.set(source, cause);
  }
  return [...found].slice(0, MOST_SOURCES).map(([source, cause]) => ({ source, cause }));
}

type Deps = { readonly desk: RemoteDesk; readonly clock: Clock };

function stands({ desk }: Deps): boolean {
  return desk
    .state()
    .safeMode.some(
      ({ cause, subject, isGone }) => cause === DOUBT.cause && subject === MARKET && !isGone,
    );
}

/** Puts the desk in doubt of its market; while the doubt stands nothing is told again. */
export async function doubtMarket(deps: Deps, failures: readonly SourceFailure[]): Promise<void> {
  const { desk, clock } = deps;
  await desk.refresh();
  if (stands(deps)) return;
  const figures =
    failures.length === 0
      ? { cause: 'no_answer' }
      : Object.fromEntries(failures.map(({ source, cause }) => [source, cause]));
  await desk.submit({ kind: 'doubt_noticed', at: clock.now(), ...DOUBT, figures });
}

/** Something was seen: a doubt that stands has passed, whichever part of the watch told it. */
export async function trustMarket(deps: Deps): Promise<void> {
  const { desk, clock } = deps;
  if (stands(deps)) await desk.submit({ kind: 'doubt_passed', at: clock.now(), ...DOUBT });
}
