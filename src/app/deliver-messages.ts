import {
  type ChatLane,
  chatOfLane,
  isEditedElsewhere,
  isOutdated,
  laneOf,
  noteShown,
  pauseOf,
  put,
  takeNewest,
  takeOut,
} from './chat-lane.ts';
import { type ChatPayload, isCountdown, isOfDigest, outgoingOf } from './chat-payload.ts';
import type { DeliverDeps, Deliverer } from './deliver-deps.ts';
import { ChannelError } from './errors.ts';
import type { ChatTarget } from './fan-out.ts';
import { createMessageIndex } from './message-index.ts';
import type { OutboxRow, Timer } from './ports.ts';
import { createBuckets } from './rate-bucket.ts';
import { createStandby, SAID_ELSEWHERE, type Standby } from './standby.ts';

const SWEEP_MS = 2000;
/** Longer than any message waits for its next try. */
const LONGEST_LIFE_MS = 24 * 3_600_000;
const MOST_OF_A_SWEEP = 500;
/** All that waits at a start, so that no news overtakes a part of it. */
const MOST_AT_START = 100_000;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 60_000;

/**
 * Delivers chat rows, at least once, in order within a chat. P0 overtakes, also what is under way; edits of
 * one message coalesce to the newest; a row past its life is dropped, never delivered as alive.
 */
export function createDeliverer(deps: DeliverDeps): Deliverer {
  return new LaneDeliverer(deps);
}

class LaneDeliverer implements Deliverer {
  readonly messages = createMessageIndex();
  readonly #deps: DeliverDeps;
  readonly #lanes = new Map<string, ChatLane>();
  readonly #bucketOf: ReturnType<typeof createBuckets>;
  /** Dedupe keys known here: queued or under way. */
  readonly #known = new Set<string>();
  /** Sent, but the store could not be told: never sent again by this process. */
  readonly #unmarked = new Map<string, { row: OutboxRow; messageId: string }>();
  /** Said from the journal, with the store down, or (null) dropped: the store gets the row once it is back. */
  readonly #told = new Map<string, string | null>();
  /** Rows whose attempt this process began to note: the store's "another has it" may mean this one. */
  readonly #mine = new Set<number>();
  readonly #standby: Standby;
  #isStopped = false;
  #loading: Promise<void> | null = null;
  #isLoaded = false;
  #timer: Timer | null = null;
  #wake = new Set<() => void>();

  constructor(deps: DeliverDeps) {
    this.#deps = deps;
    this.#bucketOf = createBuckets(deps);
    this.#standby = createStandby({
      wall: deps.wall,
      outbox: deps.outbox,
      release: (row) => this.#queue(row),
      withdraw: (key) => this.#withdraw(key),
      drop: (row, why) => this.#drop(row, why),
      onFailure: deps.onFailure,
      onDown: deps.onDown ?? (() => undefined),
    });
  }

  /** `isOlder`: stored before this process said anything, so before what it says from the journal. */
  handOver(rows: readonly OutboxRow[], isOlder = false): void {
    if (this.#isStopped) return;
    const lanes = new Set<ChatLane>();
    for (const row of rows) {
      const chat = chatOfLane(row.lane);
      if (chat === null || this.#known.has(row.dedupeKey) || this.#isSaid(row)) continue;
      // the digest of its hour: the sweep finds it then
      if (isOfDigest(row) && row.notBefore > this.#deps.clock.now()) continue;
      this.#known.add(row.dedupeKey);
      if (!this.#isShown(row) && this.#standby.hold(row)) continue;
      const own = this.#ownLane(row, chat);
      put(row, own, isOlder);
      lanes.add(own);
    }
    for (const lane of lanes) this.#run(lane);
  }

  #ownLane(row: OutboxRow, chat: ChatTarget & { readonly isFiles: boolean }): ChatLane {
    const lane = this.#laneOf(row.lane, chat);
    return row.priority === 0 ? (lane.ahead ?? lane) : lane;
  }

  /** True when the chat shows an earlier row of this message: then it is edited there too. */
  #isShown({ lane, editKey }: OutboxRow): boolean {
    return editKey !== null && this.#lanes.get(lane)?.edits.has(editKey) === true;
  }

  /** A copy that was held: its turn has come. */
  #queue(row: OutboxRow): void {
    const chat = chatOfLane(row.lane);
    if (chat === null || this.#isStopped) return;
    const own = this.#ownLane(row, chat);
    put(row, own, false);
    this.#run(own);
  }

  /** Another copy was delivered: what still waits is not said; what is under way cannot be taken back. */
  #withdraw(dedupeKey: string, why = SAID_ELSEWHERE): void {
    for (const row of takeOut(dedupeKey, this.#lanes.values())) this.#drop(row, why);
  }

  /** True when the message stands in the chat already and only the store has to be told. */
  #isSaid(row: OutboxRow): boolean {
    const messageId = row.id === 0 ? undefined : this.#told.get(row.dedupeKey);
    if (messageId === undefined) return this.#unmarked.has(row.dedupeKey);
    this.#told.delete(row.dedupeKey);
    if (messageId === null) this.#drop(row, 'dropped before');
    else this.#unmarked.set(row.dedupeKey, { row, messageId });
    return true;
  }

  sweep(): Promise<void> {
    return this.#take(this.#deps.clock.now(), MOST_OF_A_SWEEP);
  }

  async #take(dueBy: number, most: number): Promise<void> {
    try {
      for (const { row, messageId } of [...this.#unmarked.values()])
        await this.#mark(row, messageId);
      const isOlder = !this.#isLoaded;
      this.handOver(await this.#deps.outbox.due(this.#deps.runId, dueBy, most, 'chat:'), isOlder);
    } catch (error) {
      this.#deps.onFailure(error, null);
    }
  }

  async start(): Promise<void> {
    await this.sweep();
    this.#plan();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#standby.stop();
    for (const lane of this.#lanes.values()) lane.rows.length = 0;
    for (const wake of this.#wake) wake();
    await this.idle();
  }

  async idle(): Promise<void> {
    for (;;) {
      const works = [...this.#lanes.values()].flatMap((lane) =>
        lane.work === null ? [] : [lane.work],
      );
      if (works.length === 0) return;
      await Promise.all(works);
    }
  }

  #plan(): void {
    if (this.#isStopped) return;
    const { wall, sweepEveryMs = SWEEP_MS } = this.#deps;
    this.#timer = wall.at(wall.now() + sweepEveryMs, () => {
      void this.sweep().then(() => this.#plan());
    });
  }

  #laneOf(name: string, chat: ChatTarget & { readonly isFiles: boolean }): ChatLane {
    const known = this.#lanes.get(name);
    if (known !== undefined) return known;
    const bucket = this.#bucketOf(chat.channel, chat.chatId);
    const ahead = chat.isFiles ? null : laneOf(chat, bucket, null);
    const lane = laneOf(chat, bucket, ahead);
    if (ahead !== null) this.#lanes.set(`${name} P0`, ahead);
    this.#lanes.set(name, lane);
    return lane;
  }

  #run(lane: ChatLane): void {
    if (lane.work !== null) return;
    const { track } = this.#deps;
    const drain = () => this.#drain(lane);
    // A limited channel may wait for seconds; only an unlimited one may hold a virtual clock.
    const work = track === undefined || lane.bucket !== null ? drain() : track(drain);
    lane.work = work.then(() => {
      lane.work = null;
      if (lane.rows.length > 0 && !this.#isStopped) this.#run(lane);
    });
  }

  /** What waits since before this process started comes first, or a chat would hear the news before it. */
  #load(): Promise<void> {
    // also what waits for its next try: the news may not overtake it
    this.#loading ??= this.#take(this.#deps.clock.now() + LONGEST_LIFE_MS, MOST_AT_START).then(
      () => {
        this.#isLoaded = true;
      },
    );
    return this.#loading;
  }

  async #drain(lane: ChatLane): Promise<void> {
    while (lane.rows.length > 0 && !this.#isStopped) {
      if (!this.#isLoaded && lane.rows[0]!.priority !== 0) {
        await this.#load();
        continue;
      }
      // alarms that came in go first, and what was made after them waits for them
      if (lane.ahead?.work != null) {
        await lane.ahead.work;
        continue;
      }
      const { wall, clock } = this.#deps;
      const pauseMs = pauseOf(lane, lane.rows[0]!, clock.now(), wall.now());
      if (pauseMs > 0) {
        await this.#wait(pauseMs);
        continue;
      }
      const row = this.#newest(lane.rows.shift()!, lane);
      if (this.#isDead(row)) continue;
      // at once: the chat's other lanes look at the same bucket. An alarm waits for no room and takes it all the same
      lane.bucket?.take(wall.now());
      const retryMs = await this.#deliver(row, lane);
      lane.underWay = null;
      if (retryMs === null) continue;
      await this.#wait(retryMs);
    }
  }

  /** The newest queued row of the same message; older ones are dropped as coalesced. */
  #newest(row: OutboxRow, lane: ChatLane): OutboxRow {
    const { newest, older } = takeNewest(row, lane);
    for (const old of older) this.#drop(old, 'coalesced');
    return newest;
  }

  #forget(row: OutboxRow): void {
    this.#known.delete(row.dedupeKey);
    this.#mine.delete(row.id);
  }

  #drop(row: OutboxRow, why: string): void {
    this.#forget(row);
    this.#standby.dropped(row, why);
    if (row.id === 0) {
      this.#told.set(row.dedupeKey, null);
      return;
    }
    this.#deps.outbox
      .markDropped(row.id, why)
      .catch((error: unknown) => this.#deps.onFailure(error, row));
  }

  /** True when the life of a row is over, or what it offers was answered since; it is dropped then. */
  #isDead(row: OutboxRow): boolean {
    const { message } = row.payload as ChatPayload;
    let why: string | null = null;
    if (row.expiresAt !== null && row.expiresAt <= this.#deps.clock.now()) why = 'expired';
    else if (this.#standby.isSaid(row)) why = SAID_ELSEWHERE;
    else if (this.#standby.isOver(row)) why = 'the channel delivers again';
    else if (message !== undefined && this.#deps.isOver?.(message) === true) why = 'answered since';
    if (why !== null) this.#drop(row, why);
    return why !== null;
  }

  /** Answers null when the row is settled, else milliseconds until it (put back) may be tried again. */
  async #deliver(row: OutboxRow, lane: ChatLane): Promise<number | null> {
    const { outbox, onFailure } = this.#deps;
    lane.underWay = row.editKey;
    try {
      const wasMine = this.#mine.has(row.id);
      if (row.id !== 0) this.#mine.add(row.id);
      if (row.id !== 0 && !(await outbox.markAttempting(row.id)) && !wasMine) {
        this.#forget(row);
        return null;
      }
    } catch (error) {
      onFailure(error, row);
      // An alarm does not wait for the store: twice is better than never.
      if (row.priority !== 0) return this.#putBack(row, lane, FIRST_RETRY_MS);
    }
    const edit = await this.#editOf(row, lane);
    // while the attempt was noted its life may have ended, or a newer edit of it may have come
    if (this.#isDead(row)) return null;
    const newest = this.#newest(row, lane);
    if (newest !== row) return this.#deliver(newest, lane);
    const { hasEdits = true } = this.#deps.channel(lane.channel) ?? {};
    if (isOutdated(row, lane) || (edit !== null && !hasEdits && isCountdown(row))) {
      this.#drop(row, 'coalesced');
      return null;
    }
    try {
      const messageId = await this.#send(row, lane, edit);
      lane.failures = 0;
      this.#deps.onReach?.(lane.channel, lane.chatId, true);
      this.#standby.delivered(row, lane);
      await this.#mark(row, messageId);
      return null;
    } catch (error) {
      return await this.#afterFailure(error, row, lane);
    }
  }

  async #send(row: OutboxRow, lane: ChatLane, edit: string | null): Promise<string> {
    const channel = this.#deps.channel(lane.channel);
    if (channel === null) {
      throw new ChannelError(`channel ${lane.channel}: not configured`, {
        code: 'no_channel',
        retryable: false,
      });
    }
    const others = isOfDigest(row) ? lane.rows.filter(isOfDigest) : [];
    const outgoing = await outgoingOf(row, lane, edit, this.#deps, others);
    const messageId = await channel.deliver(outgoing);
    for (const other of others) this.#withdraw(other.dedupeKey, 'in the digest');
    noteShown(row, messageId, lane);
    const { message = null } = row.payload as ChatPayload;
    this.messages.note(lane.channel, lane.chatId, messageId, message);
    return messageId;
  }

  async #editOf(row: OutboxRow, lane: ChatLane): Promise<string | null> {
    if (row.editKey === null) return null;
    if (isEditedElsewhere(row, lane)) return null;
    const known = lane.edits.get(row.editKey)?.messageId;
    if (known !== undefined) return known;
    try {
      return (await this.#deps.outbox.lastDelivered(row.lane, row.editKey))?.externalId ?? null;
    } catch (error) {
      this.#deps.onFailure(error, row);
      return null;
    }
  }

  async #mark(row: OutboxRow, messageId: string): Promise<void> {
    try {
      if (row.id !== 0)
        await this.#deps.outbox.markDelivered(row.id, messageId, this.#deps.clock.now());
    } catch (error) {
      this.#unmarked.set(row.dedupeKey, { row, messageId });
      this.#forget(row);
      this.#deps.onFailure(error, row);
      return;
    }
    this.#unmarked.delete(row.dedupeKey);
    if (row.id === 0) this.#told.set(row.dedupeKey, messageId);
    this.#forget(row);
    this.#deps.onDelivered(row, messageId);
  }

  async #afterFailure(error: unknown, row: OutboxRow, lane: ChatLane): Promise<number | null> {
    this.#deps.onFailure(error, row);
    // words may well get through where an upload does not
    if (!lane.isFiles) this.#deps.onReach?.(lane.channel, lane.chatId, false);
    const message = error instanceof Error ? error.message : String(error);
    const isRetryable = error instanceof ChannelError && error.retryable;
    lane.failures += 1;
    const asked = error instanceof ChannelError ? error.context['retryAfterMs'] : undefined;
    const backOffMs = Math.min(
      FIRST_RETRY_MS * 2 ** Math.min(lane.failures - 1, 10),
      LONGEST_RETRY_MS,
    );
    const retryMs = typeof asked === 'number' ? asked : backOffMs;
    const retryAt = isRetryable ? this.#deps.clock.now() + retryMs : null;
    try {
      if (row.id !== 0) await this.#deps.outbox.markFailed(row.id, message.slice(0, 300), retryAt);
    } catch (storeError) {
      this.#deps.onFailure(storeError, row);
    }
    if (isRetryable) return this.#putBack(row, lane, retryMs);
    this.#forget(row);
    this.#standby.failed(row);
    lane.failures = 0;
    return null;
  }

  #putBack(row: OutboxRow, lane: ChatLane, retryMs: number): number {
    put(row, lane, true);
    return retryMs;
  }

  #wait(ms: number): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        timer.cancel();
        this.#wake.delete(done);
        resolve();
      };
      const timer = this.#deps.wall.at(this.#deps.wall.now() + ms, done);
      this.#wake.add(done);
    });
  }
}
