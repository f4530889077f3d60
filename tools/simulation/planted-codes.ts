import { createOneTimeCodes } from '#shell/chat/one-time-codes.ts';
import { SECRET } from './device.ts';
import type { PlantedBug } from './planted-bug.ts';

/** Bugs of one-time codes. */
export const CODES: readonly PlantedBug[] = [
  {
    id: 'code_counts_again',
    sentence: 'a one-time code counts for a second act',
    plant: () => (parts) => ({
      ...parts,
      codes:
        parts.codes === null
          ? null
          : { check: (...asked) => createOneTimeCodes(SECRET, null).check(...asked) },
    }),
  },
  {
    id: 'any_code_counts',
    sentence: 'any six digits count as a one-time code',
    plant: () => (parts) => ({
      ...parts,
      codes: parts.codes === null ? null : { check: () => ({ kind: 'right' }) },
    }),
  },
];
