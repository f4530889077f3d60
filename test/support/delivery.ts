import { BOT_RATE, type DeliverDeps, GROUP_RATE, USUAL_RATE } from '#app/deliver-deps.ts';
import { createDeliverer } from '#app/deliver-messages.ts';
import { ChannelError } from '#app/errors.ts';
import type { Channel, NewOutboxRow, Outbox, OutboxRow, Outgoing } from '#app/ports.ts';
import { createVirtualClock, type VirtualClock } from '#shell/lib/virtual-clock.ts';
import { createMemoryStore } from '#shell/store/memory-store.ts';

/** A message as people see it. */
export type Visible = {
  readonly at: number;
  readonly channel: string;
  readonly chatId: string;
  readonly text: string;
  readonly isEdit: boolean;
};

const DOWN = new ChannelError('down', { code: 'unreachable', retryable: true });

const textOf: DeliverDeps['render'] = (message) => ({
  lines: [(message as unknown as { text: string }).text],
  buttons: [],
});

/** Where a process ends: before a message leaves, or once it left and before the store was told. */
export type KillPoint = 'before' | 'sent';

/**
 * Deliverers on virtual time over one store: each is a process that may end at any point without a word, the
 * next one starts where the store stands.
 */
export function deliveryWorld(
  options: {
    readonly startAt?: number;
    /** What a message says; the `text` of it where left out. */
    readonly render?: DeliverDeps['render'];
    readonly onSeen?: (visible: Visible) => void;
    readonly onDown?: (channel: string) => void;
  } = {},
) {
  const clock = createVirtualClock({ startAt: options.startAt ?? 1_000_000 });
  const store = createMemoryStore(() => clock.now());
  const { outbox } = store;
  const seen: Visible[] = [];
  const down = new Set<string>();
  let epoch = 0;
  let killAt: { readonly point: KillPoint; readonly inMessages: number } | null = null;
  let hasDied: () => void = () => undefined;

  /** The send of a process that is no more never comes back. */
  const gone = () => new Promise<never>(() => undefined);
  const dies = (point: KillPoint): boolean => {
    if (killAt?.point !== point) return false;
    killAt = killAt.inMessages > 1 ? { point, inMessages: killAt.inMessages - 1 } : null;
    if (killAt !== null) return false;
    epoch += 1;
    hasDied();
    return true;
  };
  const channelOf = (name: string, own: number): Channel => ({
    name,
    ...(name === 'wecom' ? { hasEdits: false } : {}),
    start: async () => undefined,
    acknowledge: async () => undefined,
    stop: async () => undefined,
    async deliver({ card, chatId, edit }: Outgoing) {
      if (own !== epoch || dies('before')) return gone();
      if (down.has(name)) throw DOWN;
      const text = card.lines[0] ?? '';
      const visible = { at: clock.now(), channel: name, chatId, text, isEdit: edit !== null };
      seen.push(visible);
      options.onSeen?.(visible);
      return dies('sent') ? gone() : `${name}${seen.length}`;
    },
  });
  /** What a process that ended still says to the store goes nowhere. */
  const storeOf = (own: number): Outbox =>
    new Proxy(outbox, {
      get:
        (target, name: keyof Outbox) =>
        (...given: never[]): unknown =>
          own === epoch ? (target[name] as (...rest: never[]) => unknown)(...given) : gone(),
    });
  const open = (own: number) =>
    createDeliverer({
      runId: 'live',
      clock,
      wall: clock,
      outbox: storeOf(own),
      files: store.files,
      channel: (name) => channelOf(name, own),
      rateOf: (name, chatId) => {
        if (name === 'terminal') return null;
        return chatId.startsWith('-') ? GROUP_RATE : USUAL_RATE;
      },
      rateOfAll: (name) => (name === 'terminal' ? null : BOT_RATE),
      render: options.render ?? textOf,
      onDelivered: () => undefined,
      onFailure: () => undefined,
      onDown: ({ channel }) => options.onDown?.(channel),
    });
  let deliverer = open(epoch);
  let keys = 0;
  const row = (text: string, fields: Partial<NewOutboxRow> = {}): NewOutboxRow => {
    keys += 1;
    return {
      runId: 'live',
      lane: 'chat:telegram:1',
      kind: 'boot',
      priority: 2,
      dedupeKey: `k${keys}`,
      editKey: null,
      payload: { message: { kind: 'boot', text } },
      createdAt: clock.now(),
      notBefore: clock.now(),
      expiresAt: null,
      ...fields,
    };
  };
  return {
    clock,
    store,
    seen,
    down,
    row,
    async give(rows: readonly NewOutboxRow[]): Promise<readonly OutboxRow[]> {
      const stored = await store.outbox.enqueue(rows);
      deliverer.handOver(stored);
      return stored;
    },
    deliverer: () => deliverer,
    /** The process ends when the n-th message from now stands at that point. */
    killAt(point: KillPoint, inMessages: number): Promise<void> {
      killAt = { point, inMessages };
      return new Promise((resolve) => {
        hasDied = resolve;
      });
    },
    /** The process ends now, whatever it was doing, and another one starts. */
    async restart(): Promise<void> {
      epoch += 1;
      killAt = null;
      deliverer = open(epoch);
      await store.outbox.settleInterrupted('live');
      await deliverer.start();
    },
    until: (instant: number) => runUntil(clock, instant),
  };
}

/** Lets promises settle, then moves the clock, until `instant`. */
export async function runUntil(clock: VirtualClock, instant: number): Promise<void> {
  for (;;) {
    for (let i = 0; i < 20; i += 1) await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    const next = clock.nextDue();
    if (next === null || next > instant) break;
    clock.runNext();
  }
  clock.advanceTo(instant);
}
