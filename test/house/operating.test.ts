import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { SAMPLES } from '../support/chat-samples.ts';

test('docs/operating.md says of every message what to do about it', () => {
  const text = readFileSync(new URL('../../docs/operating.md', import.meta.url), 'utf8');
  const missing = Object.keys(SAMPLES).filter((kind) => !text.includes(`\`${kind}\``));
  assert.deepEqual(missing, []);
});
