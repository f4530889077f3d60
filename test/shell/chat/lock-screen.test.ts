import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Message } from '#core/engine/message.ts';
import { symbolOf } from '#core/market/instrument.ts';
import { renderMessage } from '#shell/chat/render.ts';
import { SAMPLES } from '#test/support/chat-samples.ts';
import { ny } from '../../support/builders.ts';

const LANGUAGES = ['en', 'zh'] as const;
const NOW = ny('10:08');
/** What a lock screen shows of a message. Source: the chat contract, "Card layout". */
const LOCK_SCREEN = 60;
/** What a group's robot of WeCom takes in one message: 4,096 bytes. */
const CHINESE_OF_WECOM = 1365;

const heads = (message: Message, language: 'en' | 'zh'): string =>
  [...(renderMessage(message, language, { now: NOW }).lines[0] ?? '')]
    .slice(0, LOCK_SCREEN)
    .join('');

/** The symbol a message is about; null: the desk as such. */
function subjectOf(message: Message): string | null {
  if ('instrument' in message) return symbolOf(message.instrument);
  if ('ticket' in message && message.ticket !== null) return symbolOf(message.ticket.instrument);
  if ('order' in message) return symbolOf(message.order.instrument);
  return null;
}

test('CX-14 what a lock screen shows names the symbol a message is about, in both languages', () => {
  for (const message of Object.values<Message>(SAMPLES)) {
    const subject = subjectOf(message);
    for (const language of LANGUAGES) {
      const head = heads(message, language);
      assert.ok(head.length > 0, message.kind);
      if (subject !== null) assert.ok(head.includes(subject), `${message.kind}: ${head}`);
    }
  }
});

test('CX-14 what a lock screen shows tells each kind of message from every other', () => {
  for (const language of LANGUAGES) {
    const seen = new Map<string, string>();
    for (const message of Object.values<Message>(SAMPLES)) {
      // figures and names apart: words alone must do
      const words = heads(message, language).replace(/[\d.,:$¥%−+–-]+/g, '#');
      const other = seen.get(words);
      assert.equal(other, undefined, `${message.kind} and ${other} both show "${words}"`);
      seen.set(words, message.kind);
    }
  }
});

test('CX-14 every message of a usual day fits one message of WeCom in Chinese', () => {
  for (const message of Object.values<Message>(SAMPLES)) {
    const text = renderMessage(message, 'zh', { now: NOW }).lines.join('\n');
    assert.ok(Buffer.byteLength(text) <= 4096, `${message.kind}: ${Buffer.byteLength(text)} bytes`);
    assert.ok([...text].length <= CHINESE_OF_WECOM, message.kind);
  }
});
