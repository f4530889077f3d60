import type { MarketView } from '#core/engine/view.ts';
import type { DeskAct } from '#core/replies/act.ts';
import type { CommandRole } from '#core/replies/command-table.ts';
import type { Consequence, Notice } from '#core/replies/notice.ts';
import { commandFor } from '#core/replies/reply-of.ts';
import type { DeskHandle } from './desk-handle.ts';

/** How an act came in. `day` is the trading day of a button; `isTap` a verified button. */
export type ActFrom = {
  readonly sentAt: number;
  readonly now: number;
  readonly day: string | null;
  readonly isTap: boolean;
  /** It replies to a message of which it is not known what it showed: it means that one and no other. */
  readonly isToUnknown: boolean;
  readonly role: CommandRole;
};

/**
 * What an act would do at some of its desks, since each live account is asked about by itself. `viewOf`:
 * the market as it is seen for the question.
 */
export type ConsequenceOf = (
  desks: readonly DeskHandle[],
  viewOf: (desk: DeskHandle) => MarketView,
) => Consequence;

/**
 * What is to become of an act: said no with a notice, asked for a second confirmation, or handed
 * to its desks. `lateMs` is set when a late act is honoured all the same.
 */
export type Judged =
  | { readonly kind: 'refused'; readonly notice: Notice }
  | {
      readonly kind: 'ask';
      readonly act: DeskAct;
      readonly desks: readonly DeskHandle[];
      readonly consequenceOf: ConsequenceOf;
      readonly positionTicketId: string | null;
    }
  | {
      readonly kind: 'go';
      readonly act: DeskAct;
      readonly desks: readonly DeskHandle[];
      readonly lateMs: number | null;
      readonly ticketVersion: number | null;
      /** A verified fresh button already was the one tap that the act needs. */
      readonly isConfirmed: boolean;
    };

/** Said no to, with a notice. */
export function refused(notice: Notice): Judged {
  return { kind: 'refused', notice };
}

/** Too late to count: what raises risk is not carried out when it comes late. */
export function late(act: DeskAct, from: ActFrom): Judged {
  const lateMs = from.now - from.sentAt;
  return refused({
    kind: 'late_refused',
    command: commandFor(act.act),
    sentAt: from.sentAt,
    lateMs,
  });
}

/** To be asked once more, with what it would do. */
export function ask(
  act: DeskAct,
  desks: readonly DeskHandle[],
  consequence: Consequence | ConsequenceOf,
  positionTicketId: string | null = null,
): Judged {
  const consequenceOf = typeof consequence === 'function' ? consequence : () => consequence;
  return { kind: 'ask', act, desks, consequenceOf, positionTicketId };
}

/** Handed to its desks; `lateMs` when it came late and counts all the same. */
export function go(act: DeskAct, desks: readonly DeskHandle[], lateMs: number | null): Judged {
  return { kind: 'go', act, desks, lateMs, ticketVersion: null, isConfirmed: false };
}
