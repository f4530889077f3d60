import { z } from 'zod';

/*
 * What a desk and the process that speaks WeChat say to each other over loopback. The other side has a copy of
 * these shapes: it shares no code with the desk.
 */

const id = z.string().min(1).max(200);

/** How much may still be sent to a chat before its person writes again; null: not counted. */
const window = z.object({
  chatId: id,
  left: z.number().int().min(0).nullable(),
  closesAt: z.number().int().nullable(),
});

/** A question for what waits; held open until something does, `waitMs` at most. */
export const pullBody = z.object({
  /** Made anew at each start of the other side. */
  session: id,
  waitMs: z.number().int().min(0).max(25_000),
  isLoggedIn: z.boolean(),
  windows: z.array(window).max(1000),
});

/** What became of messages that were pulled. */
export const acksBody = z.object({
  acks: z
    .array(
      z.discriminatedUnion('outcome', [
        z.object({ id, outcome: z.literal('sent') }),
        z.object({
          id,
          outcome: z.enum(['failed', 'refused']),
          cause: z.string().max(300),
        }),
      ]),
    )
    .max(1000),
});

/** What people wrote. */
export const inboxBody = z.object({
  messages: z
    .array(
      z.object({
        id,
        chatId: id,
        userId: id.nullable(),
        userName: z.string().max(200).nullable(),
        chatKind: z.enum(['private', 'group']),
        text: z.string().max(20_000),
        sentAt: z.number().int(),
      }),
    )
    .max(100),
});

export type WechatWindow = z.infer<typeof window>;
export type Pull = z.infer<typeof pullBody>;
export type Ack = z.infer<typeof acksBody>['acks'][number];
export type Written = z.infer<typeof inboxBody>['messages'][number];

/** A message to be sent: the same id is the same message, however often it is pulled. */
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
