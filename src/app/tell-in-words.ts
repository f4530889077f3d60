import type { Card } from './ports.ts';
import { type ReplyDeps, sayLater, type Turn } from './reply-rows.ts';

/** Says the rows of an answer once more in words, after them, where a narrator is at hand. Throws StoreError. */
export async function tellInWords(
  cards: readonly Card[],
  turn: Turn,
  deps: ReplyDeps,
): Promise<void> {
  const { narrator = null } = deps;
  if (narrator === null) return;
  const facts = cards.flatMap(({ lines }) => lines);
  const words = await narrator.tell(facts, turn.who.language);
  if (words === null) return;
  await sayLater({ kind: 'why_words', model: narrator.model, words }, turn, 'words', deps);
}
