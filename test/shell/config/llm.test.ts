import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readWhyInWords } from '#shell/config/llm.ts';

const PROJECT = join(import.meta.dirname, '..', '..', '..');
const SHIPPED = readFileSync(join(PROJECT, 'config', 'llm.yaml'), 'utf8');
const root = mkdtempSync(join(tmpdir(), 'centaur-llm-'));
mkdirSync(join(root, 'config'));
after(() => rmSync(root, { recursive: true, force: true }));

const withFile = (text: string) => writeFileSync(join(root, 'config', 'llm.yaml'), text);

test('CX-15 as shipped no model is asked, whatever keys are set', () => {
  assert.equal(readWhyInWords(PROJECT, { LLM_API_KEY: 'sk-x' }), null);
});

test('CX-15 switched on it needs a key, and takes the endpoint’s own fields as they stand', () => {
  withFile(SHIPPED.replace('isEnabled: false', 'isEnabled: true'));
  assert.throws(
    () => readWhyInWords(root, {}),
    /^ConfigError: LLM_API_KEY: found nothing, expected the key/,
  );
  const found = readWhyInWords(root, { LLM_API_KEY: ' sk-x ' });
  assert.equal(found?.key, 'sk-x');
  assert.deepEqual(found?.settings.body, { thinking: { type: 'disabled' } });
  assert.equal(found?.settings.mostPerDay, 50);
});

test('CX-15 a setting that makes no sense is refused in one line', () => {
  for (const [from, to, said] of [
    ['https://api.deepseek.com', 'api.deepseek.com', /why\.baseUrl/],
    ['maxTokens: 800', 'maxTokens: none', /why\.maxTokens/],
    ['mostPerDay', 'mostPerHour', /mostPer/],
  ] as const) {
    withFile(SHIPPED.replace(from, to));
    assert.throws(() => readWhyInWords(root, {}), said);
  }
});
