import type { Card } from '#app/ports.ts';
import type { Speaker } from '#app/reply-rows.ts';
import type { Message } from '#core/engine/message.ts';
import type { Answer } from '#core/replies/answer.ts';
import type { Notice } from '#core/replies/notice.ts';

/** How much of a ticket a yes is for: all, half, or at most so many shares. */
export type Part = 'all' | 'half' | number;

/** What the person who sent a text wants, as an observer reads it, without the product's parser. */
export type Meaning =
  /** `version`: of the ticket that the button was made for; null: typed. */
  | {
      readonly wants: 'yes';
      readonly code: string | null;
      readonly part: Part;
      readonly version: number | null;
    }
  | { readonly wants: 'no'; readonly code: string | null }
  | { readonly wants: 'kill' | 'stop' | 'allow' | 'allow_by_button' }
  /** Tells what was executed of an order; `quantity` null: none, or no more. */
  | {
      readonly wants: 'fill';
      readonly target: string;
      readonly price: number | null;
      readonly quantity: number | null;
    }
  /** Tells what the account holds, in the words after the command. */
  | { readonly wants: 'attest'; readonly list: string }
  /** Agrees to what was asked before; `askedAt` is when the question was shown, `step` that of the code typed with it. */
  | {
      readonly wants: 'agree';
      readonly to: string;
      readonly askedAt: number;
      readonly step: number | null;
    }
  | { readonly wants: 'other' };

const YES = /^\/?(confirm|确认|half)(?:\s+(\S+))?(?:\s+(\d+))?/i;

const FILL = /^\/fill (\S+) (?:([\d.]+) (\d+)|none|done)$/i;

/** Reads a text; `replyCode` is the ticket of the message it replies to. */
export function meaningOf(text: string, isButton: boolean, replyCode: string | null): Meaning {
  const word = text.replace(/^\//, '').split(/\s/)[0]?.toLowerCase() ?? '';
  if (word === 'kill' || word === '急停') return { wants: 'kill' };
  if (word === 'stop' || word === '停止开仓') return { wants: 'stop' };
  if (word === 'allow') return { wants: isButton ? 'allow_by_button' : 'allow' };
  const told = FILL.exec(text);
  if (told !== null) {
    const [, target = '', price, quantity] = told;
    const isClosed = quantity === undefined;
    return {
      wants: 'fill',
      target: target.toUpperCase(),
      price: isClosed ? null : Number(price),
      quantity: isClosed ? null : Number(quantity),
    };
  }
  if (word === 'reconcile' && / cash /.test(text))
    return { wants: 'attest', list: text.split(' ').slice(1).join(' ') };
  const yes = YES.exec(text);
  if (yes !== null) {
    const isHalf = yes[1]?.toLowerCase() === 'half';
    const part = isHalf ? 'half' : yes[3] === undefined ? 'all' : Number(yes[3]);
    const made = / v(\d+)$/.exec(text);
    const version = made === null ? null : Number(made[1]);
    return { wants: 'yes', code: yes[2]?.toUpperCase() ?? replyCode, part, version };
  }
  if (word === 'skip')
    return { wants: 'no', code: text.split(/\s/)[1]?.toUpperCase() ?? replyCode };
  return { wants: 'other' };
}

/** What is asked once more; `phrase` is to be typed, `needsCode`: with a one-time code after it. */
export type Question = {
  readonly nonce: string;
  readonly asks: string;
  readonly phrase: string | null;
  readonly needsCode: boolean;
};

/** What a card is about: its kind, and for a question how it is answered and what it asks for. */
export type Facts = {
  readonly kind: string;
  readonly message: Message | null;
  readonly question: Question | null;
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
      const [kind = '', nonce, asks, phrase = '', coded] = made.lines;
      const typed = { phrase: phrase === '' ? null : phrase, needsCode: coded === CODED };
      const question = nonce === undefined || asks === undefined ? null : { nonce, asks, ...typed };
      return { kind, message: messages.get(made) ?? null, question };
    },
  };
}

const CODED = 'with a code';

function linesOf(notice: Notice): string[] {
  if (notice.kind !== 'second_confirm') return [notice.kind];
  const { nonce, consequence, phrase, needsCode } = notice;
  return [notice.kind, nonce, consequence.act, phrase ?? '', needsCode ? CODED : ''];
}
