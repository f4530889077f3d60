import { readFileSync } from 'node:fs';
import { Secret, TOTP } from 'otpauth';
import { renderUnicodeCompact } from 'uqr';
import { sync as writeFileAtomic } from 'write-file-atomic';
import type { CodeAnswer, OneTimeCodes } from '#app/ports.ts';

const STEP_MS = 30_000;
/** A code of the step before or after counts, for a clock that is a little off. Source: RFC 6238, 5.2. */
const WINDOW = 1;
/** A code of a step further away is refused, and says by how much the clocks differ. */
const HINT_WINDOW = 20;
const BAD_TRIES = 5;
const BAN_MS = 60 * 60_000;

/** What must outlive a restart: no code counts twice, and no ban ends early. */
type Memory = { lastStep: number; bad: number; bannedUntil: number };

const NOTHING: Memory = { lastStep: 0, bad: 0, bannedUntil: 0 };

function totpOf(secret: string): TOTP {
  return new TOTP({ issuer: 'Centaur', label: 'desk', secret: Secret.fromBase32(secret) });
}

/** An unreadable memory counts as a ban: what was used before is not known any more. */
function remembered(file: string | null, now: number): Memory {
  if (file === null) return NOTHING;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return NOTHING;
    return { ...NOTHING, bannedUntil: now + BAN_MS };
  }
  try {
    const { lastStep, bad, bannedUntil } = JSON.parse(text) as Memory;
    const isSound = [lastStep, bad, bannedUntil].every(Number.isSafeInteger);
    if (isSound) return { lastStep, bad, bannedUntil };
  } catch {
    // torn or foreign
  }
  return { ...NOTHING, bannedUntil: now + BAN_MS };
}

/**
 * One-time codes (TOTP, 6 digits, 30 s, SHA-1 as the apps know it) over an enrolled secret. A code
 * counts once; five bad ones end it for an hour. `file` keeps both over restarts; null keeps nothing.
 */
export function createOneTimeCodes(secret: string, file: string | null): OneTimeCodes {
  const totp = totpOf(secret);
  let memory: Memory | null = null;
  const keep = (next: Memory): void => {
    if (file !== null) writeFileAtomic(file, `${JSON.stringify(next)}\n`, { mode: 0o600 });
    memory = next;
  };
  const refuse = (known: Memory, at: number, answer: CodeAnswer): CodeAnswer => {
    const bad = known.bad + 1;
    const isOver = bad >= BAD_TRIES;
    keep({ ...known, bad: isOver ? 0 : bad, bannedUntil: isOver ? at + BAN_MS : 0 });
    return isOver ? { kind: 'banned', untilAt: at + BAN_MS } : answer;
  };
  return {
    check(code, at) {
      memory ??= remembered(file, at);
      const known = memory;
      if (at < known.bannedUntil) return { kind: 'banned', untilAt: known.bannedUntil };
      const delta = totp.validate({ token: code, timestamp: at, window: WINDOW });
      if (delta === null) {
        const far = totp.validate({ token: code, timestamp: at, window: HINT_WINDOW });
        if (far !== null) return refuse(known, at, { kind: 'clock_off', offMs: far * STEP_MS });
        return refuse(known, at, { kind: 'wrong', triesLeft: BAD_TRIES - known.bad - 1 });
      }
      const step = totp.counter({ timestamp: at }) + delta;
      if (step <= known.lastStep) return { kind: 'used' };
      keep({ lastStep: step, bad: 0, bannedUntil: 0 });
      return { kind: 'right' };
    },
  };
}

/** A fresh secret, the address an authenticator app reads it from, and that as a picture of characters. All secret. */
export function newTotpSecret(): {
  readonly secret: string;
  readonly uri: string;
  readonly picture: string;
} {
  const secret = new Secret({ size: 20 }).base32;
  const uri = totpOf(secret).toString();
  return { secret, uri, picture: renderUnicodeCompact(uri) };
}
