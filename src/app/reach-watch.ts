import type { DeskState } from '#core/engine/state.ts';
import { ChannelError } from './errors.ts';
import type { Card, Channel, Clock, Timer } from './ports.ts';

export type ReachDeps = {
  /** Wall time. */
  readonly clock: Clock;
  readonly channels: readonly Channel[];
  /** Chats of people who may act. */
  readonly chats: () => readonly { readonly channel: string; readonly chatId: string }[];
  /** The status message of a chat as it stands now. */
  readonly statusCard: (channel: string, chatId: string) => Card;
  /** False while nobody needs to be reachable: nothing is probed then. */
  readonly isWatched: () => boolean;
  /** Told at most every `everyMs` while it stays the same, and of every change. */
  readonly onSeen: (isReached: boolean, channel: string) => void;
  /** Distance of two looks; default one minute. */
  readonly everyMs?: number;
  /** Longest wait for one probe; default 15 s. */
  readonly timeoutMs?: number;
};

/** Before the open it is looked whether people can be reached. */
const AHEAD_MS = 15 * 60_000;

/** True while a desk needs somebody who can be reached: in session, and shortly before. */
export function needsOperator({ day }: DeskState, now: number): boolean {
  if (day === null || day.isClosed) return false;
  return now >= day.session.openAt - AHEAD_MS && now < day.session.closeAt;
}

/** Watches whether some channel reaches an operator. */
export type ReachWatch = {
  /** A message was delivered, or was not. */
  delivered(channel: string, chatId: string, isReached: boolean): void;
  start(): void;
  stop(): void;
};

const EVERY_MS = 60_000;
const TIMEOUT_MS = 15_000;
/** A refusal that shows that the channel lives. */
const LIVES: ReadonlySet<string> = new Set(['rate_limited']);

/**
 * An operator counts as reached while some channel delivers to a chat of one: by any message, and where none
 * was sent for a while by a silent edit of one status message a chat. That no channel does is told once every
 * one of them has failed. Source: centaur.md "Dead man".
 */
export function createReachWatch(deps: ReachDeps): ReachWatch {
  return new Watch(deps);
}

class Watch implements ReachWatch {
  readonly #deps: ReachDeps;
  readonly #everyMs: number;
  /** Status message of a chat, by channel and chat. */
  readonly #shown = new Map<string, string>();
  #reachedAt = Number.NEGATIVE_INFINITY;
  #toldAt = Number.NEGATIVE_INFINITY;
  #told: boolean | null = null;
  #timer: Timer | null = null;
  #isStopped = true;

  constructor(deps: ReachDeps) {
    this.#deps = deps;
    this.#everyMs = deps.everyMs ?? EVERY_MS;
  }

  delivered(channel: string, chatId: string, isReached: boolean): void {
    if (this.#isStopped || !isReached || this.#channel(channel)?.probe !== undefined) return;
    const isOperators = this.#deps
      .chats()
      .some((chat) => chat.channel === channel && chat.chatId === chatId);
    if (isOperators) this.#seen(true, channel);
  }

  start(): void {
    this.#isStopped = false;
    void this.#look();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  #channel(name: string): Channel | undefined {
    return this.#deps.channels.find((channel) => channel.name === name);
  }

  async #look(): Promise<void> {
    const { clock, isWatched } = this.#deps;
    if (isWatched()) {
      if (clock.now() - this.#reachedAt >= this.#everyMs) await this.#probe();
      else await this.#refresh();
    }
    if (this.#isStopped) return;
    this.#timer = clock.at(this.#nextLook(clock.now()), () => void this.#look());
  }

  /** Once the newest sign of life is as old as a look is far: silence is noticed after one distance, not two. */
  #nextLook(now: number): number {
    const staleAt = this.#reachedAt + this.#everyMs;
    return staleAt > now ? Math.min(staleAt, now + this.#everyMs) : now + this.#everyMs;
  }

  async #probe(): Promise<void> {
    const chats = this.#deps.chats().filter((chat) => this.#channel(chat.channel) !== undefined);
    const outcomes = await Promise.all(
      chats.map(async ({ channel, chatId }) =>
        (await this.#try(channel, chatId)) ? channel : null,
      ),
    );
    if (this.#isStopped) return;
    const reached = outcomes.find((channel) => channel !== null);
    const names = [...new Set(chats.map((chat) => chat.channel))].join(', ');
    this.#seen(reached !== undefined, reached ?? (names === '' ? 'no chat of an operator' : names));
  }

  /** Keeps the pinned status messages as the desk stands, also while other messages get through. */
  async #refresh(): Promise<void> {
    const pinning = this.#deps.chats().filter(({ channel }) => {
      const found = this.#channel(channel);
      return found?.pin !== undefined && found.probe === undefined;
    });
    await Promise.all(pinning.map(({ channel, chatId }) => this.#try(channel, chatId)));
  }

  /** The status message of a chat: the one shown, or the one an earlier process left pinned. */
  async #lastShown(channel: Channel, chatId: string): Promise<string | null> {
    const known = this.#shown.get(`${channel.name}:${chatId}`);
    if (known !== undefined) return known;
    return (await channel.pinned?.(chatId).catch(() => null)) ?? null;
  }

  /** True when a card reached the chat in time. */
  async #try(name: string, chatId: string): Promise<boolean> {
    const channel = this.#channel(name);
    if (channel === undefined) return false;
    try {
      await this.#inTime(channel.probe?.() ?? this.#editStatus(channel, chatId));
      return true;
    } catch (error) {
      return error instanceof ChannelError && LIVES.has(error.code);
    }
  }

  async #editStatus(channel: Channel, chatId: string): Promise<void> {
    const key = `${channel.name}:${chatId}`;
    const edit = await this.#lastShown(channel, chatId);
    const card = this.#deps.statusCard(channel.name, chatId);
    const message = { chatId, card, silent: true, replyTo: null };
    const show = async (shownBefore: string | null): Promise<void> => {
      const id = await channel.deliver({ ...message, edit: shownBefore });
      this.#shown.set(key, id);
      // a chat where the bot may not pin has its status all the same
      if (id !== shownBefore) await channel.pin?.(chatId, id).catch(() => undefined);
    };
    try {
      await show(edit);
    } catch (error) {
      // a status message that was deleted is shown anew
      if (edit === null || (error instanceof ChannelError && error.retryable)) throw error;
      await show(null);
    }
  }

  #inTime(work: Promise<unknown>): Promise<unknown> {
    const { clock, timeoutMs = TIMEOUT_MS } = this.#deps;
    const late = Promise.withResolvers<never>();
    const timer = clock.at(clock.now() + timeoutMs, () =>
      late.reject(
        new ChannelError(`probe: found no answer within ${timeoutMs} ms`, {
          code: 'timeout',
          retryable: true,
        }),
      ),
    );
    work.catch(() => undefined);
    return Promise.race([work, late.promise]).finally(() => timer.cancel());
  }

  #seen(isReached: boolean, channel: string): void {
    const now = this.#deps.clock.now();
    if (isReached) this.#reachedAt = now;
    if (this.#told === isReached && now - this.#toldAt < this.#everyMs) return;
    this.#told = isReached;
    this.#toldAt = now;
    this.#deps.onSeen(isReached, channel);
  }
}
