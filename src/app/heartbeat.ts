import type { Clock, Timer } from './ports.ts';

export type HeartbeatDeps = {
  /** Wall time. */
  readonly clock: Clock;
  readonly everyMs: number;
  /** Resolves while the desk can do its work; rejects, or never answers, when it cannot. */
  readonly check: () => Promise<unknown>;
  /** Tells the monitor outside. Rejects when it was not reached. */
  readonly beat: () => Promise<void>;
  /** The monitor is not reached, or the desk is not well and keeps silent; told once an episode. */
  readonly onTrouble: (error: unknown) => void;
};

/**
 * Says to a monitor outside that the desk lives, as long as it does: the monitor's own alarm comes when nothing
 * is said, and passes through nothing of the desk. Answers a stop function.
 */
export function startHeartbeat(deps: HeartbeatDeps): () => void {
  let timer: Timer | null = null;
  let isStopped = false;
  let isBusy = false;
  let isTroubled = false;
  const look = async (): Promise<void> => {
    try {
      await deps.check();
      if (isStopped) return;
      await deps.beat();
      isTroubled = false;
    } catch (error) {
      if (!isTroubled) deps.onTrouble(error);
      isTroubled = true;
    }
  };
  const next = (): void => {
    if (isStopped) return;
    timer = deps.clock.at(deps.clock.now() + deps.everyMs, next);
    // a check that hangs is silence, and no second one is begun
    if (isBusy) return;
    isBusy = true;
    void look().finally(() => {
      isBusy = false;
    });
  };
  next();
  return () => {
    isStopped = true;
    timer?.cancel();
  };
}
