import { type Dice, SECOND } from './dice.ts';
import { say } from './draw-people.ts';
import type { Item } from './plan.ts';

/** Sizes within and beyond the risk, stops and limits about the price of the market, and words that cannot be. */
const CHANGES = [
  'qty=10',
  'qty=60',
  'qty=1000',
  'stop=99.4',
  'stop=98 qty=40',
  'stop=96',
  'price=99.9',
  'price=100.1 stop=99.2',
  'tp=109',
  'qty=0',
] as const;

/**
 * A person who changes tickets before answering them: agreed to soon, late or never, answered by the button of the
 * version before, of the next one, or in words that were typed before the change.
 */
export function edits(dice: Dice): Item[] {
  if (!dice.chance(0.5)) return [];
  const items: Item[] = [];
  for (let nth = 1; nth <= dice.whole(1, 3); nth += 1) {
    const afterMs = dice.whole(300, dice.pick([2_500, 2_500, 12_000]));
    const seen = (later: number) => ({ seen: 'ticket', nth, afterMs: afterMs + later }) as const;
    const text = `/edit {code} ${dice.pick(CHANGES)}`;
    const soon = { travelMs: dice.whole(20, 400), agreeAfterMs: dice.whole(300, 5_000) };
    items.push(say(dice, seen(0), text, dice.chance(0.8) ? soon : {}));
    if (dice.chance(0.3)) items.push(say(dice, seen(dice.whole(100, 9_000)), `${text} tp=112`));
    if (dice.chance(0.3))
      items.push(
        say(dice, seen(dice.whole(0, 4_000)), `/snooze {code} ${dice.pick([1, 1, 1, 2, 5])}m`),
      );
    const answer = dice.pick(['/confirm {code} v2', '/confirm {code} v1', '/half {code} v2']);
    items.push(say(dice, seen(dice.whole(1, 40) * SECOND), answer, { as: 'button' }));
    if (dice.chance(0.2)) {
      const word = dice.pick(['/kill', 'STOP', '/skip {code}', '/confirm {code}']);
      items.push(say(dice, seen(dice.whole(200, 20_000)), word));
    }
  }
  return items;
}
