import type { Agent } from 'node:http';

/** A file of a call's payload. */
export class BotFile {
  readonly name: string;
  readonly content: Uint8Array;

  constructor(name: string, content: Uint8Array) {
    this.name = name;
    this.content = content;
  }
}

/** The Bot API said no, in its words. */
export class BotApiError extends Error {
  readonly status: number;
  readonly description: string;
  /** Seconds to wait; null: it did not say. */
  readonly retryAfter: number | null;

  constructor(status: number, description: string, retryAfter: number | null) {
    super(`${status}: ${description}`);
    this.status = status;
    this.description = description;
    this.retryAfter = retryAfter;
  }
}

/**
 * Calls of the Bot API by some library. `call` throws BotApiError for a refusal and anything else where no answer
 * came; what it throws may hold the token.
 */
export type BotApi = {
  call(
    method: string,
    payload: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<unknown>;
};

export type BotApiOptions = {
  readonly token: string;
  readonly apiRoot?: string;
  readonly agent: Agent;
  readonly timeoutSeconds: number;
};
