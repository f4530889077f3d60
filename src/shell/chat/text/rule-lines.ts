import type { SetupRefused } from '#core/engine/state.ts';
import type { Check } from '#core/gates/gate.ts';
import type { Ticket } from '#core/machines/ticket.ts';
import type { Slippage } from '#core/portfolio/slippage.ts';
import type { Speech } from './catalogue.ts';

const SIGNS: Readonly<Record<string, string>> = {
  '<': '<',
  '<=': '≤',
  '>': '>',
  '>=': '≥',
  '==': '=',
};
const INVERSE: Readonly<Record<string, string>> = {
  '<': '≥',
  '<=': '>',
  '>': '≤',
  '>=': '<',
  '==': '≠',
};

/** How a value stands to its threshold, in the sense that is true: `22 < 30` of a row that wants 30. */
export function signOf({ value, passed, operator }: Check): string {
  return (value === null || passed ? SIGNS : INVERSE)[operator] ?? operator;
}

/** True for the ticket of a position that the person held before: no card was ever shown of it. */
export function isTakenOver(ticket: Ticket): boolean {
  return ticket.closed?.by === 'book';
}

/** Stop and targets of a position that was taken over. */
export function planLine(
  { stop, legs }: Ticket,
  s: Speech,
  words: readonly [string, string],
): string {
  const targets = legs.flatMap(({ target }) => (target === null ? [] : [s.f.price(target)]));
  const of = targets.length === 0 ? '' : ` · ${words[1]} ${targets.join(' / ')}`;
  return `${words[0]} ${s.f.price(stop)}${of}`;
}

/** Setups shown of a verdict or report. */
const SHOWN = 6;

/** Refused setups, alike ones in one line with their number and the times of the first and the last. */
export function refusedLines(
  setups: readonly SetupRefused[],
  s: Speech,
  words: {
    readonly side: (side: SetupRefused['side']) => string;
    readonly comma: string;
    readonly more: (count: number) => string;
  },
): string[] {
  const alike = new Map<string, SetupRefused[]>();
  for (const setup of setups) {
    const why = setup.reasons
      .slice(0, 2)
      .map((reason) => s.reason(reason))
      .join(words.comma);
    const what = `${s.f.symbol(setup.instrument)} ${words.side(setup.side)} ${why}`;
    const same = alike.get(what);
    if (same === undefined) alike.set(what, [setup]);
    else same.push(setup);
  }
  const groups = [...alike];
  const left = groups.slice(SHOWN).reduce((sum, [, same]) => sum + same.length, 0);
  return [
    ...groups.slice(0, SHOWN).map(([what, same]) => {
      const [first, last] = [s.f.time(same[0]?.at ?? 0), s.f.time(same.at(-1)?.at ?? 0)];
      const times = first === last ? first : `${first} – ${last}`;
      return `  ${times} ${what}${same.length === 1 ? '' : ` ×${same.length}`}`;
    }),
    ...(left === 0 ? [] : [`  ${words.more(left)}`]),
  ];
}

/** From here on a distance is told in percent: a person does not read hundreds of basis points. */
const BPS_OF_PERCENT = 100;

/** A slippage in words: how much better or worse a price was, positive figures being worse. */
export function slippageText(
  { ticketBps, midBps }: Slippage,
  s: Speech,
  words: {
    readonly agreed: (amount: string, side: 'better' | 'worse' | 'same') => string;
    readonly mid: (amount: string, side: 'better' | 'worse' | 'same') => string;
    readonly unknown: string;
    readonly comma: string;
  },
): string {
  const told = (bps: number | null, say: typeof words.mid): string[] => {
    if (bps === null) return [];
    const amount = Math.abs(bps);
    const text = amount >= BPS_OF_PERCENT ? s.f.ratio(amount / 10_000) : s.f.bps(amount);
    // what is shown as 0 is neither
    const isSame = amount < 0.05;
    return [say(text, isSame ? 'same' : bps > 0 ? 'worse' : 'better')];
  };
  const parts = [...told(ticketBps, words.agreed), ...told(midBps, words.mid)];
  return parts.length === 0 ? words.unknown : parts.join(words.comma);
}
