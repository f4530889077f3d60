import { LONGEST_TEXT } from '#core/replies/message-length.ts';
import type { Card } from './ports.ts';

/** Room for the number of a part and an ellipsis. */
const SPARE = 16;
/** A longer reply goes as a file. Source: the chat contract, "Telegram limits". */
const MOST_PARTS = 3;

/** A reply as it is sent: one to three messages, and the whole of it as text where they do not hold it. */
export type ReplyParts = { readonly cards: readonly Card[]; readonly whole: string | null };

/** Splits a card between lines. Parts are numbered at their end, the buttons stand under the last. */
export function partsOf(card: Card): ReplyParts {
  const parts: string[][] = [[]];
  let length = 0;
  for (const line of card.lines) {
    if (length + line.length + 1 > LONGEST_TEXT - SPARE) {
      parts.push([]);
      length = 0;
    }
    parts.at(-1)!.push(line);
    length += line.length + 1;
  }
  const [first = []] = parts;
  if (parts.length === 1) return { cards: [card], whole: null };
  if (parts.length > MOST_PARTS) {
    const head = { lines: [...first, '…'], buttons: card.buttons };
    return { cards: [head], whole: `${card.lines.join('\n')}\n` };
  }
  const cards = parts.map((lines, index) => ({
    lines: lines.with(-1, `${lines.at(-1)} (${index + 1}/${parts.length})`),
    buttons: index === parts.length - 1 ? card.buttons : [],
  }));
  return { cards, whole: null };
}
