import type { DeskState } from '#core/engine/state.ts';
import type { DeskDeps } from './desk-deps.ts';
import { StoreError } from './errors.ts';

const SNAPSHOT_EVERY = 500;

/** A state and the version of the newest event in it. */
export type Folded = { readonly version: number; readonly state: DeskState };

type Deps = Pick<DeskDeps, 'activity' | 'onTrouble' | 'snapshotEvery' | 'snapshots'>;

/** The snapshots of one desk: where a start goes on from, and when the next one is due. */
export class DeskSnapshots {
  readonly #deps: Deps;
  readonly #stream: string;
  #version = 0;

  constructor(deps: Deps, stream: string) {
    this.#deps = deps;
    this.#stream = stream;
  }

  /**
   * The newest one that the log leads to; null: there is none, the log is folded from its beginning. An earlier
   * release could save one with steps of a journal that the log never came to hold, which goes for good, also
   * when the log has grown past its version since.
   */
  async newest(): Promise<Folded | null> {
    const astray = await this.#deps.snapshots.removeAstray(this.#stream);
    if (astray !== null) {
      const found = `${this.#stream}: found a snapshot of version ${astray.version}, expected only those that the log led to, which ends at ${astray.logEnd}; it is removed and the desk starts from the log`;
      const code = 'snapshot_astray';
      this.#deps.onTrouble('snapshot', new StoreError(found, { code, retryable: false }));
    }
    const snapshot = await this.#deps.snapshots.latest(this.#stream);
    if (snapshot === null) return null;
    this.#version = snapshot.version;
    return { version: snapshot.version, state: snapshot.state as DeskState };
  }

  /** Saves beside the queue, when enough events came since the last one; a failure is reported as trouble. */
  keep({ version, state }: Folded): void {
    if (version - this.#version < (this.#deps.snapshotEvery ?? SNAPSHOT_EVERY)) return;
    this.#version = version;
    void this.#deps.activity
      .track(() => this.#deps.snapshots.save(this.#stream, version, state))
      .catch((error: unknown) => this.#deps.onTrouble('snapshot', error));
  }
}
