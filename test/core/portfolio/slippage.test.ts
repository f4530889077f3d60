import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blended, figuresOf, NO_SLIPPAGE, slippageOf } from '#core/portfolio/slippage.ts';
import {
  AAPL,
  bars,
  exit,
  fill,
  ny,
  policyOf,
  QQQM,
  quote,
  report,
  TICKET,
  withPosition,
  withWorkingEntries,
} from '#test/support/builders.ts';
import { SAMPLE_ORDER } from '#test/support/chat-samples.ts';
import { type Desk, deskAfter } from '#test/support/engine.ts';
import { given } from '#test/support/given.ts';

const id = (name: string) => `${TICKET}.${name}`;
const AT = ny('10:01:20');

test('ID-06 slippage is how much worse a price was: against what was agreed and against the mid', () => {
  const buy = { ...SAMPLE_ORDER, limitPrice: 100, stopPrice: null, midAtIntent: 99.9 };
  const worse = slippageOf(buy, 100.1);
  assert.equal(worse.ticketBps?.toFixed(6), '10.000000');
  assert.equal(worse.midBps?.toFixed(6), '20.020020');
  assert.ok((slippageOf(buy, 99.8).midBps ?? 0) < 0, 'a cheaper buy is better');
  const stop = {
    ...buy,
    side: 'sell' as const,
    limitPrice: null,
    stopPrice: 99,
    midAtIntent: null,
  };
  assert.deepEqual(slippageOf(stop, 99), { ticketBps: 0, midBps: null });
  assert.equal(slippageOf(stop, 98.01).ticketBps?.toFixed(6), '100.000000');
  const market = { ...stop, stopPrice: null, midAtIntent: 0 };
  assert.deepEqual(slippageOf(market, 98), { ticketBps: null, midBps: null });
});

test('ID-06 several fills weigh by their shares, those without a comparison by nothing', () => {
  const one = blended(NO_SLIPPAGE, { ticketBps: 10, midBps: null }, 30);
  const two = blended(one, { ticketBps: 0, midBps: 4 }, 10);
  assert.deepEqual(figuresOf(two), { ticketBps: 7.5, midBps: 4 });
  assert.deepEqual(figuresOf(NO_SLIPPAGE), { ticketBps: null, midBps: null });
});

test('ID-06 every fill carries its slippage, the trade that of both sides, and the chat is told', () => {
  const entries = given(withWorkingEntries()).when(fill(AT, id('entry-1'), 100, 99.99));
  entries.decidesOf(['order_filled'], {
    type: 'order_filled',
    slippage: { ticketBps: -1, midBps: 0 },
    isBeyondEstimate: false,
  });
  const closed = given(withPosition())
    .and(
      fill(AT, id('stop-1'), 100, 98.9),
      report(AT, id('target-1'), 'canceled', { reason: 'oco' }),
    )
    .when(fill(AT + 10, id('stop-2'), 100, 98.99));
  const trade = closed.events.find((event) => event.type === 'trade_closed')?.trade;
  assert.equal(trade?.slippage.entry.ticketBps, 0);
  assert.equal(trade?.slippage.entry.midBps?.toFixed(4), '1.0001');
  assert.equal(trade?.slippage.exit.ticketBps?.toFixed(4), '5.5556');
  assert.equal(trade?.slippage.exit.midBps, null);
});

const slipped = (desk: Desk) => desk.state.day?.fillsBeyondEstimate;

test('ID-08 two fills of a day far beyond their estimate lock the desk until the close', () => {
  // half a spread of 2 bp and 0.5 bp of slippage were reckoned with, so 4.5 bp is too much
  const before = deskAfter([...withPosition(), ...bars('10:02', '10:02')]);
  assert.equal(slipped(before), 0);
  const leaving = [
    ...withPosition(),
    quote(ny('10:01:20'), 99.98, 100),
    exit(ny('10:01:21')),
    ...['stop-1', 'target-1', 'stop-2'].map((name) => report(ny('10:01:22'), id(name), 'canceled')),
  ];
  const part = given(leaving).when(
    fill(ny('10:01:23'), id('exit-1'), 50, 99.94, { isPartial: true }),
  );
  part.decidesOf(['order_filled', 'lock_set'], {
    type: 'order_filled',
    isBeyondEstimate: true,
  });
  assert.equal(slipped(part.desk), 1);
  part
    .and()
    .when(fill(ny('10:01:24'), id('exit-1'), 200, 99.9))
    .decidesOf(['lock_set'], {
      type: 'lock_set',
      lock: { cause: 'slippage', scope: 'desk', untilAt: ny('16:00'), isFirm: true },
    });
  const generous = policyOf({ cost: { slippageBps: 5 } });
  const same = given(leaving, generous).when(fill(ny('10:01:24'), id('exit-1'), 200, 99.9));
  same.decidesOf(['lock_set']);
  assert.equal(same.desk.state.positions[QQQM], undefined);
  assert.equal(same.desk.state.positions[AAPL], undefined);
});
