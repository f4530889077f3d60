import type { Order } from '#core/machines/order.ts';
import type { Message } from './message.ts';

/** What an event asks the outer ring to do; stored with the event in one transaction. */
export type Effect =
  | {
      readonly kind: 'push';
      readonly message: Message;
      readonly priority: 0 | 1 | 2 | 3;
      /** Messages of one edit key are one visible message, edited; null: always new. */
      readonly editKey: string | null;
      /** Milliseconds after which it is no longer worth delivering; null: never dies. */
      readonly lifeMs: number | null;
      /** Only this chat (an answer to somebody); null: all chats of the desk. */
      readonly onlyChat: { readonly channel: string; readonly chatId: string } | null;
    }
  /** An entry with its bracket children, a stop with the target that is its pair, or an order alone. */
  | {
      readonly kind: 'submit_order';
      readonly order: Order;
      readonly target: Order | null;
      readonly stop: Order | null;
    }
  | { readonly kind: 'cancel_order'; readonly orderId: string; readonly accountId: string }
  | {
      readonly kind: 'replace_order';
      readonly orderId: string;
      readonly accountId: string;
      readonly stopPrice: number;
    }
  /** Stage 2 in one request: the broker closes every position of the account, or takes back every order. */
  | {
      readonly kind: 'sweep_account';
      readonly accountId: string;
      readonly way: 'one_request' | 'global_cancel';
    }
  | {
      readonly kind: 'write_kill_file';
      readonly scope: string;
      readonly by: string;
      /** The message that killed; null: it came from no channel. */
      readonly updateKey: string | null;
    }
  | {
      readonly kind: 'remove_kill_file';
      /** Kills said later than this stay; null: none was known to be later. */
      readonly upTo: number | null;
    };
