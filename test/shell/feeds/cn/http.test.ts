import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { FeedError } from '#app/errors.ts';
import type { FetchNote } from '#core/quality/note.ts';
import { at } from '#test/support/cn.ts';
import { gbk } from '#test/support/cn-feeds/gbk.ts';
import type { FakeSource } from '#test/support/cn-feeds/server.ts';
import { httpOf, startFakeSource } from '#test/support/cn-feeds/server.ts';

let fake: FakeSource;
before(async () => {
  fake = await startFakeSource(() => ({ body: '{"ok":1}' }));
});
after(() => fake.close());
beforeEach(() => {
  fake.disturb(null);
  fake.requests.length = 0;
});

const NOW = at('10:00');

function callOf(told: FetchNote[] = [], signal = AbortSignal.timeout(5_000)) {
  return { signal, now: () => NOW, tell: (note: FetchNote) => told.push(note) };
}

async function failure(work: Promise<unknown>): Promise<FeedError> {
  const error = await work.then(
    () => null,
    (found: unknown) => found,
  );
  assert.ok(error instanceof FeedError, String(error));
  return error;
}

test('DH-03 a source that may be asked so often a day is not asked once more, until midnight', async () => {
  const { http } = httpOf('test', () => NOW, { perDay: 5, sentToday: async () => 4 });
  const request = { endpoint: 'a', url: fake.url };
  await http.text(request, callOf());
  const error = await failure(http.text(request, callOf()));
  assert.equal(error.code, 'budget_used');
  assert.equal(error.context['retryAfterMs'], at('00:00', '2026-11-20') - NOW);
  assert.equal(fake.requests.length, 1);
});

test('DH-03 an endpoint beyond its budget of a minute waits and is given up with its call', async () => {
  const { http } = httpOf('test', () => NOW, { endpoints: { a: { perMinute: 2, atOnce: 2 } } });
  const request = { endpoint: 'a', url: fake.url };
  await http.text(request, callOf());
  await http.text(request, callOf());
  const error = await failure(http.text(request, callOf([], AbortSignal.timeout(60))));
  assert.ok(error.code === 'timeout' || error.code === 'canceled', error.code);
  assert.equal(fake.requests.length, 2);
  await http.text({ ...request, endpoint: 'b' }, callOf());
  assert.equal(fake.requests.length, 3);
});

test('DH-01 what is kept is the answer in characters, whatever its bytes were', async () => {
  const { http, kept } = httpOf('test', () => NOW);
  fake.disturb(() => ({ body: gbk('v="贵州茅台"') }));
  const text = await http.text({ endpoint: 'a', url: fake.url, encoding: 'gb18030' }, callOf());
  assert.equal(text, 'v="贵州茅台"');
  assert.deepEqual(kept, [{ source: 'test:a', url: fake.url, payload: 'v="贵州茅台"', at: NOW }]);
});

test('DH-01 a token is in nothing that is kept, read or said', async () => {
  const { http, kept } = httpOf('test', () => NOW, { secrets: ['s3cret'] });
  fake.disturb(() => ({ body: '{"echo":"s3cret"}' }));
  const request = {
    endpoint: 'a',
    url: `${fake.url}/x?token=s3cret`,
    method: 'POST' as const,
    body: '{"token":"s3cret"}',
  };
  const text = await http.text(request, callOf());
  fake.disturb(() => ({ status: 404, body: 's3cret' }));
  const error = await failure(http.text(request, callOf()));
  const seen = JSON.stringify([text, kept, error.message, error.context]);
  assert.equal(seen.includes('s3cret'), false);
  assert.equal(fake.requests[0]?.body, '{"token":"s3cret"}');
});

test('DH-01 an answer that cannot be kept is used and says so', async () => {
  const { http } = httpOf('test', () => NOW, {
    keepRaw: async () => {
      throw new Error('no store');
    },
  });
  const told: FetchNote[] = [];
  assert.equal(await http.text({ endpoint: 'a', url: fake.url }, callOf(told)), '{"ok":1}');
  assert.deepEqual(
    told.map(({ code }) => code),
    ['raw_not_kept'],
  );
});

test('DH-03 an answer larger than it may be is cut off', async () => {
  const { http } = httpOf('test', () => NOW);
  fake.disturb(() => ({ body: 'x'.repeat(5_000) }));
  const error = await failure(
    http.text({ endpoint: 'a', url: fake.url, maxBytes: 1_000 }, callOf()),
  );
  assert.equal(error.code, 'too_large');
});

test('DH-03 a redirect is not followed: it leads to a page that blocks', async () => {
  const { http } = httpOf('test', () => NOW);
  fake.disturb(() => ({ status: 302, headers: { location: '/captcha' }, body: '' }));
  const error = await failure(http.text({ endpoint: 'a', url: fake.url }, callOf()));
  assert.equal(error.code, 'refused');
  assert.equal(fake.requests.length, 1);
});

test('DH-03 a server that is not there is a failure of the network', async () => {
  const { http } = httpOf('test', () => NOW);
  const error = await failure(http.text({ endpoint: 'a', url: 'http://127.0.0.1:1' }, callOf()));
  assert.equal(error.code, 'network');
});
