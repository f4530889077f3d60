import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import type { Message } from '#core/engine/message.ts';
import type { LockCause, SafeModeCause } from '#core/engine/state.ts';
import { catalogueOf, renderMessage } from '#shell/chat/render.ts';
import { ny } from '#test/support/builders.ts';
import { SAMPLES } from '#test/support/chat-samples.ts';

/*
 * Everything that stops the desk by itself, as the specification lists it: centaur.md "SAFE_MODE" and "Dead
 * man", intraday.md "Locks" and "Breakers". Each is told with its cause and what a person can do.
 */

const SAFE_MODE: Readonly<Record<SafeModeCause, string>> = {
  heartbeat_lost: 'connection heartbeat older than 15 s',
  bar_overdue: 'a bar 20 s past its due instant',
  quotes_stale: 'quotes older than 30 s with something open, while the reference moves',
  data_denied: 'the source refuses prices that were asked for',
  order_unconfirmed: 'an order unconfirmed for 10 s',
  position_mismatch: 'broker positions differ from the book',
  day_loss: 'day loss',
  risk_not_computable: 'a risk figure that cannot be computed',
  operator: '/safe on',
  internal_error: 'a bug that was caught',
};
const LOCKS: Readonly<Record<LockCause, string>> = {
  day_loss_limit: 'day loss at or below -1.5 unit R',
  trades_per_day: 'trades per day',
  consecutive_losses: '2 consecutive losses',
  abnormal_range: 'range > 5 x ATR and volume > 10 x usual',
  slippage: 'slippage > 3 x its estimate twice in a day',
  halt: 'a halt voids tickets, no entry for 5 min after',
};
const DEAD_MAN = ['no_channel', 'alarm_unanswered'] as const;
const LANGUAGES = ['en', 'zh'] as const;
const NOW = ny('10:07');
const OPERATING = readFileSync(new URL('../../../docs/operating.md', import.meta.url), 'utf8');
const textOf = (message: object, language: 'en' | 'zh') =>
  renderMessage(message as Message, language, { now: NOW }).lines.join('\n');

suite('every trigger that stops the desk', () => {
  test('ID-07 no cause or lock stands in a catalogue that the table does not have', () => {
    for (const language of LANGUAGES) {
      const { safeModeCauses, safeModeCures, lockCauses, lockCures } = catalogueOf(language);
      for (const words of [safeModeCauses, safeModeCures])
        assert.deepEqual(Object.keys(words).sort(), Object.keys(SAFE_MODE).sort());
      for (const words of [lockCauses, lockCures])
        assert.deepEqual(Object.keys(words).sort(), Object.keys(LOCKS).sort());
    }
  });

  for (const language of LANGUAGES) {
    const words = catalogueOf(language);
    for (const cause of Object.keys(SAFE_MODE) as SafeModeCause[])
      test(`ID-07 SAFE_MODE by ${cause} tells cause and cure in ${language}, and how it ends`, () => {
        const entry = { ...SAMPLES.safe_mode_on.causes[0], cause };
        const text = textOf({ ...SAMPLES.safe_mode_on, causes: [entry] }, language);
        assert.ok(text.includes(words.safeModeCauses[cause]) && words.safeModeCauses[cause] !== '');
        assert.ok(text.includes(`→ ${words.safeModeCures[cause]}`));
        assert.match(text, /\/safe off/);
      });
    for (const cause of Object.keys(LOCKS) as LockCause[])
      test(`ID-07 the lock ${cause} tells cause, cure, its end and who may lift it in ${language}`, () => {
        for (const isFirm of [true, false]) {
          const lock = { ...SAMPLES.lock_on.lock, cause, isFirm };
          const text = textOf({ ...SAMPLES.lock_on, lock }, language);
          assert.ok(text.includes(words.lockCauses[cause]));
          assert.ok(text.includes(`→ ${words.lockCures[cause]}`));
          assert.match(text, /16:00/);
          assert.match(
            text,
            isFirm ? /not lifted by chat today|当日不能用聊天解除/ : /\/unlock l1/,
          );
        }
      });
    for (const why of DEAD_MAN)
      test(`CX-16 an operator who is not there (${why}) is told with the way back in ${language}`, () => {
        const text = textOf(
          { ...SAMPLES.operator_gone, why, subject: 'kill_incomplete' },
          language,
        );
        assert.match(text, /ALLOW|允许开仓/);
        if (why === 'alarm_unanswered') assert.match(text, /\/ack/);
      });
  }

  test('CX-01 what rings again is named in words, not by its code', () => {
    const kinds = [
      ...['done_with_position', 'exit_failed', 'kill_incomplete', 'kill_stage1', 'manual_todo'],
      ...['order_unknown', 'position_unprotected', 'recon_blocked'],
    ];
    for (const language of LANGUAGES)
      for (const kind of kinds) {
        const again = textOf({ ...SAMPLES.alarm_repeat, of: kind, figures: {} }, language);
        const gone = { ...SAMPLES.operator_gone, why: 'alarm_unanswered', subject: `${kind}:X-1` };
        for (const text of [again, textOf(gone, language)]) {
          assert.ok(!text.includes(kind), text);
          assert.ok(!text.includes('undefined'), text);
        }
      }
    const words = (subject: string) =>
      textOf({ ...SAMPLES.operator_gone, why: 'alarm_unanswered', subject }, 'en').split('\n')[0];
    assert.match(words('kill_stage1:us-vwap') ?? '', /^⏸ No entries: kill waits for an answer/);
    assert.match(
      words('order_unknown:X-1') ?? '',
      /: an order whose outcome is unknown \(X-1\) waits/,
    );
  });

  test('ID-07 docs/operating.md explains each of them by the name the chat gives it', () => {
    const { safeModeCauses, lockCauses } = catalogueOf('en');
    const rows = OPERATING.split('\n').filter((line) => line.startsWith('| '));
    for (const name of [...Object.values(safeModeCauses), ...Object.values(lockCauses)])
      assert.ok(
        rows.some((row) => row.startsWith(`| ${name} |`)),
        name,
      );
  });
});
