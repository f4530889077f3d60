/** A bug in the program: an invariant that does not hold. Never caught to go on; the run stops. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** Throws {@link InvariantError} with `message` when `condition` is false. For bugs, not for bad input. */
export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}
