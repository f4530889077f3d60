import { type Dice, SECOND } from './dice.ts';
import { say } from './draw-people.ts';
import type { Say, When } from './plan.ts';

const ALL = '/fill {todo} {limit} {left}';
const SOME = '/fill {todo} {limit} {some}';
const NONE = '/fill {todo} none';
const DONE = '/fill {todo} done';

/** What a person says of the nth order they were handed: mostly what was executed, at times late, partly or wrong. */
function told(dice: Dice, nth: number): Say[] {
  const at = (afterMs: number): When => ({ seen: 'manual_todo', nth, afterMs });
  const soon = dice.whole(2, 90) * SECOND;
  const later = soon + dice.whole(1, 240) * SECOND;
  switch (dice.whole(0, 13)) {
    case 0:
      return [];
    case 1:
      return [say(dice, at(soon), NONE)];
    case 2:
      return [say(dice, at(soon), ALL), say(dice, at(soon + dice.whole(0, 9) * SECOND), ALL)];
    case 3:
      return [say(dice, at(soon), SOME), say(dice, at(later), dice.pick([DONE, SOME, NONE]))];
    case 4:
      return [say(dice, at(soon), SOME), say(dice, at(soon + 100), SOME, { channel: 'second' })];
    case 5:
      return [say(dice, at(soon), '/fill {todo} {off} {left}')];
    case 6:
      return [say(dice, at(dice.whole(120, 900) * SECOND), ALL)];
    case 7:
      return [say(dice, at(soon), NONE), say(dice, at(later), ALL)];
    case 8:
      return [say(dice, at(soon), '/fill {todo} {limit} 999999'), say(dice, at(later), ALL)];
    case 9:
      return [say(dice, at(soon), ALL), say(dice, at(later), '/protected {symbol}')];
    default:
      return [say(dice, at(soon), ALL, { repeats: dice.chance(0.2) ? 1 : 0 })];
  }
}

/** A list of the account: as it is, or as somebody reads it who looks at another line. */
function list(dice: Dice, when: When): Say {
  const wrong = ['/reconcile {symbol} 300 cash {cash}', '/reconcile cash {cash}'] as const;
  const right = '/reconcile {holdings} cash {cash}';
  const text = dice.chance(0.88) ? right : dice.pick([...wrong, '/reconcile {holdings} cash 1']);
  return say(dice, when, text, { travelMs: 50, agreeAfterMs: dice.chance(0.95) ? 2_000 : null });
}

/** The person who is the broker: their word on the account when it is asked for, and on each order. */
export function byHand(dice: Dice): Say[] {
  const says: Say[] = [];
  for (let nth = 1; nth <= 6; nth += 1)
    if (dice.chance(0.9))
      says.push(list(dice, { seen: 'attest_due', nth, afterMs: dice.whole(3, 60) * SECOND }));
  for (let nth = 1; nth <= 8; nth += 1) says.push(...told(dice, nth));
  for (let nth = 1; nth <= 6; nth += 1) {
    const reminded = { seen: 'manual_overdue', nth, afterMs: dice.whole(3, 90) * SECOND };
    if (dice.chance(0.6)) says.push(say(dice, reminded, dice.pick([NONE, NONE, DONE, ALL])));
  }
  return says;
}
