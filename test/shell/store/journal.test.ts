import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { StoreError } from '#app/errors.ts';
import { openJournal } from '#shell/store/journal.ts';
import { createMemoryStore } from '#shell/store/memory-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'centaur-journal-'));
let files = 0;

function freshFile(): string {
  return join(folder, `j${++files}`, 'journal.jsonl');
}

function entry(id: string) {
  return { id, at: 1_795_000_000_000, stream: 'desk.us', input: { kind: 'kill', by: 'operator' } };
}

after(() => rmSync(folder, { recursive: true, force: true }));

test('entries come back in order, once each, until they are marked as loaded', () => {
  const file = freshFile();
  const journal = openJournal(file);
  assert.deepEqual(journal.pending(), []);
  for (const id of ['a', 'b', 'a', 'c']) journal.append(entry(id));
  assert.deepEqual(openJournal(file).pending(), ['a', 'b', 'c'].map(entry));
  journal.markLoaded(['a', 'b']);
  journal.markLoaded([]);
  assert.deepEqual(openJournal(file).pending(), [entry('c')]);
  journal.append(entry('d'));
  assert.deepEqual(journal.pending(), ['c', 'd'].map(entry));
});

test('a file cut at any byte keeps every whole line and takes new entries', () => {
  const whole = freshFile();
  const given = ['a', 'b', 'c', 'd'].map(entry);
  for (const e of given) openJournal(whole).append(e);
  const bytes = readFileSync(whole);
  const file = freshFile();
  openJournal(file).append(entry('x'));
  fc.assert(
    fc.property(fc.integer({ min: 0, max: bytes.length }), (cut) => {
      writeFileSync(file, bytes);
      truncateSync(file, cut);
      const found = openJournal(file).pending();
      assert.deepEqual(found, given.slice(0, found.length));
      const written = given.filter((_, i) => lineEnd(bytes, i) <= cut).length;
      assert.ok(found.length === written || found.length === written + 1);
      openJournal(file).append(entry('new'));
      assert.deepEqual(openJournal(file).pending(), [...found, entry('new')]);
    }),
    { numRuns: 40 },
  );
});

/** Offset just after the newline that ends entry `i`; each is written between two newlines. */
function lineEnd(bytes: Buffer, i: number): number {
  let at = -1;
  for (let n = 0; n <= 2 * i + 1; n++) at = bytes.indexOf(10, at + 1);
  return at + 1;
}

test('a torn line followed by whole ones costs only itself', () => {
  const file = freshFile();
  openJournal(file).append(entry('a'));
  appendFileSync(file, '{"id":"torn","at":17');
  openJournal(file).append(entry('b'));
  assert.deepEqual(openJournal(file).pending(), ['a', 'b'].map(entry));
});

test('loading through the inbox is exactly once, also when it is interrupted', async () => {
  const journal = openJournal(freshFile());
  for (const id of ['a', 'b']) journal.append(entry(id));
  const { inbox } = createMemoryStore(() => 0);
  const load = () =>
    inbox.receive(
      journal.pending().map((e) => ({
        runId: 'r',
        channel: 'journal',
        updateId: e.id,
        body: e.input,
        receivedAt: e.at,
      })),
    );
  assert.equal((await load()).length, 2);
  assert.equal((await load()).length, 0);
  journal.markLoaded(['a', 'b']);
  assert.deepEqual(journal.pending(), []);
});

test('a journal that cannot be written says so', () => {
  const file = join(folder, 'file-in-the-way');
  writeFileSync(file, '');
  assert.throws(
    () => openJournal(join(file, 'journal.jsonl')).append(entry('a')),
    (error) => error instanceof StoreError && error.code === 'journal_failed',
  );
});
