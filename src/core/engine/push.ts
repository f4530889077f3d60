import type { Effect } from './effect.ts';
import type { Message } from './message.ts';

/** A message to be sent, with its priority and life. */
export type Push = Extract<Effect, { kind: 'push' }>;
type WithoutHead<M> = M extends unknown ? Omit<M, 'at' | 'zone' | 'currency' | 'axes'> : never;

/** A message without what every message carries. */
export type Body = WithoutHead<Message>;

/** Makes a push from a message's body; priority and life come from the rules of its kind unless given. */
export type Make = (
  body: Body,
  options?: {
    editKey?: string;
    priority?: 0 | 1 | 2 | 3;
    lifeMs?: number;
    onlyChat?: Push['onlyChat'];
  },
) => Push;
