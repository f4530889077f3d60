import { evolve } from '#core/engine/evolve.ts';
import { initialState } from '#core/engine/initial-state.ts';
import type { Input } from '#core/engine/input.ts';
import type { Policy } from '#core/engine/policy.ts';
import type { DeskState } from '#core/engine/state.ts';
import { EMPTY_VIEW, type MarketView, observe } from '#core/engine/view.ts';
import type { DeskHandle } from './desk-handle.ts';
import { fromStored } from './event-form.ts';
import type { EventLog, StateSnapshots } from './ports.ts';

export type RemoteDeskDeps = {
  readonly events: EventLog;
  readonly snapshots: StateSnapshots;
  readonly stream: string;
  readonly policy: Policy;
  /** Hands an input to the desk's process, once by its key. */
  readonly handIn: (key: string, input: Input) => Promise<void>;
};

/**
 * A desk as another thread sees it: its state is the fold of its log as of the last `refresh`, what is
 * submitted goes to the desk's own process, which decides. The view knows this thread's own looks only.
 */
export type RemoteDesk = Pick<DeskHandle, 'state' | 'view' | 'submit'> & {
  /** Reads on in the log; throws StoreError. */
  refresh(): Promise<void>;
};

/** Names an input, so that it takes effect once whoever hands it in, and however often. */
function keyOf(input: Input): string {
  switch (input.kind) {
    case 'session_planned':
      return `plan:${input.session.tradingDay}`;
    case 'look_judged':
      return `look:${input.tradingDay}:${input.kill.look.moment}`;
    case 'sheet_prepared':
      return `sheet:${input.tradingDay}`;
    case 'checkpoint_judged':
      return `checkpoint:${input.record.tradingDay}:${input.record.checkpoint}`;
    case 'report_due':
      return `final:${input.tradingDay}`;
    case 'day_unplanned':
      return `unplanned:${input.tradingDay}`;
    default:
      return `${input.kind}:${input.at}`;
  }
}

/** Makes the remote desk; nothing is read before the first `refresh`. */
export function createRemoteDesk(deps: RemoteDeskDeps): RemoteDesk {
  const { events, snapshots, stream, policy } = deps;
  let state: DeskState = initialState(policy);
  let version = 0;
  let view: MarketView = EMPTY_VIEW;
  return {
    state: () => state,
    view: () => view,
    async refresh() {
      if (version === 0) {
        const snapshot = await snapshots.latest(stream);
        if (snapshot !== null) {
          state = snapshot.state as DeskState;
          version = snapshot.version;
        }
      }
      for (const stored of await events.read(stream, version)) {
        state = evolve(state, fromStored(stored));
        version = stored.version;
      }
    },
    async submit(input) {
      view = observe(view, input);
      const key = input.kind === 'session_closed' ? `close:${state.day?.tradingDay}` : keyOf(input);
      await deps.handIn(`cn:${policy.deskId}:${key}`, input);
      return { events: [], state };
    },
  };
}
