import { type Dice, MINUTE, SECOND } from './dice.ts';
import { say } from './draw-people.ts';
import type { Item, Setting, SymbolIndex } from './plan.ts';

const WORDS: readonly (readonly [SymbolIndex, string])[] = [
  [0, '{symbol} {other}'],
  [1, '{other} {symbol}'],
];

/**
 * A person who changes their mind: two names have a setup almost at once, the first is bought or still on
 * order when the second is wanted instead. Around it what makes it hard: a market that walks away from the
 * first limit or comes back to it, cancels that lose their race, a kill or a STOP in the middle.
 */
export function switches(dice: Dice, setting: Setting): Item[] {
  if (!dice.chance(0.45)) return [];
  const items: Item[] = [];
  const minute = dice.whole(6, setting.minutes - 8);
  const closeAt = minute * MINUTE;
  const [symbol, names] = dice.pick(WORDS);
  const other = (1 - symbol) as SymbolIndex;
  // two of such a width are more than the desk may risk at once, so that the second one is refused
  const wide = dice.whole(110, 240) / 100;
  items.push(
    { kind: 'signal', symbol, minute, distance: wide, day: 0 },
    {
      kind: 'signal',
      symbol: other,
      minute: minute + (dice.chance(0.3) ? 1 : 0),
      distance: wide,
      day: 0,
    },
  );
  // away from the limit, so that the first order rests, and perhaps back to it
  const by = (dice.whole(4, 20) / 100) * wide;
  const jumpAt = closeAt + dice.whole(1, 4) * SECOND;
  const yes = { at: jumpAt + dice.whole(1, 9) * SECOND };
  if (dice.chance(0.9))
    items.push(say(dice, yes, '/confirm {code} v1', { as: 'button', travelMs: 40 }));
  if (dice.chance(0.7)) items.push({ kind: 'jump', at: jumpAt, symbol, by });
  if (dice.chance(0.35))
    items.push({ kind: 'jump', at: jumpAt + dice.whole(8, 60) * SECOND, symbol, by: -by });
  const asks = dice.whole(1, 3);
  for (let nth = 0; nth < asks; nth += 1) {
    const at = yes.at + dice.whole(1, 50) * SECOND + nth * dice.whole(1, 40) * SECOND;
    const percent = dice.chance(0.2) ? ` ${dice.pick([25, 50, 100])}` : '';
    items.push(say(dice, { at }, `/switch ${names}${percent}`, { travelMs: dice.whole(20, 300) }));
  }
  for (let nth = 1; nth <= 2; nth += 1) {
    const soon = { seen: 'switch', nth, afterMs: dice.whole(600, 15_000) };
    const answer = dice.pick([
      '/confirm {code} v1',
      '/confirm {code} v1',
      '/half {code} v1',
      '/skip {code}',
    ]);
    items.push(say(dice, soon, answer, { as: 'button', travelMs: 40 }));
    const asked = { seen: 'switch_asks', nth, afterMs: dice.whole(600, 30_000) };
    const said = dice.pick(['/switch sell {code}', '/switch sell', '/switch keep {code}']);
    if (dice.chance(0.85)) items.push(say(dice, asked, said, { as: 'button', travelMs: 40 }));
  }
  if (dice.chance(0.35)) {
    const after = { seen: 'switch', nth: 1, afterMs: dice.whole(700, 25_000) };
    const word = dice.pick(['/kill', 'STOP', '急停', '/safe on', '/skip {code}', '/exit {symbol}']);
    items.push(say(dice, after, word, { travelMs: dice.whole(20, 900) }));
  }
  if (dice.chance(0.6)) items.push({ kind: 'race', nth: dice.whole(1, 2) });
  if (dice.chance(0.2))
    items.push({ kind: 'partial', nth: dice.whole(1, 2), ratio: dice.whole(2, 8) / 10 });
  if (dice.chance(0.25)) {
    const fault = dice.pick(['timeout', 'lost_ack', 'reject', 'slow'] as const);
    items.push({ kind: 'broker', call: 'cancel', nth: dice.whole(1, 3), fault, ms: 2_000 });
  }
  return items;
}
