import { type Dice, SECOND } from './dice.ts';
import { say } from './draw-people.ts';
import type { Say } from './plan.ts';

/** On real money: more that takes a code right after one was used, and a kill while a code is asked for. */
export function codes(dice: Dice): Say[] {
  const soon = { seen: 'consent_given', nth: 1, afterMs: dice.whole(500, 20_000) };
  const says: Say[] = [];
  if (dice.chance(0.4)) {
    const text = dice.pick(['/mode auto', '/allow', '/safe off']);
    const typed = { codes: dice.pick([['used'], ['used', 'right']] as const) };
    says.push(say(dice, soon, text, { agreeAfterMs: 1_500, travelMs: 50, ...typed }));
  }
  const asked = {
    seen: 'second_confirm',
    nth: dice.whole(1, 4),
    afterMs: dice.whole(0, 9) * SECOND,
  };
  if (dice.chance(0.3)) says.push(say(dice, asked, dice.pick(['/kill', 'STOP', '/flatten'])));
  return says;
}
