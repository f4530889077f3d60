/**
 * Longest text of one message, in UTF-16 units after any mark-up is read. Telegram's limit, kept on every
 * channel. Source: the chat contract, "Telegram limits".
 */
export const LONGEST_TEXT = 4096;
