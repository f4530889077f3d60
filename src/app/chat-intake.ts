import type { Notice } from '#core/replies/notice.ts';
import { urgentOf } from '#core/replies/parse.ts';
import type { DeskHandle } from './desk-handle.ts';
import { StoreError } from './errors.ts';
import { deskScope } from './find-desk.ts';
import type { Access, Channel, Clock, Inbox, InboxRow, Incoming, Timer } from './ports.ts';
import { type ChatBody, mayStop, type Speaker, updateKeyOf } from './reply-rows.ts';

export type IntakeDeps = {
  readonly runId: string;
  /** Paces retries and stamps nothing else. */
  readonly clock: Clock;
  readonly access: Access;
  readonly desks: () => readonly DeskHandle[];
  readonly inbox: Inbox;
  readonly speaker: Speaker;
  /** For the urgent answer when the store is down; null for an unknown channel. */
  readonly channel: (name: string) => Channel | null;
  readonly handle: (row: InboxRow) => Promise<void>;
  readonly onFailure: (error: unknown, row: InboxRow | null) => void;
};

export type Intake = {
  /**
   * Takes what a channel received: kill and stop words of authorised people act at once and
   * synchronously, then all rows are committed, then queued per chat. Resolves after the commit,
   * never waits for a handler. Throws StoreError when the rows could not be committed: the
   * channel keeps them and gives them again; an urgent word has acted nevertheless, once.
   */
  receive(rows: readonly Incoming[]): Promise<void>;
  /** Queues rows that are committed and not done. */
  drainPending(): Promise<void>;
  /**
   * Does so whenever another process says that it delivered some, and again until the store has answered: what
   * was announced once is announced to nobody a second time. The answer ends it.
   */
  follow(): Promise<() => Promise<void>>;
  /** True once the urgent act of this update was decided here; false when it is not known to have been. */
  wasDecided(channel: string, updateId: string): Promise<boolean>;
  /** Resolves when nothing is queued or under way. */
  idle(): Promise<void>;
};

type Acted = {
  readonly kind: 'kill' | 'stop';
  readonly notice: Notice;
  readonly wasDecided: Promise<boolean>;
  isTold: boolean;
};

const RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30_000;
/** Update ids of urgent words kept, so that a row given again does not act again. */
const MOST_ACTED = 1000;
/** Ids of handled rows kept: an answer of the store that was made before a row was done may come after it. */
const MOST_HANDLED = 10_000;

/** As long as a played clock may stand still while a step is under way. */
const STANDS_STILL_MS = 2000;

/** Rows of a played run, which were dated by a clock that may have stood still: what has just come was sent now. */
export function redated(rows: readonly Incoming[], now: number): readonly Incoming[] {
  return rows.map((row) => {
    const ageMs = row.receivedAt - row.sentAt;
    return { ...row, sentAt: ageMs < STANDS_STILL_MS ? now : now - ageMs, receivedAt: now };
  });
}

export function createIntake(deps: IntakeDeps): Intake {
  const queued = new Set<number>();
  const handled = new Set<number>();
  const chains = new Map<string, Promise<void>>();

  const acted = new Map<string, Acted>();
  const actAtOnce = createFastLane(deps, acted);
  const wait = (ms: number) =>
    new Promise<void>((resolve) => deps.clock.at(deps.clock.now() + ms, resolve));

  const drain = async (row: InboxRow): Promise<void> => {
    for (let pauseMs = RETRY_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_RETRY_MS)) {
      try {
        await deps.handle(row);
        noteHandled(row, handled);
        queued.delete(row.id);
        return;
      } catch (error) {
        deps.onFailure(error, row);
        if (!(error instanceof StoreError)) {
          queued.delete(row.id);
          return;
        }
        await wait(pauseMs);
      }
    }
  };

  const queue = (row: InboxRow): void => {
    if (queued.has(row.id) || handled.has(row.id)) return;
    queued.add(row.id);
    const key = chatKeyOf(row);
    const chain = (chains.get(key) ?? Promise.resolve()).then(() => drain(row));
    chains.set(key, chain);
    void chain.then(() => {
      if (chains.get(key) === chain) chains.delete(key);
    });
  };

  const drainPending = async (): Promise<void> => {
    for (const row of await deps.inbox.pending(deps.runId, 500)) queue(row);
  };

  return {
    drainPending,
    follow: () => follow(deps, drainPending),
    async receive(rows) {
      const bodies = rows.map((row) => ({ row, done: actAtOnce(row) }));
      try {
        const stored = await deps.inbox.receive(
          bodies.map(({ row, done }) => inboxRow(row, done, deps.runId)),
        );
        for (const row of stored) queue(row);
      } catch (error) {
        for (const { row, done } of bodies) if (done !== null) tellDirectly(row, done, deps);
        throw error;
      }
    },
    wasDecided: (channel, updateId) =>
      acted.get(updateKeyOf(channel, updateId))?.wasDecided ?? Promise.resolve(false),
    async idle() {
      while (chains.size > 0) await Promise.all(chains.values());
    },
  };
}

/** A row is handled once, whatever the store says of it later; the oldest are forgotten. */
function noteHandled(row: InboxRow, handled: Set<number>): void {
  handled.add(row.id);
  const oldest = handled.keys().next();
  if (handled.size > MOST_HANDLED && oldest.done !== true) handled.delete(oldest.value);
}

/** Looks for rows at each arrival; while the store fails, again after a pause that grows. */
async function follow(
  { clock, inbox, onFailure }: IntakeDeps,
  drainPending: () => Promise<void>,
): Promise<() => Promise<void>> {
  let next: Timer | null = null;
  let isOver = false;
  const look = (pauseMs: number): void => {
    drainPending().catch((error: unknown) => {
      onFailure(error, null);
      if (isOver || !(error instanceof StoreError)) return;
      next?.cancel();
      const longerMs = Math.min(pauseMs * 2, LONGEST_RETRY_MS);
      next = clock.at(clock.now() + pauseMs, () => look(longerMs));
    });
  };
  const stop = await inbox.onArrival(() => look(RETRY_MS));
  return async () => {
    isOver = true;
    next?.cancel();
    await stop();
  };
}

/** Acts on a kill or stop word of an authorised person, once per update; answers what it did, or null. */
function createFastLane(
  deps: IntakeDeps,
  acted: Map<string, Acted>,
): (row: Incoming) => Acted | null {
  return (row) => {
    const urgent = urgentOf(row.text);
    if (urgent === null) return null;
    const who = deps.access.identify(row);
    if (!mayStop(who)) return null;
    const key = updateKeyOf(row.channel, row.updateId);
    const known = acted.get(key);
    if (known !== undefined) return known;
    const scoped = deskScope(urgent.scope, deps.desks());
    const desks = scoped.length === 0 ? deps.desks() : scoped;
    // a name nobody bears is a slip of the hand: everything is meant, in the kill file too
    const scope = scoped.length === 0 ? 'all' : (urgent.scope ?? 'all');
    const receipts = desks.map((desk) =>
      urgent.kind === 'kill'
        ? desk.killNow(who.actor, scope, row.sentAt, key)
        : desk.stopNow(who.actor, urgent.reason, row.sentAt, key),
    );
    const done: Acted = {
      kind: urgent.kind,
      isTold: false,
      wasDecided: Promise.all(receipts.map((receipt) => receipt.decided)).then(
        () => true,
        () => false,
      ),
      notice: {
        kind: 'acted_without_store',
        command: urgent.kind,
        canceled: receipts.reduce((sum, receipt) => sum + receipt.canceledOrderIds.length, 0),
        protectionKept: receipts.reduce((sum, receipt) => sum + receipt.protectionKept, 0),
        desks: desks.map((desk) => desk.policy.deskId),
      },
    };
    acted.set(key, done);
    const oldest = acted.keys().next();
    if (acted.size > MOST_ACTED && oldest.done !== true) acted.delete(oldest.value);
    return done;
  };
}

function inboxRow(row: Incoming, done: Acted | null, runId: string): Omit<InboxRow, 'id'> {
  const body: ChatBody = { incoming: row, acted: done?.kind ?? null };
  return { runId, channel: row.channel, updateId: row.updateId, body, receivedAt: row.receivedAt };
}

function chatKeyOf(row: InboxRow): string {
  const body = row.body as Partial<ChatBody> | null;
  return `${row.channel}:${body?.incoming?.chatId ?? ''}`;
}

/** The one answer that goes past the outbox: the person must know that the kill acted. */
function tellDirectly(row: Incoming, done: Acted, deps: IntakeDeps): void {
  if (done.isTold) return;
  done.isTold = true;
  const channel = deps.channel(row.channel);
  if (channel === null) return;
  const card = deps.speaker.notice(done.notice, row.channel, row.chatId);
  channel
    .deliver({ chatId: row.chatId, card, silent: false, edit: null, replyTo: null })
    .catch((error: unknown) => {
      done.isTold = false;
      deps.onFailure(error, null);
    });
}
