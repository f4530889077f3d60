import type { DeskHandle, KillReceipt } from '#app/desk-handle.ts';
import { rowsOf } from '#app/fan-out.ts';
import type { Clock, EventLog, OutboxRow } from '#app/ports.ts';
import { effectsOf } from '#core/engine/effects.ts';
import type { Event } from '#core/engine/event.ts';
import { evolve } from '#core/engine/evolve.ts';
import type { Input } from '#core/engine/input.ts';
import type { Quote } from '#core/market/quote.ts';
import type { Actor } from '#core/replies/act.ts';
import { type Desk, step } from './engine.ts';

/** A desk that decides for real and keeps its events in the given log; the broker is left out. */
export type FakeDesk = DeskHandle & {
  readonly inputs: Input[];
  readonly kills: { readonly actor: Actor; readonly scope: string; readonly sentAt: number }[];
  readonly stops: {
    readonly actor: Actor;
    readonly reason: string | null;
    readonly sentAt: number;
  }[];
  /** Events of every step, oldest first. */
  readonly events: Event[];
  quote: Quote | null;
  /** When kills and stops count as decided. */
  decided: Promise<unknown>;
  /** Thrown by the next submit when set. */
  failure: Error | null;
};

type Options = {
  readonly desk: Desk;
  readonly clock: Clock;
  readonly log: EventLog;
  readonly runId: string;
  readonly targets: () => readonly { readonly channel: string; readonly chatId: string }[];
  readonly handOver: (rows: readonly OutboxRow[]) => void;
};

const RECEIPT: Omit<KillReceipt, 'decided'> = {
  canceledOrderIds: ['order-1'],
  protectionKept: 1,
  firstCancelMs: 1,
  strangers: Promise.resolve([]),
};

export function createFakeDesk(options: Options): FakeDesk {
  let current = options.desk;
  let version = 0;
  let queue: Promise<unknown> = Promise.resolve();
  const { policy } = current;
  const stream = `desk:${policy.deskId}`;

  const submitNow = async (input: Input, more: Parameters<DeskHandle['submit']>[1] = {}) => {
    fake.inputs.push(input);
    if (fake.failure !== null) {
      const failure = fake.failure;
      fake.failure = null;
      throw failure;
    }
    const before = current;
    const next = step(before, input);
    let state = before.state;
    const outbox = next.events.flatMap((event, index) => {
      state = evolve(state, event);
      const effects = effectsOf(event, state, policy);
      return rowsOf(effects, {
        runId: options.runId,
        accountId: policy.accountId,
        stream,
        version: version + index + 1,
        at: input.at,
        targets: options.targets(),
      });
    });
    const result = await options.log.append({
      stream,
      expectedVersion: version,
      context: {
        market: policy.market,
        tradingDay: next.desk.state.day?.tradingDay ?? null,
        occurredAt: input.at,
        runId: options.runId,
        correlationId: null,
        causationId: null,
        configHash: 'c',
        codeVersion: 'v',
      },
      events: next.events.map((event) => ({ type: event.type, data: event })),
      outbox,
      ...(more.inboxDone === undefined ? {} : { inboxDone: more.inboxDone }),
      ...(more.audit === undefined ? {} : { audit: more.audit }),
    });
    if (result.kind !== 'appended') throw new Error('version conflict in a fake desk');
    current = next.desk;
    version = result.version;
    fake.events.push(...next.events);
    options.handOver(result.outbox);
    return { events: next.events, state: current.state };
  };

  const fake: FakeDesk = {
    policy,
    inputs: [],
    kills: [],
    stops: [],
    decided: Promise.resolve(),
    events: [],
    quote: null,
    failure: null,
    state: () => current.state,
    view: () => current.view,
    submit(input, more) {
      const done = queue.then(() => submitNow(input, more));
      queue = done.catch(() => undefined);
      return done;
    },
    stored: async () => undefined,
    fetchQuote: async () => fake.quote,
    killNow(actor, scope, sentAt) {
      fake.kills.push({ actor, scope, sentAt });
      return { ...RECEIPT, decided: fake.decided };
    },
    stopNow(actor, reason, sentAt) {
      fake.stops.push({ actor, reason, sentAt });
      return { ...RECEIPT, decided: fake.decided };
    },
  };
  return fake;
}
