import type { Message } from '#core/engine/message.ts';
import type { ChatTarget } from './fan-out.ts';
import type { MessageIndex } from './message-index.ts';
import type { Card, Channel, Clock, FileStore, Outbox, OutboxRow } from './ports.ts';
import type { Rate, Rates } from './rate-bucket.ts';

export type DeliverDeps = {
  readonly runId: string;
  /** Domain time: life of a row, countdowns. */
  readonly clock: Clock;
  /** Wall time: rates, back-off, the polling net. The same as `clock` outside a replay. */
  readonly wall: Clock;
  readonly outbox: Outbox;
  /** Contents of the files that rows name. */
  readonly files: FileStore;
  readonly channel: (name: string) => Channel | null;
  /** Sends per second and burst of a chat; null: unlimited (terminal). */
  readonly rateOf: Rates['rateOf'];
  /** The same of all chats of a channel together; left out or null: unlimited. */
  readonly rateOfAll?: (channel: string) => Rate | null;
  readonly render: (message: Message, channel: string, chatId: string) => Card;
  /**
   * True when what a message offers was answered since: its newer row is in the store, where the answer to
   * a commit was lost it is not known here yet. Left out: none ever is.
   */
  readonly isOver?: (message: Message) => boolean;
  /** After the message is marked delivered. */
  readonly onDelivered: (row: OutboxRow, messageId: string) => void;
  readonly onFailure: (error: unknown, row: OutboxRow | null) => void;
  /** Milliseconds between two looks at the store for rows that were not handed over; default 2,000. */
  readonly sweepEveryMs?: number;
  /** Counts deliveries on unlimited channels as activity, so that a virtual clock waits for them. */
  readonly track?: (work: () => Promise<void>) => Promise<void>;
  /** Called with every channel's outcome, so that somebody can watch whether chats are reachable. */
  readonly onReach?: (channel: string, chatId: string, isReached: boolean) => void;
  /** The chat that leads for a person does not deliver, and the next one takes over; told once an episode. */
  readonly onDown?: (chat: ChatTarget) => void;
};

export type Deliverer = {
  /** Takes rows right after their commit; rows of other lanes are left alone. A row with id 0 lives in the journal only and is never marked. */
  handOver(rows: readonly OutboxRow[]): void;
  /** Looks for due rows that were not handed over. */
  sweep(): Promise<void>;
  /** Sweeps at once and then every two seconds of wall time. */
  start(): Promise<void>;
  /** Takes no more rows and resolves when the delivery under way has ended. */
  stop(): Promise<void>;
  /** Resolves when every lane is empty (or waiting to retry is all that is left after stop). */
  idle(): Promise<void>;
  readonly messages: MessageIndex;
};

/** Telegram's rule of thumb for one chat. Source: the chat contract, "Telegram limits". */
export const USUAL_RATE: Rate = { perSecond: 1, burst: 3 };
/** Its rule for a group is 20 a minute. */
export const GROUP_RATE: Rate = { perSecond: 0.3, burst: 3 };
/** All chats of a bot together. */
export const BOT_RATE: Rate = { perSecond: 25, burst: 5 };
