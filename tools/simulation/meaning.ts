import type { Card } from '#app/ports.ts';
import type { Speaker } from '#app/reply-rows.ts';
import type { Message } from '#core/engine/message.ts';
import type { Answer } from '#core/replies/answer.ts';
import type { Notice } from '#core/replies/notice.ts';

/** How much of a ticket a yes is for: all, half, or at most so many shares. */
export type Part = 'all' | 'half' | number;

/** What the person who sent a text wants, as an observer reads it, without the product's parser. */
export type Meaning =
  | { readonly wants: 'yes'; readonly code: string | null; readonly part: Part }
  | { readonly wants: 'no'; readonly code: string | null }
  | { readonly wants: 'kill' | 'stop' | 'allow' | 'allow_by_button' }
  /** Agrees to what was asked before; `askedAt` is when the question was shown. */
  | { readonly wants: 'agree'; readonly to: string; readonly askedAt: number }
  | { readonly wants: 'other' };

const YES = /^\/?(confirm|确认|half)(?:\s+(\S+))?(?:\s+(\d+))?/i;

/** Reads a text; `replyCode` is the ticket of the message it replies to. */
export function meaningOf(text: string, isButton: boolean, replyCode: string | null): Meaning {
  const word = text.replace(/^\//, '').split(/\s/)[0]?.toLowerCase() ?? '';
  if (word === 'kill' || word === '急停') return { wants: 'kill' };
  if (word === 'stop' || word === '停止开仓') return { wants: 'stop' };
  if (word === 'allow') return { wants: isButton ? 'allow_by_button' : 'allow' };
  const yes = YES.exec(text);
  if (yes !== null) {
    const isHalf = yes[1]?.toLowerCase() === 'half';
    const part = isHalf ? 'half' : yes[3] === undefined ? 'all' : Number(yes[3]);
    return { wants: 'yes', code: yes[2]?.toUpperCase() ?? replyCode, part };
  }
  if (word === 'skip')
    return { wants: 'no', code: text.split(/\s/)[1]?.toUpperCase() ?? replyCode };
  return { wants: 'other' };
}

/** What a card is about: its kind, and for a question how it is answered and what it asks for. */
export type Facts = {
  readonly kind: string;
  readonly message: Message | null;
  readonly question: { readonly nonce: string; readonly asks: string } | null;
};

/**
 * Speaks in cards an observer can read: the kind in the first line, the question in the second. Cards of
 * the desk's messages are known by identity; those of notices come back from the store as JSON.
 */
export function createSpeaker(): { speaker: Speaker; factsOf(card: Card): Facts } {
  const messages = new WeakMap<Card, Message>();
  const card = (lines: readonly string[]): Card => ({ lines, buttons: [] });
  const speaker: Speaker = {
    message(message) {
      const made = card([message.kind]);
      messages.set(made, message);
      return made;
    },
    notice: (notice) => card(linesOf(notice)),
    answer: (answer: Answer) => card([`answer:${answer.kind}`]),
  };
  return {
    speaker,
    factsOf(made) {
      const [kind = '', nonce, asks] = made.lines;
      const question = nonce === undefined || asks === undefined ? null : { nonce, asks };
      return { kind, message: messages.get(made) ?? null, question };
    },
  };
}

function linesOf(notice: Notice): string[] {
  return notice.kind === 'second_confirm'
    ? [notice.kind, notice.nonce, notice.consequence.act]
    : [notice.kind];
}
