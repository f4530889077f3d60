import { randomUUID } from 'node:crypto';
import { createTransport } from 'nodemailer';
import { ChannelError } from '#app/errors.ts';
import type { Channel, Outgoing } from '#app/ports.ts';

export type MailOptions = {
  readonly host: string;
  readonly port: number;
  /** `tls` from the first byte, `starttls` demanded, or `none` (a server on this machine). */
  readonly security: 'tls' | 'starttls' | 'none';
  /** Null: the server asks for none. Secret. */
  readonly login: { readonly user: string; readonly password: string } | null;
  readonly from: string;
};

const CONNECT_MS = 10_000;
const SILENCE_MS = 20_000;
const LONGEST_SUBJECT = 150;

function transportOf({ host, port, security, login }: MailOptions) {
  return createTransport({
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    ...(login === null ? {} : { auth: { user: login.user, pass: login.password } }),
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: SILENCE_MS,
    // nothing of a message may read a file or an address
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

/** Connects and logs in, and sends nothing. Throws ChannelError. */
export async function verifyMail(options: MailOptions): Promise<void> {
  const transport = transportOf(options);
  try {
    await transport.verify();
  } catch (error) {
    throw failureOf(error);
  } finally {
    transport.close();
  }
}

/**
 * Mail, one way. The first line is the subject. An edit is a mail of its own that answers the first one, so
 * that readers show them together.
 */
export function createMailChannel(options: MailOptions): Channel {
  const { from } = options;
  const transport = transportOf(options);
  return {
    name: 'mail',
    async start() {
      // nothing comes in by mail
    },
    async deliver({ chatId, card, edit, file }: Outgoing) {
      const messageId = `<${randomUUID()}@centaur.local>`;
      const [first = '', ...rest] = card.lines;
      const subject = first.slice(0, LONGEST_SUBJECT).toWellFormed();
      try {
        await transport.sendMail({
          from,
          to: chatId,
          messageId,
          subject: edit === null ? subject : `Re: ${subject}`,
          text: rest.length === 0 ? first : card.lines.join('\n'),
          ...(edit === null ? {} : { inReplyTo: edit, references: [edit] }),
          ...(file === undefined
            ? {}
            : {
                attachments: [
                  {
                    filename: file.name,
                    contentType: file.mediaType,
                    content: Buffer.from(file.content),
                  },
                ],
              }),
        });
      } catch (error) {
        throw failureOf(error);
      }
      // all mails about one matter answer the first
      return edit ?? messageId;
    },
    async acknowledge() {
      // there are no taps
    },
    async stop() {
      transport.close();
    },
  };
}

/** The cause is left out on purpose: its text may hold what was said to the server. */
function failureOf(error: unknown): ChannelError {
  const { responseCode, code } = error as { responseCode?: unknown; code?: unknown };
  if (code === 'EAUTH') {
    const found = 'mail: the server refuses the login, SMTP_USER and SMTP_PASSWORD';
    return new ChannelError(found, { code: 'unauthorized', retryable: true });
  }
  if (typeof responseCode === 'number') {
    const isFinal = responseCode >= 500;
    const found = `mail: the server answered ${responseCode}`;
    return new ChannelError(found, { code: `status_${responseCode}`, retryable: !isFinal });
  }
  return new ChannelError('mail: the server did not answer', {
    code: 'unreachable',
    retryable: true,
  });
}
