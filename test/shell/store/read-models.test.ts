import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import type { StoreHandle } from '#shell/store/client.ts';
import { rebuildReadModels } from '#shell/store/read-models.ts';
import { live, lives } from '#test/support/random-inputs.ts';
import { type OpenStore, openEmbedded } from '#test/support/store-backends.ts';
import { batch } from '#test/support/store-rows.ts';

type Opened = OpenStore & { handle: StoreHandle };

let opened: Opened;

before(async () => {
  opened = await openEmbedded();
});
after(() => opened.close());

/** Ends of random lives that together hold closed trades and open positions. */
function sampleDesks() {
  const ends = fc.sample(lives, { numRuns: 300, seed: 7 }).flatMap((life) => {
    const end = live(life).at(-1)?.after;
    return end === undefined ? [] : [end];
  });
  const closed = ends.filter((end) => end.events.some((event) => event.type === 'trade_closed'));
  const open = ends.filter((end) => Object.keys(end.state.positions).length > 0);
  assert.ok(closed.length >= 3 && open.length >= 3, `${closed.length} closed, ${open.length} open`);
  return [...closed.slice(0, 6), ...open.slice(0, 6)];
}

async function rowsOf(table: string, stream: string, key: string) {
  const { sql } = opened.handle;
  return await sql`select * from ${sql(table)} where stream = ${stream} order by ${sql(key)}`;
}

test('SP-11 account, positions, trades, signals and intents equal the fold of the log', async () => {
  const { store, handle } = opened;
  for (const [i, { events, state }] of sampleDesks().entries()) {
    const stream = `desk-${i}`;
    const stored = events.map(({ type, ...data }) => ({ type, data }));
    await store.events.append(batch(stream, 0, stored));
    const counts = await rebuildReadModels(handle, store.events, stream);
    assert.deepEqual(await rebuildReadModels(handle, store.events, stream), counts);
    const trades = events.flatMap((event) => (event.type === 'trade_closed' ? [event.trade] : []));
    const [account] = await rowsOf('accounts', stream, 'stream');
    assert.equal(account?.['cash_minor'], state.cashMinor);
    assert.equal(account?.['currency'], 'USD');
    assert.equal(
      account?.['realized_minor'],
      trades.reduce((sum, trade) => sum + trade.pnlMinor, 0),
    );
    assert.deepEqual(
      (await rowsOf('positions', stream, 'instrument')).map((row) => [
        row['instrument'],
        row['quantity'],
        row['entry_price'],
        row['opened_at'],
      ]),
      Object.values(state.positions).map((p) => [
        p.instrument,
        p.quantity,
        p.entryPrice,
        p.openedAt,
      ]),
    );
    assert.deepEqual(
      (await rowsOf('trades', stream, 'closed_at')).map((row) => [
        row['ticket_id'],
        row['result_r'],
      ]),
      trades.map((trade) => [trade.ticketId, trade.resultR]),
    );
    const intents = await rowsOf('intents', stream, 'order_id');
    const intended = events.filter((event) => event.type === 'order_intended');
    assert.equal(intents.length, new Set(intended.map((event) => event.order.orderId)).size);
    for (const row of intents) {
      const order = state.orders[String(row['order_id'])];
      if (order === undefined) continue;
      assert.deepEqual([row['state'], row['filled_quantity']], [order.state, order.filledQuantity]);
    }
    assert.equal(counts.signals, events.filter((event) => event.type === 'signal_raised').length);
  }
});

test('a stream without events has no rows', async () => {
  const { store, handle } = opened;
  assert.deepEqual(await rebuildReadModels(handle, store.events, 'nobody'), {
    accounts: 0,
    positions: 0,
    trades: 0,
    signals: 0,
    intents: 0,
  });
});
