import { usFeeModel } from '#core/backtest/costs.ts';
import type { Effect } from '#core/engine/effect.ts';
import { effectsOf } from '#core/engine/effects.ts';
import { evolve } from '#core/engine/evolve.ts';
import type { Input } from '#core/engine/input.ts';
import { createAccount } from '#core/simulation/account.ts';
import { cancelOrder, placeOrder, placePair, replaceOrder } from '#core/simulation/exchange.ts';
import type { ExchangeReport } from '#core/simulation/exchange-order.ts';
import type { Exchange } from '#core/simulation/exchange-state.ts';
import { createExchange } from '#core/simulation/exchange-state.ts';
import { matchQuote } from '#core/simulation/matching.ts';
import { newYorkSession } from './bars.ts';
import { CASH_MINOR, DAY, quoteOf } from './builders.ts';
import { type Desk, step } from './engine.ts';

/** A desk and the exchange it trades at. Orders reach it at once, its words travel and keep their order. */
export type World = {
  desk: Desk;
  readonly exchange: Exchange;
  readonly mail: ExchangeReport[];
  /** Every word of the exchange, heard or not. */
  readonly said: ExchangeReport[];
  reports: number;
};

export function newWorld(desk: Desk, seed: number): World {
  const rules = {
    matchBy: 'ticks' as const,
    fees: usFeeModel('alpaca'),
    slippage: { slippageBps: 0 },
    volumeCapRatio: 1,
    rejectRatio: 0,
    partialRatio: 0.3,
    seed,
  };
  const exchange = createExchange(rules, createAccount(CASH_MINOR), newYorkSession(DAY));
  return { desk, exchange, mail: [], said: [], reports: 0 };
}

function perform(world: World, effect: Effect, at: number): void {
  const { exchange } = world;
  let out: ExchangeReport[] = [];
  if (effect.kind === 'submit_order') {
    const { order, stop, target } = effect;
    const bracket =
      stop === null
        ? null
        : {
            stop: { orderId: stop.orderId, stopPrice: stop.stopPrice ?? 0 },
            target:
              target === null
                ? null
                : { orderId: target.orderId, limitPrice: target.limitPrice ?? 0 },
          };
    const terms = { ...order, bracket };
    const paired = stop === null && target !== null ? { ...target, bracket: null } : null;
    const placed =
      paired === null ? placeOrder(exchange, terms, at) : placePair(exchange, terms, paired, at);
    out = placed.reports;
  } else if (effect.kind === 'cancel_order') out = cancelOrder(exchange, effect.orderId, at);
  else if (effect.kind === 'replace_order')
    out = replaceOrder(exchange, effect.orderId, { stopPrice: effect.stopPrice }, at);
  hear(world, out);
}

function hear(world: World, reports: readonly ExchangeReport[]): void {
  world.mail.push(...reports);
  world.said.push(...reports);
}

/** Gives the desk an input and performs at once what it asks of the exchange. */
export function tell(world: World, input: Input): void {
  const { desk, events } = step(world.desk, input);
  let { state } = world.desk;
  world.desk = desk;
  for (const event of events) {
    state = evolve(state, event);
    for (const effect of effectsOf(event, state, desk.policy)) perform(world, effect, input.at);
  }
}

/** Delivers up to `count` words of the exchange, oldest first. */
export function deliver(world: World, at: number, count = Number.MAX_SAFE_INTEGER): void {
  for (let n = 0; n < count && world.mail.length > 0; n += 1) {
    const [next] = world.mail.splice(0, 1);
    if (next === undefined) return;
    world.reports += 1;
    const report = { reportId: `r${world.reports}`, ...next, at };
    tell(world, { kind: 'order_reported', at, report });
  }
}

/** Moves the market: the exchange fills first, the desk sees the quote after. */
export function trade(world: World, at: number, bid: number, ask: number, size: number): void {
  const quote = { ...quoteOf(at, bid, ask), bidSize: size, askSize: size };
  hear(world, matchQuote(world.exchange, quote, at));
  tell(world, { kind: 'quote_seen', at, quote });
}
