import { BrokerError } from '#app/errors.ts';
import type { Access, BrokerReport, Identity, OrderRequest, OutboxRow } from '#app/ports.ts';
import type { Effect } from '#core/engine/effect.ts';
import type { DeskState } from '#core/engine/state.ts';
import { boot, type Tamper } from './boot.ts';
import type { PlantedBug } from './planted-bug.ts';
import { BY_HAND } from './planted-by-hand.ts';
import { CODES } from './planted-codes.ts';
import { DECIDING } from './planted-decide.ts';
import { SWITCHING } from './planted-switch.ts';
import { ORIGIN } from './stage.ts';

function isTimeout(error: unknown): boolean {
  return error instanceof BrokerError && error.code === 'timeout';
}

function rejectedReport(order: OrderRequest, at: number): BrokerReport {
  return {
    reportId: `${order.orderId}:rejected:guessed`,
    orderId: order.orderId,
    kind: 'rejected',
    at,
    filledQuantity: 0,
    lastQuantity: 0,
    lastPrice: null,
    feesMinor: 0,
    reason: 'timeout',
    stopPrice: null,
    limitPrice: null,
  };
}

/** Bugs of the way to the broker. */
const SENDING: readonly PlantedBug[] = [
  {
    id: 'duplicate_submit_after_timeout',
    sentence: 'an order whose answer does not come is sent again',
    plant: () => (parts) => ({
      ...parts,
      broker: {
        ...parts.broker,
        submit: (order) =>
          parts.broker.submit(order).catch((error: unknown) => {
            if (isTimeout(error)) return parts.broker.submit(order);
            throw error;
          }),
      },
    }),
  },
  {
    id: 'unknown_treated_as_rejected',
    sentence: 'an order whose answer does not come counts as rejected and is never asked about',
    plant: () => (parts, _life, stage) => {
      const guessed = new Set<string>();
      const listeners: ((report: BrokerReport) => void)[] = [];
      return {
        ...parts,
        broker: {
          ...parts.broker,
          onReport: (listen) => {
            listeners.push(listen);
            parts.broker.onReport((report) => {
              if (!guessed.has(report.orderId)) listen(report);
            });
          },
          submit: (order) =>
            parts.broker.submit(order).catch((error: unknown) => {
              if (!isTimeout(error)) throw error;
              guessed.add(order.orderId);
              for (const listen of listeners) listen(rejectedReport(order, stage.time.now()));
            }),
        },
      };
    },
  },
  {
    id: 'account_never_asked',
    sentence: 'the account is said to agree with the book, whatever it holds',
    plant: () => (parts, _life, stage) => ({
      ...parts,
      broker: {
        ...parts.broker,
        positions: async () => bookOf(stage),
        openOrders: async () => [],
        cashMinor: async () => stage.now.process?.desk.state().cashMinor ?? 0,
      },
    }),
  },
  {
    id: 'order_resent_after_crash',
    sentence: 'an order that was under way when the process died is sent again at the start',
    plant: () => {
      const sent = new Map<string, OrderRequest>();
      return (parts) => {
        const { broker, tables } = parts;
        const { outbox } = tables;
        return {
          ...parts,
          broker: {
            ...broker,
            submit: (order) => {
              sent.set(order.orderId, order);
              return broker.submit(order);
            },
          },
          tables: {
            ...tables,
            outbox: {
              ...outbox,
              settleInterrupted: async (runId: string) => {
                const settled = await outbox.settleInterrupted(runId);
                for (const { payload } of settled.unknown) {
                  const effect = payload as Effect;
                  const order = effect.kind === 'submit_order' && sent.get(effect.order.orderId);
                  if (order) broker.submit(order).catch(() => undefined);
                }
                return settled;
              },
            },
          },
        };
      };
    },
  },
  {
    id: 'double_leader',
    sentence: 'a second process starts while the first one still trades',
    plant: () => {
      const tamper: Tamper = (parts, life, stage) => {
        if (life.number === 1) stage.time.at(ORIGIN + 4 * 60_000, () => boot(stage, tamper));
        return parts;
      };
      return tamper;
    },
  },
  {
    id: 'lost_outbox_row',
    sentence: 'an exit is in the log and its order never comes into the outbox',
    plant: () => (parts) => {
      const { events } = parts.tables;
      const append: typeof events.append = (batch) => {
        const isExit = (row: { payload: unknown; kind: string }) =>
          row.kind === 'submit_order' &&
          (row.payload as { order: { role: string } }).order.role === 'exit';
        const outbox = batch.outbox.filter((row) => !isExit(row));
        return events.append({ ...batch, outbox });
      };
      return { ...parts, tables: { ...parts.tables, events: { ...events, append } } };
    },
  },
];

function bookOf(stage: Parameters<Tamper>[2]) {
  const state = stage.now.process?.desk.state();
  return Object.values(state?.positions ?? {}).map((position) => ({
    instrument: position.instrument,
    quantity: position.quantity,
    sellableQuantity: position.quantity,
    averagePrice: position.entryPrice,
  }));
}

function promoted(access: Access): Access {
  const raise = (identity: Identity): Identity =>
    identity.kind === 'known'
      ? { ...identity, actor: { ...identity.actor, role: 'owner' } }
      : identity;
  return new Proxy(access, {
    get: (target, name) =>
      name === 'identify'
        ? (row: Parameters<Access['identify']>[0]) => raise(target.identify(row))
        : bound(target, name),
  });
}

function bound(target: object, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name);
  return typeof value === 'function' ? value.bind(target) : value;
}

/** Bugs of the chat, of the files and of coming back. */
const REMEMBERING: readonly PlantedBug[] = [
  {
    id: 'verdict_lost',
    sentence: 'the verdict of the day is not told to the second channel',
    plant: () => (parts) => {
      const { events } = parts.tables;
      const append: typeof events.append = (batch) => {
        const outbox = batch.outbox.filter(
          (row) => !(row.kind.startsWith('verdict_') && row.lane.startsWith('chat:second')),
        );
        return events.append({ ...batch, outbox });
      };
      return { ...parts, tables: { ...parts.tables, events: { ...events, append } } };
    },
  },
  {
    id: 'dead_shown_alive',
    sentence: 'a ticket that waited too long for its chat is shown as open',
    plant: () => (parts) => {
      const { outbox } = parts.tables;
      const immortal = (rows: readonly OutboxRow[]) =>
        rows.map((row) =>
          row.kind === 'signal_entry' ? { ...row, expiresAt: null, editKey: null } : row,
        );
      const due: typeof outbox.due = async (...which) =>
        immortal(await outbox.due(...which)) as OutboxRow[];
      return {
        ...parts,
        rows: immortal,
        isOver: () => false,
        tables: { ...parts.tables, outbox: { ...outbox, due } },
      };
    },
  },
  {
    id: 'message_order_broken',
    sentence: 'every ninth message is told three seconds later than it is said to be',
    plant: () => {
      let count = 0;
      return (parts, _life, stage) => ({
        ...parts,
        channels: parts.channels.map((channel) => ({
          ...channel,
          deliver: (outgoing) => {
            count += 1;
            if (count % 9 !== 0) return channel.deliver(outgoing);
            const { time } = stage;
            time.at(time.now() + 3_000, () => void channel.deliver(outgoing).catch(() => ''));
            return Promise.resolve(`late-${count}`);
          },
        })),
      });
    },
  },
  {
    id: 'state_differs_from_fold',
    sentence: 'a snapshot forgets the locks of the day',
    plant: () => (parts) => {
      const { snapshots } = parts.tables;
      const save: typeof snapshots.save = (stream, version, state) =>
        snapshots.save(stream, version, { ...(state as DeskState), alarms: [], locks: [] });
      return { ...parts, tables: { ...parts.tables, snapshots: { ...snapshots, save } } };
    },
  },
  {
    id: 'kill_forgotten_at_restart',
    sentence: 'the kill is kept in memory only and a restart forgets it',
    plant: () => (parts) => {
      const { events } = parts.tables;
      let isKilled = false;
      const append: typeof events.append = (batch) => events.append(batch);
      const read: typeof events.read = async (stream, after) => {
        const stored = await events.read(stream, after);
        return stored.map((event) =>
          event.type === 'kill_engaged' ? { ...event, type: 'kill_forgotten' } : event,
        );
      };
      return {
        ...parts,
        killFile: {
          write: () => {
            isKilled = true;
          },
          remove: () => {
            isKilled = false;
          },
          read: () => (isKilled ? 'present' : 'absent'),
        },
        tables: { ...parts.tables, events: { ...events, append, read } },
      };
    },
  },
  {
    id: 'entry_after_kill',
    sentence: 'a kill cancels what is open and leaves no latch behind',
    plant: () => (parts) => ({
      ...parts,
      killFile: { ...parts.killFile, write: () => undefined, read: () => 'absent' },
      decide: (...asked) => parts.decide(...asked).filter((event) => event.type !== 'kill_engaged'),
    }),
  },
  {
    id: 'journal_forgotten',
    sentence: 'what was decided with the store down is not loaded by the next process',
    plant: () => (parts) => ({ ...parts, journal: { ...parts.journal, pending: () => [] } }),
  },
  {
    id: 'viewer_may_confirm',
    sentence: 'a person who may only look can say yes',
    plant: () => (parts) => ({ ...parts, access: promoted(parts.access) }),
  },
];

/** Every planted bug, by what it concerns. */
export const PLANTED: readonly PlantedBug[] = [
  ...DECIDING,
  ...SENDING,
  ...REMEMBERING,
  ...SWITCHING,
  ...BY_HAND,
  ...CODES,
];
