import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pictures } from '#app/ports.ts';
import { createSessionTape } from '#app/session-tape.ts';
import type { IntradayPicture, Picture } from '#core/pictures/picture.ts';
import { bar, ny, policyOf, signalBar, withPosition, withTicket } from '../support/builders.ts';
import { chatHarness } from '../support/chat-harness.ts';
import { eventually } from '../support/eventually.ts';

const PNG = Buffer.from('89504e470d0a1a0a', 'hex');

function drawing(answer: Uint8Array | null = PNG) {
  const drawn: { picture: Picture; language: string }[] = [];
  const pictures: Pictures = {
    draw: async (picture, language) => {
      drawn.push({ picture, language });
      return answer;
    },
    stop: async () => undefined,
  };
  return { drawn, pictures };
}

function dayIn([first]: readonly { readonly picture: Picture }[]): IntradayPicture {
  assert.equal(first?.picture.kind, 'intraday');
  return first?.picture as IntradayPicture;
}

async function chatting(inputs: ReturnType<typeof withTicket>, answer?: Uint8Array | null) {
  const tape = createSessionTape();
  for (const input of inputs) tape.note(input);
  const { drawn, pictures } = drawing(answer);
  const h = await chatHarness(inputs, { charts: { pictures, tapeOf: () => tape } });
  return { h, drawn };
}

test('CX-05 /chart of a ticket sends a photo that names it, with its levels', async () => {
  const { h, drawn } = await chatting(withTicket());
  const ticket = Object.values(h.desk.state().tickets)[0]!;
  await h.say(`/chart ${ticket.code}`);
  await eventually(() => h.channel.sent.some(({ file }) => file !== undefined));
  const sent = h.channel.sent.find(({ file }) => file !== undefined);
  assert.equal(sent?.file?.kind, 'photo');
  assert.equal(sent?.file?.mediaType, 'image/png');
  assert.deepEqual(Buffer.from(sent?.file?.content ?? []), PNG);
  assert.match(sent?.card.lines[0] ?? '', new RegExp(`QQQM · ${ticket.code}`));
  const picture = dayIn(drawn);
  assert.deepEqual(picture.levels, [
    { name: 'entry', price: ticket.entryLimit },
    { name: 'stop', price: ticket.stop },
    { name: 'target', price: ticket.firstTarget },
  ]);
  assert.equal(picture.code, ticket.code);
  assert.ok(picture.points.length > 0);
});

test('CX-05 a bare /chart shows what is held, with what was bought and its stop', async () => {
  const { h, drawn } = await chatting(withPosition());
  await h.say('图');
  await eventually(() => h.channel.sent.some(({ file }) => file !== undefined));
  const picture = dayIn(drawn);
  const held = Object.values(h.desk.state().positions)[0]!;
  assert.ok(picture.levels.some(({ name, price }) => name === 'stop' && price === held.stop));
  assert.ok(picture.fills.length > 0);
  assert.ok(picture.fills.every(({ side }) => side === 'buy'));
});

test('CX-05 /chart in Chinese is drawn in Chinese', async () => {
  const { h, drawn } = await chatting(withTicket());
  await h.say('/lang zh');
  await h.say('/chart qqqm');
  await eventually(() => drawn.length > 0);
  assert.equal(drawn[0]?.language, 'zh');
});

test('CX-05 a chart of nothing says so, and one that fails says so', async () => {
  const { h } = await chatting(withTicket());
  assert.match((await h.say('/chart MSFT'))[0]!, /^Nothing to draw of "MSFT"/);
  const failing = await chatting(withTicket(), null);
  await failing.h.say('/chart QQQM');
  await eventually(() =>
    failing.h.channel.sent.some(({ card }) => /could not be drawn/.test(card.lines[0] ?? '')),
  );
});

test('CX-05 where nothing is drawn /chart says so and nothing fails', async () => {
  const h = await chatHarness(withTicket());
  assert.match((await h.say('/chart'))[0]!, /^Nothing to draw/);
  assert.deepEqual(h.failures, []);
});

test('CX-05 what is said while a picture is drawn does not wait for it', async () => {
  const inputs = withTicket();
  const tape = createSessionTape();
  for (const input of inputs) tape.note(input);
  const gate = Promise.withResolvers<Uint8Array>();
  const pictures: Pictures = { draw: () => gate.promise, stop: async () => undefined };
  const h = await chatHarness(inputs, { charts: { pictures, tapeOf: () => tape } });
  const code = Object.values(h.desk.state().tickets)[0]!.code;
  await h.say('/chart');
  await h.say(`/skip ${code}`);
  assert.ok(h.desk.events.some(({ type }) => type === 'ticket_skipped'));
  assert.ok(h.channel.sent.every(({ file }) => file === undefined));
  gate.resolve(PNG);
  await eventually(() => h.channel.sent.some(({ file }) => file !== undefined));
});

test('the price that a bar gave is what is drawn, minute by minute', async () => {
  const inputs = [...withTicket(), bar(ny('10:02')), signalBar(ny('10:03'))];
  const { h, drawn } = await chatting(inputs);
  await h.say('/chart QQQM');
  await eventually(() => drawn.length > 0);
  const picture = dayIn(drawn);
  const points = picture.points.map(({ closedAt }) => closedAt);
  assert.deepEqual(points.slice(-2), [ny('10:02'), ny('10:03')]);
  assert.equal(picture.deskId, policyOf().deskId);
});
