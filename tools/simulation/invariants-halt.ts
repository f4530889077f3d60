import type { Life } from './life.ts';
import { entryOf, type Hooks, type Observed } from './observed.ts';

/** What the halt was told to, and whether it can be forgotten. */
type Halt = { readonly life: Life; isSafe: boolean };

/** An entry handed to the lane before the word of the halt may still leave. */
const ON_ITS_WAY_MS = 3_000;

/**
 * 10. Nor on a price of before a halt: no entry leaves while its symbol is halted.
 *
 * At the first byte of an entry: its symbol is not halted as far as the process was told. What it was told and
 * had not in the log dies with it.
 */
export function noneWhileHalted(world: Observed): Hooks {
  const halts = new Map<string, Halt & { readonly at: number }>();
  return {
    halted(life, instrument, isHalted) {
      if (isHalted) halts.set(instrument, { life, isSafe: false, at: world.now() });
      else halts.delete(instrument);
    },
    committed(event) {
      if (event.type !== 'halt_changed') return;
      const known = halts.get(event.instrument);
      if (known !== undefined && event.isHalted) known.isSafe = true;
      // nobody was told of an end that came while no process ran: the first bar after it tells
      if (!event.isHalted) halts.delete(event.instrument);
    },
    died(life) {
      for (const [instrument, halt] of halts)
        if (!halt.isSafe && halt.life === life) halts.delete(instrument);
    },
    submitting(_life, order) {
      const halt = halts.get(order.instrument);
      if (halt === undefined || entryOf(order) === null) return;
      if (world.now() - halt.at > ON_ITS_WAY_MS)
        world.fail(10, `${order.orderId} left while ${order.instrument} was halted`);
    },
  };
}
