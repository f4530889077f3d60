import { createRandom } from '#core/lib/random.ts';
import { type Dice, diceOf, MINUTE, SECOND } from './dice.ts';
import { byHand } from './draw-by-hand.ts';
import { codes } from './draw-codes.ts';
import { edits } from './draw-edit.ts';
import { FOCI, fault } from './draw-faults.ts';
import { contradiction, diligence, erratic, killedWhileAsked, say } from './draw-people.ts';
import { switches } from './draw-switch.ts';
import type { Item, Plan, Setting, SymbolIndex } from './plan.ts';
import { ORIGIN, openOf } from './stage.ts';

function settingOf(seed: number, dice: Dice): Setting {
  const account = dice.chance(0.25) ? 'cn' : 'us';
  const isByHand = dice.chance(0.15);
  const isLive = dice.chance(0.12);
  const days = account === 'cn' || dice.chance(0.06) ? 2 : 1;
  return {
    seed,
    account,
    isByHand,
    isLive,
    flatten:
      account === 'cn' || isByHand ? 'each' : dice.pick(['each', 'one_request', 'global_cancel']),
    days,
    isHeldOvernight: account === 'cn' && dice.chance(0.7),
    minutes: days === 2 ? 20 : dice.whole(20, 36),
    mode: dice.chance(0.06) ? 'auto' : dice.chance(0.03) ? 'alert' : 'semi',
    eventDays: dice.chance(0.5) ? 'off' : 'shrink',
    storeMs: dice.chance(0.6) ? 0 : dice.whole(1, 40),
    brokerMs: dice.pick([5, 20, 80, 80, 200]),
    chatMs: dice.pick([1, 50, 150, 600]),
    feeMinor: dice.chance(0.5) ? 0 : dice.whole(1, 120),
    cancelsGroup: dice.chance(0.5),
    snapshotEvery: dice.pick([5, 20, 60, 500]),
    sweepMs: dice.chance(0.25) ? 2_000 : dice.whole(6, 15) * SECOND,
    // a code used on one machine is new to the other one: the record of the codes says why
    hasStandby: dice.chance(0.1) && !isLive,
    isCopied: dice.chance(0.1),
    // what is watched needs a price that is young enough to act on
    quoteMs: account === 'cn' || isByHand ? 5_000 : dice.pick([5_000, 10_000, 15_000]),
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
  // without a person in between only the desk itself can notice that nobody is there
  if (setting.mode === 'auto' && dice.chance(0.5))
    items.push({
      kind: 'silence',
      at: dice.whole(-2 * MINUTE, 4 * MINUTE),
      forMs: dice.whole(14, 24) * MINUTE,
    });
  if (setting.hasStandby && dice.chance(0.8)) {
    const forMs = dice.whole(2, dice.pick([8, 30, 120])) * SECOND;
    items.push({ kind: 'freeze', at: dice.whole(0, end), forMs });
  }
  const focus = dice.pick(FOCI);
  for (let left = dice.chance(0.12) ? 0 : dice.whole(1, 8); left > 0; left -= 1)
    items.push(...fault(dice, focus, end));
  if (setting.isByHand) items.push(...byHand(dice));
  if (setting.isLive) items.push(...codes(dice));
  const switching = switches(dice, setting);
  const goesEx = exDates(dice, setting);
  const halted = [...haltAtSignal(dice, items), ...eventsOf(dice, items)];
  // half of them have little else in their way, or none of them would come far
  const isCalm = switching.length > 0 && dice.chance(0.5);
  const minding = () => [...diligence(dice, setting), ...(setting.isByHand ? byHand(dice) : [])];
  const others = isCalm ? minding() : items;
  const killedAgain = killedWhileAsked(dice);
  const tradesPerDay = dice.chance(0.25) ? 1 : 2;
  const shut = [...shuts(dice, setting, items), ...beforeTheBreak(dice, setting)];
  return {
    setting: { ...setting, tradesPerDay },
    items: [...others, ...switching, ...halted, ...goesEx, ...killedAgain, ...shut, ...edits(dice)],
  };
}

/** Now and then the calendar has an event: its window begins or ends about when the strategy sees a setup. */
function eventsOf(dice: Dice, items: readonly Item[]): Item[] {
  const signals = items.filter((item) => item.kind === 'signal');
  if (!dice.chance(0.12)) return [];
  return Array.from({ length: dice.whole(1, 2) }, () => {
    const { day, minute, symbol } = dice.pick(signals);
    const fromMinute = Math.max(0, minute - dice.whole(-2, 8));
    const toMinute = fromMinute + dice.whole(1, 12);
    const isWholeDay = dice.chance(0.3);
    const of = dice.chance(0.5) ? symbol : null;
    return { kind: 'event', day, fromMinute, toMinute, isWholeDay, symbol: of };
  });
}

/** Names that are held over the night at times go ex on the morning after it. */
function exDates(dice: Dice, setting: Setting): Item[] {
  if (setting.account !== 'cn') return [];
  return ([0, 1] as const).flatMap((symbol): Item[] => {
    if (!dice.chance(0.4)) return [];
    const cash = dice.chance(0.8) ? dice.whole(20, 800) / 100 : 0;
    const newShares = cash > 0 && dice.chance(0.6) ? 0 : dice.pick([0.1, 0.3, 0.5, 1]);
    const terms = dice.pick(['told', 'told', 'late', 'never', 'other'] as const);
    return [{ kind: 'ex_date', symbol, cash, newShares, terms }];
  });
}

/** A-shares stand at a limit with nobody opposite, or do not trade: mostly those held over the night, on the morning after it. */
function shuts(dice: Dice, setting: Setting, items: readonly Item[]): Item[] {
  if (setting.account !== 'cn' || !dice.chance(0.4)) return [];
  const bought = items.filter((item) => item.kind === 'signal' && item.day === 0);
  const first = dice.pick(bought);
  const symbol =
    first?.kind === 'signal' && dice.chance(0.8) ? first.symbol : (dice.whole(0, 1) as SymbolIndex);
  const day = dice.chance(0.85) ? 1 : 0;
  const { minutes } = setting;
  // a board that is sealed mostly opens so: what is held has had no chance to leave before
  const fromMinute = day === 1 && dice.chance(0.6) ? 0 : dice.whole(5, minutes - 6);
  // the next day's limits are reckoned from a close that traded
  const lastMinute = day === 1 ? minutes : minutes - 1;
  const toMinute = Math.min(lastMinute, fromMinute + dice.whole(2, minutes));
  const span = { symbol, day, fromMinute, toMinute };
  const isSealed = dice.chance(0.5);
  const isWholeDay = !isSealed && day === 1 && dice.chance(0.4);
  const all = isWholeDay ? { fromMinute: -15, toMinute: minutes + 1 } : {};
  const shut: Item = isSealed
    ? { kind: 'seal', ...span, side: dice.chance(0.8) ? 'down' : 'up' }
    : { kind: 'suspension', ...span, ...all, isWholeDay };
  if (!dice.chance(isSealed ? 0.3 : 0.6)) return [shut];
  // somebody wants out of it just then
  const at = openOf(setting, day) - ORIGIN + (fromMinute + dice.whole(-1, 4)) * MINUTE;
  const exit = `/exit ${symbol === 0 ? '{symbol}' : '{other}'}`;
  const word = dice.pick([exit, exit, '/flatten', '/kill']);
  return [shut, say(dice, { at }, word, { travelMs: 50, agreeAfterMs: 2_000 })];
}

/** A setup shortly before the break or the auction before the close, and a price that runs away from the purchase. */
function beforeTheBreak(dice: Dice, setting: Setting): Item[] {
  if (setting.account !== 'cn' || !dice.chance(0.3)) return [];
  const minute = dice.pick([8, 9, 14, 15] as const);
  const [symbol, day] = [dice.whole(0, 1) as SymbolIndex, dice.whole(0, setting.days - 1)];
  const distance = dice.whole(50, 300) / 100;
  const at = openOf(setting, day) - ORIGIN + minute * MINUTE + dice.whole(3, 40) * SECOND;
  const signal: Item = { kind: 'signal', symbol, minute, distance, day };
  return [signal, { kind: 'jump', at, symbol, by: dice.whole(5, 120) / 100 }];
}

/** Now and then trading of a name is halted just when the strategy sees a setup in it: only then is a halt in the way. */
function haltAtSignal(dice: Dice, items: readonly Item[]): Item[] {
  const signals = items.filter((item) => item.kind === 'signal' && item.day === 0);
  if (signals.length === 0 || !dice.chance(0.06)) return [];
  const signal = dice.pick(signals);
  if (signal.kind !== 'signal') return [];
  const at = signal.minute * MINUTE + dice.whole(-40, 50) * SECOND;
  return [{ kind: 'halt', at, forMs: dice.whole(60, 240) * SECOND, symbol: signal.symbol }];
}
