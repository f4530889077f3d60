import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { Secret, TOTP } from 'otpauth';
import { createOneTimeCodes, newTotpSecret } from '#shell/chat/one-time-codes.ts';

const folder = mkdtempSync(join(tmpdir(), 'centaur-codes-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
const NOW = Date.UTC(2026, 10, 20, 15, 0, 5);
const STEP = 30_000;
const HOUR = 3_600_000;
let files = 0;

function freshFile(): string {
  files += 1;
  return join(folder, `codes-${files}.json`);
}

/** What the person's app shows at an instant. */
function shownAt(at: number, secret = SECRET): string {
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: at });
}

test('CX-09 the codes are those of RFC 6238', () => {
  // the RFC's own SHA-1 vectors, cut to six digits
  const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
  for (const [second, code] of [
    [59, '287082'],
    [1_111_111_109, '081804'],
    [20_000_000_000, '353130'],
  ] as const) {
    const codes = createOneTimeCodes(secret, freshFile());
    assert.deepEqual(codes.check(code, second * 1_000), { kind: 'right' });
  }
});

test('CX-09 a code counts once, also after a restart, and an older one no more', () => {
  const file = freshFile();
  const codes = createOneTimeCodes(SECRET, file);
  assert.deepEqual(codes.check(shownAt(NOW), NOW), { kind: 'right' });
  assert.deepEqual(codes.check(shownAt(NOW), NOW + 1_000), { kind: 'used' });
  const again = createOneTimeCodes(SECRET, file);
  assert.deepEqual(again.check(shownAt(NOW), NOW + 2_000), { kind: 'used' });
  assert.deepEqual(again.check(shownAt(NOW - STEP), NOW + 2_000), { kind: 'used' });
  assert.deepEqual(again.check(shownAt(NOW + STEP), NOW + 2_000), { kind: 'right' });
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(readFileSync(file, 'utf8').includes(SECRET), false);
});

test('CX-09 a step off on either side is borne, more is refused and tells by how much', () => {
  for (const steps of [-1, 0, 1])
    assert.deepEqual(
      createOneTimeCodes(SECRET, freshFile()).check(shownAt(NOW + steps * STEP), NOW),
      { kind: 'right' },
    );
  for (const steps of [-12, -2, 2, 12])
    assert.deepEqual(
      createOneTimeCodes(SECRET, freshFile()).check(shownAt(NOW + steps * STEP), NOW),
      { kind: 'clock_off', offMs: steps * STEP },
    );
});

test('CX-09 five bad codes end it for an hour, right ones included, and over restarts', () => {
  const file = freshFile();
  const codes = createOneTimeCodes(SECRET, file);
  const bad = ['000001', '000002', '000003', '000004', '000005'].filter(
    (code) => code !== shownAt(NOW),
  );
  assert.equal(bad.length, 5);
  const answers = bad.map((code) => codes.check(code, NOW));
  assert.deepEqual(answers.slice(0, 4), [
    { kind: 'wrong', triesLeft: 4 },
    { kind: 'wrong', triesLeft: 3 },
    { kind: 'wrong', triesLeft: 2 },
    { kind: 'wrong', triesLeft: 1 },
  ]);
  const banned = { kind: 'banned', untilAt: NOW + HOUR };
  assert.deepEqual(answers[4], banned);
  assert.deepEqual(codes.check(shownAt(NOW), NOW + 1_000), banned);
  const late = NOW + HOUR - 1;
  assert.deepEqual(createOneTimeCodes(SECRET, file).check(shownAt(late), late), banned);
  const free = NOW + HOUR;
  assert.deepEqual(createOneTimeCodes(SECRET, file).check(shownAt(free), free), { kind: 'right' });
});

test('CX-09 a right code forgives the bad ones before it', () => {
  const codes = createOneTimeCodes(SECRET, freshFile());
  for (let round = 0; round < 3; round += 1) {
    const at = NOW + round * 10 * STEP;
    for (let bad = 0; bad < 4; bad += 1) assert.notEqual(codes.check('999999', at).kind, 'banned');
    assert.deepEqual(codes.check(shownAt(at), at), { kind: 'right' });
  }
});

test('CX-09 a memory that cannot be read counts as a ban', () => {
  for (const content of ['', '{', '{"lastStep":"1"}', '[]']) {
    const file = freshFile();
    writeFileSync(file, content);
    const codes = createOneTimeCodes(SECRET, file);
    assert.deepEqual(codes.check(shownAt(NOW), NOW), { kind: 'banned', untilAt: NOW + HOUR });
  }
});

test('CX-09 whatever is typed, at most one answer of a step is right', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ isRight: fc.boolean(), laterMs: fc.nat({ max: 20_000 }) })),
      (tries) => {
        const codes = createOneTimeCodes(SECRET, freshFile());
        let at = NOW;
        const used = new Set<number>();
        for (const { isRight, laterMs } of tries) {
          at += laterMs;
          const answer = codes.check(isRight ? shownAt(at) : 'abcdef', at);
          if (answer.kind !== 'right') continue;
          assert.ok(isRight);
          const step = Math.floor(at / STEP);
          assert.ok(!used.has(step));
          used.add(step);
        }
      },
    ),
    { numRuns: 40 },
  );
});

test('CX-09 a fresh secret is of 160 bits and its address holds it for the app', () => {
  const { secret, uri } = newTotpSecret();
  assert.match(secret, /^[A-Z2-7]{32}$/);
  assert.notEqual(newTotpSecret().secret, secret);
  assert.match(uri, /^otpauth:\/\/totp\/Centaur:desk\?/);
  assert.ok(uri.includes(`secret=${secret}`));
});
