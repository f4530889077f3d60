import { InvariantError } from '#core/lib/assert.ts';
import type { DeskHandle } from './desk-handle.ts';

/**
 * A bug forbids a desk's entries until a person has looked; anything else is left alone. `note` logs trouble and no
 * more: that the doubt itself could not be noted is none to raise again, since where every step fails the next
 * doubt would fail as well, without end and with nothing else in the process ever run.
 */
export function noteBug(
  desk: Pick<DeskHandle, 'submit'>,
  at: number,
  place: string,
  error: unknown,
  note: (place: string, error: unknown) => void,
): void {
  if (!(error instanceof InvariantError)) return;
  const figures = { place, found: error.message.slice(0, 200) };
  desk
    .submit({ kind: 'doubt_noticed', at, cause: 'internal_error', subject: place, figures })
    .catch((failure: unknown) => note(`doubt of ${place}`, failure));
}
