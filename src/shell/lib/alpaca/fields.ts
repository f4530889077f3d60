import { z } from 'zod';
import { DECIMAL } from '#shell/lib/decimal.ts';

/** A number in a string, e.g. "305.59"; the text is kept, because money is read from it exactly. */
export const decimal = z
  .string({ error: 'a number in a string' })
  .regex(DECIMAL, 'a number in a string');

/** RFC 3339 with up to nanoseconds and any offset → epoch milliseconds. */
export const instant = z
  .string({ error: 'an instant like 2026-06-01T17:22:27.656826Z' })
  .transform((text, context) => {
    const at = Date.parse(text);
    if (/^\d{4}-\d{2}-\d{2}T/.test(text) && Number.isFinite(at)) return at;
    context.addIssue({ code: 'custom', message: 'an instant like 2026-06-01T17:22:27.656826Z' });
    return z.NEVER;
  });
