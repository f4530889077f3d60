import { createRandom } from '#core/lib/random.ts';
import { type Dice, diceOf, MINUTE, SECOND } from './dice.ts';
import { FOCI, fault } from './draw-faults.ts';
import { contradiction, diligence, erratic } from './draw-people.ts';
import type { Item, Plan, Setting, SymbolIndex } from './plan.ts';

function settingOf(seed: number, dice: Dice): Setting {
  const account = dice.chance(0.25) ? 'cn' : 'us';
  const days = account === 'cn' || dice.chance(0.06) ? 2 : 1;
  return {
    seed,
    account,
    flatten: account === 'cn' ? 'each' : dice.pick(['each', 'one_request', 'global_cancel']),
    days,
    isHeldOvernight: account === 'cn' && dice.chance(0.7),
    minutes: days === 2 ? 20 : dice.whole(20, 36),
    mode: dice.chance(0.06) ? 'auto' : dice.chance(0.03) ? 'alert' : 'semi',
    storeMs: dice.chance(0.6) ? 0 : dice.whole(1, 40),
    brokerMs: dice.pick([5, 20, 80, 80, 200]),
    chatMs: dice.pick([1, 50, 150, 600]),
    feeMinor: dice.chance(0.5) ? 0 : dice.whole(1, 120),
    cancelsGroup: dice.chance(0.5),
    snapshotEvery: dice.pick([5, 20, 60, 500]),
    sweepMs: dice.chance(0.25) ? 2_000 : dice.whole(6, 15) * SECOND,
    hasStandby: dice.chance(0.1),
    isCopied: dice.chance(0.1),
    // what is watched needs a price that is young enough to act on
    quoteMs: account === 'cn' ? 5_000 : dice.pick([5_000, 10_000, 15_000]),
    swing: [dice.whole(1, 9) / 100, dice.whole(1, 9) / 100],
  };
}

/** The plan of a seed: what the session is, what people do, what goes wrong. The same for ever for one version. */
export function drawPlan(seed: number): Plan {
  const dice = diceOf(createRandom(`simulation/${seed}`));
  const setting = settingOf(seed, dice);
  const end = setting.minutes * MINUTE;
  const items: Item[] = [];
  for (let day = 0; day < setting.days; day += 1) {
    for (let left = dice.whole(2, 5); left > 0; left -= 1) {
      const minute = dice.whole(6, setting.minutes - 7);
      const symbol = dice.whole(0, 1) as SymbolIndex;
      const distance = dice.chance(0.7) ? dice.whole(35, 110) / 100 : dice.whole(110, 300) / 100;
      items.push({ kind: 'signal', symbol, minute, distance, day });
    }
  }
  items.push(...diligence(dice, setting));
  const jumps = dice.whole(0, 2);
  for (let left = jumps; left > 0; left -= 1) {
    const by = dice.whole(-180, 180) / 100;
    items.push({
      kind: 'jump',
      at: dice.whole(0, end),
      symbol: dice.whole(0, 1) as SymbolIndex,
      by,
    });
  }
  for (let left = dice.chance(0.3) ? 0 : dice.whole(1, 5); left > 0; left -= 1)
    if (dice.chance(0.2)) items.push(...contradiction(dice, end));
    else items.push(erratic(dice, end));
  if (setting.hasStandby && dice.chance(0.8)) {
    const forMs = dice.whole(2, dice.pick([8, 30, 120])) * SECOND;
    items.push({ kind: 'freeze', at: dice.whole(0, end), forMs });
  }
  const focus = dice.pick(FOCI);
  for (let left = dice.chance(0.12) ? 0 : dice.whole(1, 8); left > 0; left -= 1)
    items.push(...fault(dice, focus, end));
  return { setting, items };
}
