/** The soonest of instants after one; made anew for each question, so that no list of them is needed. */
export class Soonest {
  readonly after: number;
  #at = Number.POSITIVE_INFINITY;

  constructor(after: number) {
    this.after = after;
  }

  /** Takes an instant in; null: there is none. */
  add(at: number | null): void {
    if (at !== null && at > this.after && at < this.#at) this.#at = at;
  }

  addAll(instants: readonly (number | null)[]): void {
    for (const at of instants) this.add(at);
  }

  /** Null: none lies after. */
  at(): number | null {
    return this.#at === Number.POSITIVE_INFINITY ? null : this.#at;
  }
}
