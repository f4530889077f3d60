import type { Reason } from '#core/gates/reason.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Mode } from './act.ts';
import type { CommandName, CommandRole } from './command-table.ts';

/** A ticket named in a choice. */
export type TicketChoice = {
  readonly code: string;
  readonly version: number;
  readonly instrument: InstrumentId;
  readonly side: 'long' | 'short';
  readonly quantity: number;
  readonly entryLimit: number;
  readonly expiresAt: number;
};

/** What a second confirmation is asked for, with the figures its sheet shows. */
export type Consequence =
  | { readonly act: 'allow'; readonly until: string | null }
  | { readonly act: 'flatten'; readonly positions: readonly HeldLine[] }
  | {
      readonly act: 'resume';
      readonly reason: string;
      readonly openOrders: number;
      readonly positions: number;
    }
  | { readonly act: 'safe'; readonly causes: readonly string[] }
  | {
      readonly act: 'exit';
      readonly target: string;
      readonly quantity: number;
      readonly ratio: number;
      readonly lateMs: number | null;
    }
  | { readonly act: 'cancel'; readonly target: string }
  /** A reported execution looks odd: `reason` says what. */
  | {
      readonly act: 'fill';
      readonly target: string;
      readonly price: number;
      readonly quantity: number;
      readonly reason: Reason;
    }
  /** A stop that would let more be lost. */
  | {
      readonly act: 'stoploss';
      readonly target: string;
      readonly from: number;
      readonly to: number;
      readonly quantity: number;
    }
  /** `stop` null: the stop that risks one unit at the price of that moment. */
  | {
      readonly act: 'adopt';
      readonly target: string;
      readonly quantity: number;
      readonly averagePrice: number | null;
      readonly stop: number | null;
    }
  /** Takes over the broker's side of one line. */
  | {
      readonly act: 'accept';
      readonly id: string;
      readonly ours: number;
      readonly theirs: number;
      readonly isCash: boolean;
    }
  /** All that an account executed by hand holds, as its person says. */
  | {
      readonly act: 'attest';
      readonly holdings: readonly { readonly target: string; readonly quantity: number }[];
      readonly cashMinor: number;
    }
  | { readonly act: 'mode'; readonly from: Mode; readonly to: Mode };

/**
 * Why a one-time code does not count. `clock_off`: it is right for another time, so a clock is wrong by
 * `offMs`. `banned`: five were bad, none counts before `untilAt`.
 */
export type CodeRefusal =
  | { readonly kind: 'used' }
  | { readonly kind: 'wrong'; readonly triesLeft: number }
  | { readonly kind: 'clock_off'; readonly offMs: number }
  | { readonly kind: 'banned'; readonly untilAt: number };

/** One held position as a sheet shows it; `quantity` negative for a short. */
export type HeldLine = {
  readonly instrument: InstrumentId;
  readonly quantity: number;
  readonly stop: number;
};

/**
 * What the conversation itself says: not a desk's message, no event behind it. Free of language;
 * rendered in the language of the chat. Instants are epoch milliseconds.
 */
export type Notice =
  | { readonly kind: 'not_understood' }
  | { readonly kind: 'unknown_command'; readonly found: string; readonly nearest: string | null }
  | {
      readonly kind: 'bad_arguments';
      readonly command: string;
      readonly found: string;
      readonly expected: string;
    }
  | {
      readonly kind: 'role_too_low';
      readonly command: CommandName;
      readonly role: CommandRole;
      readonly needed: CommandRole;
    }
  | { readonly kind: 'chat_read_only' }
  | {
      readonly kind: 'late_refused';
      readonly command: CommandName;
      readonly sentAt: number;
      readonly lateMs: number;
    }
  | {
      readonly kind: 'late_honored';
      readonly command: CommandName;
      readonly sentAt: number;
      readonly lateMs: number;
    }
  | { readonly kind: 'button_outdated'; readonly command: CommandName }
  | { readonly kind: 'button_unknown' }
  | {
      readonly kind: 'which_ticket';
      readonly command: CommandName;
      readonly candidates: readonly TicketChoice[];
    }
  | { readonly kind: 'no_ticket' }
  | { readonly kind: 'ticket_too_fresh'; readonly code: string }
  | {
      readonly kind: 'which_desk';
      readonly command: CommandName;
      readonly desks: readonly string[];
    }
  | { readonly kind: 'unknown_desk'; readonly found: string; readonly desks: readonly string[] }
  | {
      readonly kind: 'second_confirm';
      readonly nonce: string;
      /** What has to be typed on a live account; null: one tap on the button. */
      readonly phrase: string | null;
      /** The phrase is followed by a one-time code of the person's device. */
      readonly needsCode: boolean;
      readonly deskId: string;
      readonly accountId: string;
      readonly environment: 'paper' | 'live';
      readonly validMs: number;
      readonly consequence: Consequence;
    }
  | {
      readonly kind: 'second_confirm_dead';
      readonly cause: 'expired' | 'used' | 'other_person' | 'unknown';
    }
  /** The question stays open until its time is over. */
  | { readonly kind: 'code_refused'; readonly answer: CodeRefusal }
  | { readonly kind: 'second_confirm_dropped'; readonly command: CommandName }
  | { readonly kind: 'position_changed'; readonly target: string }
  | { readonly kind: 'nothing_held'; readonly target: string | null }
  | { readonly kind: 'nothing_to_report'; readonly target: string }
  /** There is no such holding of somebody else, or no such difference, at the broker. */
  | { readonly kind: 'nothing_external'; readonly target: string }
  | { readonly kind: 'kill_menu'; readonly desks: readonly string[]; readonly positions: number }
  | {
      readonly kind: 'exit_list';
      readonly positions: readonly (HeldLine & { readonly deskId: string })[];
    }
  | {
      readonly kind: 'mode_menu';
      readonly desks: readonly { readonly deskId: string; readonly mode: Mode }[];
    }
  /** Said directly when the outbox cannot be used: the kill acted, its report follows later. */
  | {
      readonly kind: 'acted_without_store';
      readonly command: 'kill' | 'stop';
      readonly canceled: number;
      readonly protectionKept: number;
      readonly desks: readonly string[];
    }
  | { readonly kind: 'store_down' }
  | { readonly kind: 'act_failed'; readonly command: string }
  | { readonly kind: 'accepted'; readonly command: CommandName; readonly subject: string }
  | { readonly kind: 'language_set'; readonly language: 'zh' | 'en' }
  | { readonly kind: 'paired'; readonly name: string; readonly role: CommandRole }
  | { readonly kind: 'pair_refused' }
  | { readonly kind: 'pairing_offered'; readonly pairingCode: string; readonly validMs: number }
  | {
      readonly kind: 'security_denied';
      readonly channel: string;
      readonly userId: string | null;
      readonly chatId: string;
      readonly count: number;
    }
  | {
      readonly kind: 'channel_degraded';
      readonly channel: string;
      readonly cause: string;
      readonly since: number;
      readonly zone: string;
    };

export type NoticeKind = Notice['kind'];
