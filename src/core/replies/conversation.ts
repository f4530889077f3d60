/** Longest age at which a message still counts as sent now. Milliseconds; the chat contract, "Late messages". */
export const LATE_AFTER_MS = 60_000;

/** How long a second confirmation may be answered. Milliseconds; the chat contract, "Second confirm". */
export const SECOND_CONFIRM_MS = 60_000;
