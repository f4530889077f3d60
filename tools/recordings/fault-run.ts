import { createAnnouncer } from '#app/announce.ts';
import { inOrder } from '#app/fan-out.ts';
import type { Access, OutboxRow } from '#app/ports.ts';
import type { Speaker } from '#app/reply-rows.ts';
import type { Input } from '#core/engine/input.ts';
import type { Notice } from '#core/replies/notice.ts';
import { renderMessage, renderNotice } from '#shell/chat/render.ts';
import {
  AAPL,
  bar,
  bars,
  kill,
  ny,
  policyOf,
  ready,
  resume,
  signalBar,
  stop,
  tick,
} from '../../test/support/builders.ts';
import { deliveryWorld } from '../../test/support/delivery.ts';
import { newDesk } from '../../test/support/engine.ts';
import { createFakeDesk } from '../../test/support/fake-desk.ts';

const PLACE = { zone: 'America/New_York', currency: 'USD' };
const CHATS = [
  { channel: 'telegram', chatId: '1', person: 'li' },
  { channel: 'wecom', chatId: 'li', person: 'li' },
];
const ORDER = ['telegram', 'wecom'];
const LONGEST = 100;

function wallTime(at: number): string {
  return Temporal.Instant.fromEpochMilliseconds(at)
    .toZonedDateTimeISO(PLACE.zone)
    .toPlainTime()
    .toString({ smallestUnit: 'second' });
}

function cut(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`;
}

/** A desk that decides, what it says to one person on two channels, and the lines of both; the broker is left out. */
function openRun() {
  const lines: string[] = [];
  const note = (who: string, what: string): void => {
    lines.push(`${wallTime(world.clock.now())} ${who.padEnd(8)} ${cut(what)}`);
  };
  const options = () => ({ now: world.clock.now() });
  const degraded = (channel: string): Notice => ({
    kind: 'channel_degraded',
    channel,
    cause: null,
    since: world.clock.now(),
    zone: PLACE.zone,
  });
  const world = deliveryWorld({
    startAt: ny('09:58'),
    render: (message) => renderMessage(message, 'en', options()),
    onSeen: ({ channel, text, isEdit }) => note(channel, `${isEdit ? '(edited) ' : ''}${text}`),
    onDown: (channel) => void announce(degraded(channel), channel),
  });
  const handOver = (rows: readonly OutboxRow[]) => world.deliverer().handOver(rows);
  const speaker: Pick<Speaker, 'notice'> = {
    notice: (notice) => renderNotice(notice, 'en', PLACE, options()),
  };
  const access: Pick<Access, 'chats'> = { chats: () => CHATS };
  const { clock, store } = world;
  const common = { runId: 'live', clock, handOver };
  const announce = createAnnouncer({
    ...common,
    access: access as Access,
    outbox: store.outbox,
    speaker: speaker as Speaker,
    mirrors: [],
    isSpoken: () => true,
  });
  const desk = createFakeDesk({
    ...common,
    desk: newDesk(policyOf()),
    log: store.events,
    targets: () => inOrder(CHATS, ORDER),
  });
  /** Gives inputs, each at its instant, or now where that is past. */
  const give = async (inputs: readonly Input[]): Promise<void> => {
    for (const input of inputs) {
      await world.until(Math.max(clock.now(), input.at));
      await desk.submit({ ...input, at: clock.now() });
    }
  };
  const till = (wall: string): Promise<void> => world.until(ny(wall));
  return { lines, note, world, give, till };
}

/** An hour without Telegram, half of it without any channel, and a process that ends between a message and its mark. */
export async function faultRun(): Promise<readonly string[]> {
  const { lines, note, world, give, till } = openRun();
  const minute = (wall: string): Input[] => bars(wall, wall);
  await give(ready());
  await till('10:00:30');
  world.down.add('telegram');
  note('·', 'Telegram does not answer any more');
  await give([bar(ny('10:01'), { instrument: AAPL }), signalBar(ny('10:01'))]);
  await give([...minute('10:02'), ...minute('10:03'), stop(ny('10:03:20'))]);
  note('·', 'STOP, then a kill');
  await give([kill(ny('10:04'))]);
  await till('10:30');
  world.down.add('wecom');
  note('·', 'WeCom does not answer either: nobody can be reached');
  await give([tick(ny('10:31'))]);
  await till('11:00:30');
  note('·', 'Telegram is back, an hour after it went');
  world.down.delete('telegram');
  await till('11:30');
  note('·', 'WeCom is back');
  world.down.delete('wecom');
  await till('11:45');
  note('·', 'the process ends between a message and its mark, and starts again');
  const died = world.killAt('sent', 1);
  await give([resume(ny('11:45'))]);
  await died;
  await world.restart();
  await till('11:50');
  const rows = await world.store.outbox.ofRun('live');
  const count = (state: string): number => rows.filter((row) => row.state === state).length;
  note('·', `${rows.length} rows: ${count('delivered')} delivered, ${count('dropped')} dropped`);
  note('·', 'dropped is what was said on the other channel, replaced by a newer edit, or dead');
  return lines;
}
