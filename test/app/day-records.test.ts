import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dayRecordSource, recordDay } from '#app/day-records.ts';
import { streamOf } from '#app/event-form.ts';
import { runContext } from '#app/run-registry.ts';
import { createSessionTape } from '#app/session-tape.ts';
import { createDayTeller } from '#app/tell-day.ts';
import type { Input } from '#core/engine/input.ts';
import type { DayRecord } from '#core/reports/day-record.ts';
import { bar, closed, DAY, ny, skip, withPosition, withTicket } from '../support/builders.ts';
import { chatHarness } from '../support/chat-harness.ts';

const CLOSE = closed(ny('16:20'));

/** The desk after the inputs and its close, with the events of the close. */
async function dayOf(inputs: readonly Input[], more: readonly Input[] = []) {
  const tape = createSessionTape();
  const h = await chatHarness(inputs);
  for (const input of inputs) tape.note(input);
  for (const input of more) {
    tape.note(input);
    await h.desk.submit(input);
  }
  const { events } = await h.desk.submit(CLOSE);
  const deps = {
    runId: 'live',
    events: h.store.events,
    context: (at: number) => runContext('c', 'v', 'live', at),
    tapeOf: () => tape,
  };
  return { h, events, deps };
}

const falling = (): Input[] =>
  Array.from({ length: 20 }, (_, place) => {
    const input = bar(ny('10:02') + place * 60_000) as Extract<Input, { kind: 'bar_evaluated' }>;
    const price = 100 - place * 0.2;
    const { evaluation } = input;
    const moved = {
      ...evaluation.bar,
      open: price,
      high: price,
      low: price - 0.2,
      close: price - 0.2,
    };
    return { ...input, evaluation: { ...evaluation, bar: moved } };
  });

test('CX-13 a skipped ticket is recorded with what it would have made', async () => {
  const { h, events, deps } = await dayOf(withTicket(), [skip(ny('10:01:30')), ...falling()]);
  const record = (await recordDay(h.desk, events, deps)) as DayRecord;
  assert.equal(record.tradingDay, DAY);
  const [proposal] = record.proposals;
  assert.equal(proposal?.answer, 'skipped');
  assert.equal(proposal?.isShadow, true);
  const ticket = Object.values(h.desk.state().tickets)[0]!;
  // it fell through its stop
  assert.ok(
    Math.abs((proposal?.resultR ?? 0) - (-1 - ticket.costR)) < 0.35,
    `${proposal?.resultR}`,
  );
  assert.deepEqual(await dayRecordSource('live', h.store.events).days('us-vwap', DAY, DAY), [
    JSON.parse(JSON.stringify(record)),
  ]);
});

test('CX-13 a confirmed ticket is recorded with what its trade made', async () => {
  const { h, events, deps } = await dayOf(withPosition());
  const record = (await recordDay(h.desk, events, deps)) as DayRecord;
  const trade = h.desk.state().day?.trades[0];
  assert.equal(record.proposals[0]?.answer, 'confirmed');
  assert.equal(record.proposals[0]?.resultR, trade?.resultR ?? null);
  assert.equal(record.trades.length, h.desk.state().day?.trades.length);
});

test('CX-12 a day without a ticket is recorded too, and told again it counts as told last', async () => {
  const { h, events, deps } = await dayOf(withTicket().slice(0, 3));
  for (const _ of [1, 2]) assert.ok((await recordDay(h.desk, events, deps)) !== null);
  const days = await dayRecordSource('live', h.store.events).days(
    'us-vwap',
    '2026-01-01',
    '2026-12-31',
  );
  assert.equal(days.length, 1);
  assert.equal(days[0]?.proposals.length, 0);
  assert.equal(await recordDay(h.desk, [], deps), null);
});

test('CX-12 a closed day is told once, silently, and the week whose last session it was', async () => {
  const { h, events, deps } = await dayOf(withTicket());
  const handed: { kind: string; priority: number; dedupeKey: string }[] = [];
  const tell = createDayTeller({
    ...deps,
    clock: h.clock,
    access: h.access,
    files: h.store.files,
    outbox: h.store.outbox,
    speaker: { answer: () => ({ lines: ['told'], buttons: [] }) } as never,
    pictures: { draw: async () => null, stop: async () => undefined },
    handOver: (rows) => handed.push(...rows),
    calendars: { calendarOf: () => null, eventsOf: () => null },
    targets: () => [{ channel: 'fake', chatId: '1' }],
    pictureTargets: () => [],
    onTrouble: (place, error) => assert.fail(`${place}: ${String(error)}`),
  });
  await tell(h.desk, events);
  // without a calendar no later session of the week or month is known
  assert.deepEqual(
    handed.map(({ kind, priority }) => [kind, priority]),
    [
      ['daily_score', 2],
      ['weekly_report', 2],
      ['monthly_report', 2],
    ],
  );
  await tell(h.desk, events);
  assert.equal(new Set(handed.map(({ dedupeKey }) => dedupeKey)).size, 3);
});

test('CX-13 /score and /report week speak of recorded days, and say so when there is none', async () => {
  const none = await chatHarness(withTicket());
  assert.match((await none.say('/score'))[0]!, /^No day is recorded/);
  assert.match((await none.say('/report week'))[0]!, /^No day is recorded/);
  const { h, events, deps } = await dayOf(withTicket(), [skip(ny('10:01:30')), ...falling()]);
  await recordDay(h.desk, events, deps);
  assert.match((await h.say('/score 30'))[0]!, /^▤ Score · us-vwap/);
  assert.match(h.channel.sent.at(-1)?.card.lines.join('\n') ?? '', /skipped 1 \(saved 1\./);
  assert.match((await h.say('/report week'))[0]!, /^▤ Week 2026-11-16 – 2026-11-22 · us-vwap/);
});

test('CX-12 rules that were met or set aside on the day are counted, those of another day are not', async () => {
  const { h, events, deps } = await dayOf(withTicket());
  const stream = streamOf('live', 'us-vwap');
  const told = [
    { type: 'lock_set', data: {} },
    { type: 'lock_released', data: { by: 'Li' } },
    { type: 'lock_released', data: {} },
    { type: 'replace_requested', data: { why: 'widened by the operator' } },
    { type: 'replace_requested', data: { why: 'trail' } },
  ];
  for (const [place, tradingDay] of [DAY, '2026-11-19'].entries())
    await h.store.events.append({
      stream,
      expectedVersion: place * told.length,
      context: { ...runContext('c', 'v', 'live', 0), tradingDay },
      events: told,
      outbox: [],
    });
  assert.deepEqual((await recordDay(h.desk, events, deps))?.breaks, [
    { kind: 'stop_widened', count: 1 },
    { kind: 'lock_lifted', count: 1 },
    { kind: 'limit_reached', count: 1 },
  ]);
});
