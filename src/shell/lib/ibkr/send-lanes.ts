import PQueue from 'p-queue';

/** `urgent` is for cancels and kills: it overtakes and always finds room. */
export type SendLane = 'urgent' | 'normal';

/** Messages a second the vendor takes before it complains or disconnects: 50; a margin is left. */
const PER_SECOND = 45;
/** What ordinary traffic may use of them, so that a kill finds 15 free at any moment. */
const NORMAL_PER_SECOND = 30;
const SECOND_MS = 1_000;

/** Paces messages to one gateway in a sliding second. */
export class SendLanes {
  readonly #all = new PQueue({ intervalCap: PER_SECOND, interval: SECOND_MS, strict: true });
  readonly #normal = new PQueue({
    intervalCap: NORMAL_PER_SECOND,
    interval: SECOND_MS,
    strict: true,
  });

  /** Runs `send` when its lane has room; at once when it has room now. Rejects with what it throws. */
  async send(lane: SendLane, send: () => void): Promise<void> {
    const run = async (): Promise<void> => send();
    if (lane === 'urgent') return await this.#all.add(run, { priority: 1 });
    await this.#normal.add(() => this.#all.add(run, { priority: 0 }));
  }
}
