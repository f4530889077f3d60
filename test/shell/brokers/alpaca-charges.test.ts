import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeskHandle } from '#app/desk-handle.ts';
import { BrokerError } from '#app/errors.ts';
import { reconcileAccount } from '#app/reconcile-account.ts';
import { brokerOn } from '#test/support/alpaca-contract.ts';
import { started } from '#test/support/builders.ts';
import { step } from '#test/support/engine.ts';
import { FakeAlpaca } from '#test/support/fake-alpaca.ts';
import { given } from '#test/support/given.ts';

const DAY_MS = 86_400_000;
const dayAgo = (days: number): string =>
  new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10);

async function setUp() {
  const fake = new FakeAlpaca();
  const url = await fake.listen();
  const { broker } = brokerOn(url, { timeoutMs: 5_000 });
  await broker.start();
  const close = async (): Promise<void> => {
    await broker.stop();
    await fake.close();
  };
  return { fake, broker, close };
}

/** A desk with nothing to do but to compare its book with the account. */
function bookkeeper() {
  let { desk } = given([started(Date.now())]);
  const events: string[] = [];
  const handle: Pick<DeskHandle, 'policy' | 'state' | 'submit'> = {
    policy: desk.policy,
    state: () => desk.state,
    submit: async (input) => {
      const after = step(desk, input);
      desk = after.desk;
      events.push(...after.events.map((event) => event.type));
      return after.events as never;
    },
  };
  return { handle: handle as DeskHandle, events, state: () => desk.state };
}

test('AL-01 ID-07 fees of the end of the day and interest are booked to the cash, and the account agrees', async () => {
  const { broker, close, fake } = await setUp();
  try {
    fake.charge('-5.55', dayAgo(5));
    const { events, handle, state } = bookkeeper();
    const startMinor = (await broker.cashMinor()) - state().cashMinor;
    fake.exchange.cash -= startMinor / 100;
    const look = () => reconcileAccount(handle, broker, () => Date.now());
    assert.equal((await look()).isClean, true);
    fake.charge('-20.60', dayAgo(0));
    fake.charge('-1.19', dayAgo(0));
    fake.charge('3.21', dayAgo(0), 'both', 'INT');
    // a dividend is no charge: it is booked on its ex-date
    fake.charge('7.00', dayAgo(0), 'row', 'DIV');
    const before = state().cashMinor;
    const sides = await look();
    assert.equal(sides.isClean, true);
    assert.equal(state().cashMinor, before - 2_060 - 119 + 321);
    assert.equal(state().safeMode.length, 0);
    assert.equal(events.filter((type) => type === 'charges_noted').length, 2);
    assert.equal((await look()).isClean, true);
    assert.equal(state().cashMinor, before - 1_858);
    // money that nothing explains is still a difference
    fake.charge('-50.00', dayAgo(0), 'cash');
    assert.equal((await look()).isClean, false);
    assert.ok(state().safeMode.length > 0);
  } finally {
    await close();
  }
});

test('AL-01 fees are read page by page, those of older days and canceled ones left out', async () => {
  const { broker, close, fake } = await setUp();
  try {
    for (let count = 0; count < 130; count += 1) fake.charge('-0.01', dayAgo(1));
    fake.charge('-9.00', dayAgo(30));
    fake.charge('-8.00', dayAgo(1));
    fake.charges.at(-1)!['status'] = 'canceled';
    const found = (await broker.charges?.(Date.now() - 10 * DAY_MS)) ?? [];
    assert.equal(found.length, 130);
    assert.equal(new Set(found.map((one) => one.chargeId)).size, 130);
    assert.ok(found.every((one) => one.amountMinor === -1));
  } finally {
    await close();
  }
});

for (const [field, value, words] of [
  ['net_amount', -20.6, /0\.net_amount: found -20\.6, expected a number in a string/],
  ['net_amount', undefined, /0\.net_amount: found nothing/],
  ['activity_type', 'MYSTERY', /0\.activity_type: found "MYSTERY", expected one of FEE, INT/],
  ['date', 'yesterday', /0\.date: found "yesterday", expected a day/],
  ['id', '', /0\.id: found ""/],
] as const)
  test(`AL-01 ID-09 a fee with ${field} ${value} fails the question and is named`, async () => {
    const row = { id: '1', activity_type: 'FEE', date: '2026-11-20', net_amount: '-1.00' };
    const text = JSON.stringify([{ ...row, [field]: value }]);
    const { broker } = brokerOn('http://127.0.0.1:1', {
      fetch: async () => new Response(text, { status: 200 }),
    });
    const error = await broker.charges?.(0).catch((failure: unknown) => failure);
    assert.ok(error instanceof BrokerError);
    assert.match(error.message, words);
  });
