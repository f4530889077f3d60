import type { Desk } from '#app/desk.ts';
import { environmentInLog, followEnvironment } from '#app/environment-switch.ts';
import { streamOf } from '#app/event-form.ts';
import { invariant } from '#core/lib/assert.ts';
import type { DeskConfig } from '#shell/config/config.ts';
import { dataFilesOf } from '#shell/config/data-files.ts';
import { markSide } from '#shell/files/side-marks.ts';
import { LIVE_RUN } from './compose-live-deps.ts';
import {
  type LiveDesk,
  type LiveHouse,
  listenToBroker,
  openLiveDesk,
  recoverLiveDesk,
} from './compose-live-desk.ts';
import { lookAtSide, onSide } from './compose-live-side.ts';

/*
 * The sides of the accounts while the desks run. A desk that goes to the other side is opened anew there,
 * from its log, as after a crash: there is one way to come to a side, and it is starting on it.
 */

/** After a side that could not be opened it is tried again. Milliseconds. */
const OPEN_AGAIN_MS = 5_000;

export type Sides = {
  readonly house: LiveHouse;
  /** Both are changed in place, so that who has them sees the desk that runs. */
  readonly lives: LiveDesk[];
  readonly desks: Desk[];
  readonly note: (place: string, error: unknown) => void;
};

/** Opens a desk on the side its log says, and writes that down for a kill from beside. Throws ConfigError, StoreError. */
export async function openOnItsSide(house: LiveHouse, settings: DeskConfig): Promise<LiveDesk> {
  const { config, deskStore } = house.deps;
  const chosen = await environmentInLog(deskStore.store, streamOf(LIVE_RUN, settings.id));
  const meant = chosen === null ? settings : onSide(settings, chosen);
  const { id, environment } = meant.accountSettings;
  markSide(dataFilesOf(config.dataDir).sides, id, environment);
  return openLiveDesk(house, meant);
}

/** Lets every desk go to the other side of its account when its log says so. `stop` waits for what is under way. */
export function keepSides(sides: Sides): { stop(): Promise<void> } {
  const { house, lives, desks, note } = sides;
  const { deps, clock, activity } = house;
  let underWay: Promise<void> = Promise.resolve();
  const follow = (desk: Desk): void =>
    followEnvironment({
      desk,
      clock,
      look: (to) => activity.track(() => lookAtSide(settingsOf(desk), to, lookDeps(desk))),
      reopen: () => {
        underWay = underWay.then(() => reopen(desk));
      },
      onTrouble: note,
    });
  const indexOf = (desk: Desk): number => desks.indexOf(desk);
  const settingsOf = (desk: Desk): DeskConfig => {
    const live = lives[indexOf(desk)];
    invariant(live !== undefined, `desk ${desk.policy.deskId}: found none, expected one that runs`);
    return live.settings;
  };
  const lookDeps = (desk: Desk) => ({
    root: deps.root,
    clock,
    keysSet: deps.config.keysSet,
    others: () =>
      lives
        .filter((live) => live.desk !== desk)
        .map((live) => ({
          settings: live.settings,
          asked: live.desk.state().environmentAsked?.to ?? null,
        })),
  });
  /** Tries until it can, or until the process ends: then null. Begins before it returns. */
  const again = async <T>(desk: Desk, work: () => Promise<T>): Promise<T | null> => {
    while (!deps.signal.aborted) {
      try {
        return await work();
      } catch (error) {
        note(`${desk.policy.deskId} side of the account`, error);
        await new Promise<void>((resolve) => void clock.at(clock.now() + OPEN_AGAIN_MS, resolve));
      }
    }
    return null;
  };
  const reopen = async (desk: Desk): Promise<void> => {
    const at = indexOf(desk);
    const left = lives[at];
    if (left === undefined) return;
    left.reconciler.stop();
    left.prices?.stop();
    const live = await again(desk, () => openOnItsSide(house, left.settings));
    if (live === null) return;
    listenToBroker(live, house);
    follow(live.desk);
    // what was under way when this process started is settled already; what is said from now on waits
    const recovering = again(desk, () => recoverLiveDesk(live, house, async () => []));
    lives[at] = live;
    desks[at] = live.desk;
    desk.succeededBy(live.desk);
    await left.broker.stop().catch((error: unknown) => note('broker left', error));
    await recovering;
    live.prices?.start();
    live.reconciler.start();
  };
  for (const desk of [...desks]) follow(desk);
  return { stop: () => underWay };
}
