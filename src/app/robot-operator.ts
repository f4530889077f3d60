import type { Event } from '#core/engine/event.ts';
import { createRandom } from '#core/lib/random.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Actor, DeskAct } from '#core/replies/act.ts';
import type { Desk } from './desk.ts';
import type { Activity, Clock } from './ports.ts';

/** How a rule answers tickets in place of a person. */
export type RobotRule = 'confirm' | 'skip' | 'silent' | 'random';

/** Simulated seconds between the delivery of a ticket and the rule's answer. Source: cli.md. */
const ANSWER_AFTER_MS = 5_000;
const QUOTE_WAIT_MS = 1_000;

/**
 * Lets a rule answer in place of a person, on simulated accounts only: ALLOW as soon as a session is
 * planned, a SAFE_MODE of the day before released, alarms seen, then each ticket 5 s after its delivery. `random` draws confirm, half, skip or nothing from
 * the seed. It acts through the same inputs as a person, with its own name.
 */
export function attachRobot(
  desk: Desk,
  rule: RobotRule,
  seed: number,
  clock: Clock,
  activity: Activity,
): void {
  const actor: Actor = {
    id: `robot:${rule}`,
    name: `rule ${rule}`,
    role: 'owner',
    channel: 'robot',
    chatId: 'robot',
  };
  const random = createRandom(`robot/${seed}`);
  const act = async (what: DeskAct, instrument: InstrumentId | null): Promise<void> => {
    const quote =
      instrument === null
        ? null
        : await desk.fetchQuote(instrument, QUOTE_WAIT_MS).catch(() => null);
    desk.post({
      kind: 'operator_acted',
      at: clock.now(),
      act: what,
      actor,
      sentAt: clock.now(),
      quote,
      isConfirmed: true,
    });
  };
  const answerOf = (code: string): DeskAct | null => {
    const choice =
      rule === 'random'
        ? (['confirm', 'half', 'skip', 'silent'] as const)[Math.floor(random.uniform() * 4)]
        : rule;
    if (choice === 'confirm')
      return { act: 'confirm', code, version: null, quantity: null, price: null };
    if (choice === 'half') return { act: 'half', code, version: null };
    if (choice === 'skip') return { act: 'skip', code, reason: null };
    return null;
  };
  const beginDay = async (): Promise<void> => {
    await act({ act: 'allow', scope: null, until: null }, null);
    if (rule !== 'silent' && desk.state().safeMode.length > 0)
      await act({ act: 'safe', on: false }, null);
  };
  const onEvent = (event: Event): void => {
    if (event.type === 'session_planned') void activity.track(beginDay);
    if (event.type === 'checkpoint_recorded' && rule !== 'silent' && rule !== 'skip') {
      // a dormant desk that may wake up is resumed, as a person would who was told so
      const { restart } = event.record;
      if (restart !== null && restart.objections.length === 0)
        void activity.track(() =>
          act({ act: 'resume', scope: null, reason: 'restart is due' }, null),
        );
    }
    if (event.type === 'alarm_raised' && rule !== 'silent') {
      const { id } = event.alarm;
      clock.at(clock.now() + ANSWER_AFTER_MS, () => {
        void activity.track(() => act({ act: 'ack', id }, null));
      });
    }
    if (event.type !== 'ticket_delivered') return;
    const ticket = desk.state().tickets[event.ticketId];
    const answer = ticket === undefined || ticket.isAdvice ? null : answerOf(ticket.code);
    if (ticket === undefined || answer === null) return;
    clock.at(clock.now() + ANSWER_AFTER_MS, () => {
      void activity.track(() => act(answer, ticket.instrument));
    });
  };
  desk.onEvents((events) => {
    for (const event of events) onEvent(event);
  });
}
