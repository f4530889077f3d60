import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { InstrumentId } from '#core/market/instrument.ts';
import { notionalMinor } from '#core/market/money.ts';
import { matchQuote } from '#core/simulation/matching.ts';
import {
  AAPL,
  bar,
  confirm,
  kill,
  ny,
  QQQM,
  quoteOf,
  ready,
  reconciled,
  safe,
  signalBar,
  skip,
  started,
  stop,
} from '#test/support/builders.ts';
import { deskAfter } from '#test/support/engine.ts';
import { deliver, newWorld, tell, type World } from '#test/support/exchange-desk.ts';
import { onePolicy, propose } from '#test/support/switching.ts';

/*
 * A switch against a real simulated exchange, whose words travel late, in pieces, and cross what the desk
 * sends: at no instant may the exchange hold an order of B while one of A may still fill there.
 */

/** Moves, each as often as it should come. */
const OFTEN = {
  deliver: 16,
  quote_b: 10,
  quote_a: 4,
  agree: 6,
  cross: 5,
  sell: 6,
  propose: 3,
  bar: 3,
  keep: 1,
  skip: 1,
  kill: 1,
  stop: 1,
  safe: 1,
  restart: 1,
  clean: 2,
} as const;
type What = keyof typeof OFTEN;
const WHAT = Object.entries(OFTEN).flatMap(([what, times]) =>
  Array<What>(times).fill(what as What),
);
type Move = { readonly what: What; readonly price: number; readonly wait: number };

const moves: fc.Arbitrary<readonly Move[]> = fc.array(
  fc.record({
    what: fc.constantFrom(...WHAT),
    price: fc.integer({ min: 9_980, max: 10_030 }),
    wait: fc.integer({ min: 1, max: 2_500 }),
  }),
  { minLength: 10, maxLength: 45, size: 'max' },
);

function show(world: World, at: number, instrument: InstrumentId, cents: number): void {
  const quote = quoteOf(at, (cents - 2) / 100, cents / 100, instrument);
  const seen = { ...quote, bidSize: 1 + (cents % 90), askSize: 1 + (cents % 90) };
  const out = matchQuote(world.exchange, seen, at);
  world.mail.push(...out);
  world.said.push(...out);
  tell(world, { kind: 'quote_seen', at, quote: seen });
}

function act(world: World, at: number, { what, price }: Move): void {
  const rotation = world.desk.state.rotation ?? null;
  const code = rotation?.code ?? 'none';
  switch (what) {
    case 'quote_a':
      return show(world, at, QQQM, price);
    case 'quote_b':
      return show(world, at, AAPL, price);
    case 'deliver':
      return deliver(world, at, 1 + (price % 4));
    case 'propose':
      return tell(world, propose(at, price % 3 === 0 ? 0.5 : 1));
    case 'agree':
      return tell(world, confirm(at, { code, quote: quoteOf(at, 99.98, 100, AAPL) }));
    case 'cross':
      // what the market fills now is on its way when the cancel leaves
      show(world, at, QQQM, 9_990);
      return tell(world, confirm(at, { code, quote: quoteOf(at, 99.98, 100, AAPL) }));
    case 'sell':
    case 'keep': {
      const said = { act: 'switch', verb: what, code: null } as const;
      return tell(world, { ...propose(at), act: said } as Parameters<typeof tell>[1]);
    }
    case 'bar':
      tell(world, bar(at, { instrument: AAPL }));
      return tell(world, bar(at));
    case 'skip':
      return tell(world, skip(at, code));
    case 'kill':
      return tell(world, kill(at));
    case 'stop':
      return tell(world, stop(at));
    case 'safe':
      return tell(world, safe(at, true));
    case 'restart':
      return tell(world, started(at, true));
    case 'clean':
      return tell(world, reconciled(at, world.desk.state.cashMinor));
  }
}

/** What the exchange may still buy of a name, and what that may cost. */
function mayTake(world: World, instrument: InstrumentId): { shares: number; minor: number } {
  const open = (world.exchange.openOrders.get(instrument) ?? []).filter(
    ({ terms }) => terms.side === 'buy',
  );
  const shares = open.reduce((sum, one) => sum + one.terms.quantity - one.filledQuantity, 0);
  return { shares, minor: notionalMinor(100, shares) };
}

type Tally = { switched: number; asked: number; sold: number };

/** Breaks at the first instant at which the exchange has more than it may have. */
function check(world: World, before: number, tally: Tally): void {
  const { desk, exchange } = world;
  const events = desk.events.slice(before);
  for (const event of events) {
    if (event.type === 'rotation_moved' && event.to === 'asking') tally.asked += 1;
    if (event.type === 'rotation_moved' && event.to === 'selling') tally.sold += 1;
    if (event.type !== 'order_intended' || event.order.role !== 'entry') continue;
    const ticket = desk.state.tickets[event.order.ticketId];
    assert.equal(ticket?.state, 'confirmed', '1, 7: an entry of a ticket that is not confirmed');
    assert.equal(desk.state.kill.kind, 'clear', '3: an entry after a kill');
    assert.equal(desk.state.consent.kind, 'allowed', '3: an entry without permission');
    if (ticket.isOfSwitch !== true) continue;
    tally.switched += 1;
    assert.equal(mayTake(world, QQQM).shares, 0, 'B is at the exchange and A may still fill');
    assert.equal(
      exchange.account.positions.get(QQQM)?.quantity ?? 0,
      desk.state.rotation?.keepQuantity,
    );
  }
  const open = mayTake(world, QQQM).minor + mayTake(world, AAPL).minor;
  assert.ok(open <= exchange.account.cashMinor, '5: working buys beyond the cash');
}

test('AL-04 whatever crosses on the wire, A and B are never at the exchange together, and no rule is passed by', () => {
  const tally: Tally = { switched: 0, asked: 0, sold: 0 };
  fc.assert(
    fc.property(moves, fc.nat(1_000), fc.nat(3), (list, seed, delivered) => {
      const policy = onePolicy({ watch: { barOverdueMs: null, quoteStaleMs: 3_600_000 } });
      const world = newWorld(deskAfter(ready(), policy), seed);
      tell(world, signalBar(ny('10:01')));
      tell(world, signalBar(ny('10:01'), { instrument: AAPL }));
      // the market asks more than the limit: A rests
      show(world, ny('10:01:05'), QQQM, 10_010);
      tell(world, confirm(ny('10:01:10'), { quote: quoteOf(ny('10:01:10'), 100.08, 100.1) }));
      deliver(world, ny('10:01:11'), delivered);
      let at = ny('10:01:12');
      act(world, at, { what: 'propose', price: seed, wait: 0 });
      for (const move of list) {
        at += move.wait;
        const before = world.desk.events.length;
        act(world, at, move);
        check(world, before, tally);
      }
      const ids = world.desk.events.flatMap((event) =>
        event.type === 'order_intended' ? [event.order.orderId] : [],
      );
      assert.equal(new Set(ids).size, ids.length, '2: an order was intended twice');
      deliver(world, at);
      const { positions } = world.exchange.account;
      for (const [instrument, held] of positions)
        assert.equal(world.desk.state.positions[instrument]?.quantity ?? 0, held.quantity);
    }),
    { numRuns: 600 },
  );
  assert.ok(tally.switched > 40, `only ${tally.switched} entries of a switch were seen`);
  assert.ok(tally.asked > 20, `only ${tally.asked} questions were seen`);
  assert.ok(tally.sold > 10, `only ${tally.sold} sales were seen`);
});
