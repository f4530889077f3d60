import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toStored } from '#app/event-form.ts';
import type { StoredEvent } from '#app/ports.ts';
import { explainDecision } from '#app/read-book.ts';
import type { Event } from '#core/engine/event.ts';
import type { Input } from '#core/engine/input.ts';
import { newDesk, step } from '../support/engine.ts';
import { pulseMarket } from '../support/pulse-market.ts';
import {
  checkpointInput,
  minuteInput,
  PULSE_MORNING,
  pulsePolicyOf,
} from '../support/pulse-steps.ts';
import { CONTEXT } from '../support/store-rows.ts';

/** The log of a day on which the gate passed at 10:00 and tickets followed in that minute. */
function logOfDay(): StoredEvent[] {
  let desk = newDesk(pulsePolicyOf());
  const stored: StoredEvent[] = [];
  const take = (input: Input) => {
    const done = step(desk, input);
    desk = done.desk;
    for (const event of done.events as readonly Event[]) {
      const version = stored.length + 1;
      const place = { stream: 's', seq: version, version, schemaVersion: 1, recordedAt: 0 };
      stored.push({ ...CONTEXT, ...place, occurredAt: input.at, ...toStored(event) });
    }
  };
  for (const input of PULSE_MORNING) take(input);
  take(checkpointInput(desk, pulseMarket(), '10:00'));
  take(minuteInput(desk, pulseMarket(), '10:00'));
  return stored;
}

test('SP-11 a checkpoint is explained by its record and what followed from it in its step', () => {
  const stored = logOfDay();
  const types = explainDecision(stored, '2026-11-18.10:00').map(({ type }) => type);
  assert.equal(types[0], 'checkpoint_recorded');
  assert.ok(types.includes('stance_changed') && types.includes('verdict_declared'));
  assert.ok(!types.includes('ticket_opened'));
  assert.deepEqual(explainDecision(stored, '2026-11-18.14:00'), []);
});

test('SP-11 a ticket is explained from the checkpoint that chose its name on', () => {
  const stored = logOfDay();
  const opened = stored.find(({ type }) => type === 'ticket_opened');
  assert.ok(opened !== undefined);
  const { ticket } = opened.data as { ticket: { code: string } };
  const types = explainDecision(stored, ticket.code).map(({ type }) => type);
  assert.deepEqual(types.slice(0, 2), ['checkpoint_recorded', 'ticket_opened']);
});
