/*
 * The vocabulary of a simulated session: everything that a person does and everything that goes wrong.
 * A plan is drawn from the seed and is data, so that a failure can be made smaller by leaving items out.
 * Times are milliseconds after the first open (negative: before it). `nth` counts from 1 over the whole
 * session, over all processes.
 */

/** A symbol of the session, by its place in the policy. */
export type SymbolIndex = 0 | 1;

export type ChannelName = 'telegram' | 'second';

export type Person = 'owner' | 'operator' | 'viewer' | 'stranger';

/** What somebody types off the device: its digits, others, those of minutes ago, those typed before. */
export type Code = 'right' | 'wrong' | 'old' | 'used';

/** When a person speaks: at an instant, or some time after the nth card of a kind was seen in a chat. */
export type When =
  | { readonly at: number }
  | { readonly seen: string; readonly nth: number; readonly afterMs: number };

/** Places where a process talks to the outside; it can die before or after each of them. */
export type Site =
  | 'events.append'
  | 'events.read'
  | 'inputs.append'
  | 'inputs.read'
  | 'snapshots.save'
  | 'snapshots.latest'
  | 'inbox.receive'
  | 'inbox.pending'
  | 'inbox.markDone'
  | 'outbox.enqueue'
  | 'outbox.due'
  | 'outbox.markAttempting'
  | 'outbox.markDelivered'
  | 'outbox.markFailed'
  | 'outbox.markDropped'
  | 'outbox.settleInterrupted'
  | 'outbox.lastDelivered'
  | 'journal.append'
  | 'journal.markLoaded'
  | 'kill_file.write'
  | 'kill_file.remove'
  | 'broker.submit'
  | 'broker.cancel'
  | 'broker.replace'
  | 'broker.query'
  | 'broker.flatten'
  | 'chat.deliver'
  | 'chat.receive'
  | 'quote.fetch'
  | 'epoch.renew';

/** What a person says. `{code}` in `text` is the code of the nth ticket seen; `{day}`,
 * `{desk}`, `{symbol}` and `{other}` are what their names say. Of an order that a person executes `{todo}` is what it
 * is called, `{limit}` its price, `{off}` one far from it, `{left}` and `{some}` all and half of what is open;
 * `{holdings}` and `{cash}` are what the account holds. */
export type Say = {
  readonly kind: 'say';
  readonly when: When;
  readonly channel: ChannelName;
  readonly who: Person;
  readonly text: string;
  readonly as: 'text' | 'button' | 'reply';
  /** Milliseconds after which a second confirmation that this brings is agreed to; null: never. */
  readonly agreeAfterMs: number | null;
  /** One-time codes that are typed, one after the other, where one is asked for; left out: a right one. */
  readonly codes?: readonly Code[];
  /** Time from sending to the channel's server handing it out. */
  readonly travelMs: number;
  /** The server hands it out this often more, under the same update id. */
  readonly repeats: number;
};

/** One thing that is done or goes wrong. */
export type Item =
  | Say
  /** The strategy sees a setup at the close of this minute. `distance` is reference less stop, in price. */
  | {
      readonly kind: 'signal';
      readonly symbol: SymbolIndex;
      readonly minute: number;
      readonly distance: number;
      readonly day: number;
    }
  /** The calendar has an event, of one symbol or (null) of all; its window, in minutes of the session, is shut to entries. */
  | {
      readonly kind: 'event';
      readonly day: number;
      readonly fromMinute: number;
      readonly toMinute: number;
      readonly isWholeDay: boolean;
      readonly symbol: SymbolIndex | null;
    }
  /**
   * On the second day a symbol goes ex: cash and new shares for each share held. The terms are told in the morning, later,
   * never, or are not those that the exchange's previous close is of.
   */
  | {
      readonly kind: 'ex_date';
      readonly symbol: SymbolIndex;
      readonly cash: number;
      readonly newShares: number;
      readonly terms: 'told' | 'late' | 'never' | 'other';
    }
  /**
   * The price of an A-share stands at its limit of the day and nobody is opposite: nothing is bought at limit-up, nothing
   * sold at limit-down. Minutes are those of that day's session.
   */
  | {
      readonly kind: 'seal';
      readonly symbol: SymbolIndex;
      readonly side: 'down' | 'up';
      readonly day: number;
      readonly fromMinute: number;
      readonly toMinute: number;
    }
  /** Trading of an A-share is suspended, as the facts of the morning say: for all of a day or some minutes of it. */
  | {
      readonly kind: 'suspension';
      readonly symbol: SymbolIndex;
      readonly day: number;
      readonly fromMinute: number;
      readonly toMinute: number;
      readonly isWholeDay: boolean;
    }
  /** The price jumps. */
  | {
      readonly kind: 'jump';
      readonly at: number;
      readonly symbol: SymbolIndex;
      readonly by: number;
    }
  | {
      readonly kind: 'broker';
      readonly call: 'submit' | 'cancel' | 'replace' | 'query' | 'flatten';
      readonly nth: number;
      readonly fault: 'timeout' | 'lost_ack' | 'disconnect' | 'reject' | 'slow';
      readonly ms: number;
    }
  | {
      readonly kind: 'report';
      readonly nth: number;
      readonly fault: 'lost' | 'twice' | 'late';
      readonly ms: number;
    }
  /** The nth entry at the exchange fills only in part at first. */
  | { readonly kind: 'partial'; readonly nth: number; readonly ratio: number }
  /** The nth cancel of an entry loses the race: the order fills first. */
  | { readonly kind: 'race'; readonly nth: number }
  /** The connection to the broker is down; reports of that time are lost. */
  | { readonly kind: 'link'; readonly at: number; readonly forMs: number }
  /** Somebody trades on the account past the desk. */
  | {
      readonly kind: 'external';
      readonly at: number;
      readonly symbol: SymbolIndex;
      readonly what: 'buy' | 'order' | 'cancel_all' | 'sell_out';
    }
  | {
      readonly kind: 'store';
      readonly site: Site;
      readonly nth: number;
      readonly fault: 'fail' | 'lost_ack' | 'slow';
      readonly ms: number;
    }
  | { readonly kind: 'outage'; readonly at: number; readonly forMs: number }
  /** The process dies at the nth call of a site and starts again after `downMs`. */
  | {
      readonly kind: 'die';
      readonly site: Site;
      readonly nth: number;
      readonly moment: 'before' | 'after';
      readonly downMs: number;
    }
  | { readonly kind: 'die_at'; readonly at: number; readonly downMs: number }
  | {
      readonly kind: 'channel';
      readonly channel: ChannelName;
      readonly nth: number;
      readonly fault: 'retry' | 'rate' | 'lost_ack' | 'slow';
      readonly ms: number;
    }
  /** No channel delivers anything; people can still write. */
  | { readonly kind: 'silence'; readonly at: number; readonly forMs: number }
  /** The exchange halts a symbol: nothing trades, quotes go on, and the feed says so. */
  | {
      readonly kind: 'halt';
      readonly at: number;
      readonly forMs: number;
      readonly symbol: SymbolIndex;
    }
  /** Nothing comes from the feed, of one symbol or (null) of all. */
  | {
      readonly kind: 'gap';
      readonly at: number;
      readonly forMs: number;
      readonly symbol: SymbolIndex | null;
    }
  | {
      readonly kind: 'quotes';
      readonly at: number;
      readonly forMs: number;
      readonly symbol: SymbolIndex;
      readonly fault: 'crossed' | 'frozen' | 'one_sided' | 'future';
    }
  /** The machine's clock jumps. */
  | { readonly kind: 'clock'; readonly at: number; readonly byMs: number }
  /** The machine stops and goes on later, as one does that is suspended or out of memory. */
  | { readonly kind: 'freeze'; readonly at: number; readonly forMs: number }
  /** `centaur kill` from another terminal. */
  | { readonly kind: 'kill_file'; readonly at: number };

/** What a session is before anything is done or goes wrong. */
export type Setting = {
  readonly seed: number;
  readonly days: number;
  /** Nothing has to be flat before the close. */
  readonly isHeldOvernight: boolean;
  readonly minutes: number;
  /** Who executes where: American shares with stops at the broker, A-shares watched and sold from tomorrow on. */
  readonly account: 'us' | 'cn';
  /** A person enters the orders at their broker and says what became of them. */
  readonly isByHand: boolean;
  /** Real money: second confirmations are typed, what raises risk with a one-time code. */
  readonly isLive: boolean;
  /** How the broker leaves everything at once. */
  readonly flatten: 'each' | 'one_request' | 'global_cancel';
  readonly mode: 'alert' | 'semi' | 'auto';
  /** Trades a day may have; two where a plan does not say. */
  readonly tradesPerDay?: 1 | 2;
  /** What a day with an event allows: nothing, or less. */
  readonly eventDays: 'off' | 'shrink';
  /** Usual answer times in milliseconds; 0 answers at once. */
  readonly storeMs: number;
  readonly brokerMs: number;
  readonly chatMs: number;
  /** Commission of each fill at the broker, minor units. */
  readonly feeMinor: number;
  /** The broker cancels a whole group when one order of it is canceled. */
  readonly cancelsGroup: boolean;
  readonly snapshotEvery: number;
  /** Time between two looks of the polling net; two seconds in the product. */
  readonly sweepMs: number;
  /** A second machine waits and takes over from a leader that is silent. */
  readonly hasStandby: boolean;
  /** The store keeps JSON, as a real one does, instead of the values themselves. */
  readonly isCopied: boolean;
  /** Time between two quotes of a symbol. */
  readonly quoteMs: number;
  /** Price moves of five seconds, in price. */
  readonly swing: readonly [number, number];
};

export type Plan = { readonly setting: Setting; readonly items: readonly Item[] };
