import type { InstrumentId } from '#core/market/instrument.ts';

/** What a chat has chosen to look at; nothing of it changes what a desk does. */
export type ChatChoice = {
  /** The account meant where none is named; null: all of them. */
  readonly account: string | null;
  /** Names whose prices are shown together, oldest first. */
  readonly watched: readonly InstrumentId[];
};

export const CHOOSES_NOTHING: ChatChoice = { account: null, watched: [] };

/** Most names that one chat watches. */
export const MOST_WATCHED = 20;

/** The names after one is added or taken out; a name is there once. */
export function watchedWith(
  watched: readonly InstrumentId[],
  verb: 'add' | 'del',
  name: InstrumentId,
): readonly InstrumentId[] {
  const others = watched.filter((one) => one !== name);
  return verb === 'add' ? [...others, name] : others;
}
