/** A message of the desk; the same id is the same message. */
export type Said = {
  readonly id: string;
  readonly chatId: string;
  readonly text: string;
  readonly file: {
    readonly name: string;
    readonly mediaType: string;
    readonly base64: string;
  } | null;
};

/** What a person wrote. */
export type Written = {
  readonly id: string;
  readonly chatId: string;
  readonly userId: string | null;
  readonly userName: string | null;
  readonly chatKind: 'private' | 'group';
  readonly text: string;
  readonly sentAt: number;
};

/** What became of a message: `failed` may be tried again, `refused` may not. */
export type Ack =
  | { readonly id: string; readonly outcome: 'sent' }
  | { readonly id: string; readonly outcome: 'failed' | 'refused'; readonly cause: string };

/** How much may still be sent to a chat; null: not counted. */
export type Window = {
  readonly chatId: string;
  readonly left: number | null;
  readonly closesAt: number | null;
};

export type Standing = { readonly isLoggedIn: boolean; readonly windows: readonly Window[] };

/** The desk's door on this machine's loopback. Each call throws where the desk did not take it. */
export type DeskLine = {
  /** Waits up to 25 s for messages. */
  pull(standing: Standing, signal: AbortSignal): Promise<readonly Said[]>;
  ack(acks: readonly Ack[]): Promise<void>;
  /** Resolves once the desk has committed them. */
  write(messages: readonly Written[]): Promise<void>;
};

/** The desk said no, with a status. */
export class DeskRefusal extends Error {
  readonly status: number;

  constructor(status: number, words: string) {
    super(`desk: ${status} ${words}`);
    this.status = status;
  }
}

const PULL_MS = 25_000;
const CALL_MS = 10_000;

/** `session` names this start of the process: the desk listens to the newest only. */
export function openDeskLine(url: string, key: string, session: string): DeskLine {
  const call = async (route: string, body: unknown, signal: AbortSignal): Promise<unknown> => {
    const response = await fetch(`${url}/v1/wechat/${route}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal,
    });
    const answer: unknown = await response.json();
    if (response.ok) return answer;
    const { error } = answer as { error?: unknown };
    throw new DeskRefusal(response.status, String(error ?? ''));
  };
  return {
    async pull(standing, signal) {
      const within = AbortSignal.any([signal, AbortSignal.timeout(PULL_MS + CALL_MS)]);
      const answer = await call('pull', { session, waitMs: PULL_MS, ...standing }, within);
      return (answer as { messages: readonly Said[] }).messages;
    },
    async ack(acks) {
      await call('acks', { acks }, AbortSignal.timeout(CALL_MS));
    },
    async write(messages) {
      await call('inbox', { messages }, AbortSignal.timeout(CALL_MS));
    },
  };
}
