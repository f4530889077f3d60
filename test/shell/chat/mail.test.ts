import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, test } from 'node:test';
import { SMTPServer } from 'smtp-server';
import { ChannelError } from '#app/errors.ts';
import type { Outgoing } from '#app/ports.ts';
import { createMailChannel } from '#shell/chat/mail.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A mail server on loopback that keeps what it takes. */
async function mailServer(refusal: { code: number } | null = null) {
  const mails: { to: readonly string[]; raw: string }[] = [];
  const state = { refusal };
  const server = new SMTPServer({
    authOptional: false,
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onAuth: ({ username, password }, _session, done) =>
      username === 'desk' && password === 'p4ss-of-the-desk'
        ? done(null, { user: username })
        : done(new Error('Invalid login')),
    onData: (stream, session, done) => {
      void text(stream).then((raw) => {
        if (state.refusal !== null)
          return done(Object.assign(new Error('no'), { responseCode: state.refusal.code }));
        mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), raw });
        done();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  closers.push(close);
  const { port } = server.server.address() as AddressInfo;
  const open = (password = 'p4ss-of-the-desk') => {
    const channel = createMailChannel({
      host: '127.0.0.1',
      port,
      security: 'none',
      login: { user: 'desk', password },
      from: 'desk@example.org',
    });
    closers.push(() => channel.stop());
    return channel;
  };
  return { mails, state, open, close };
}

const message = (lines: readonly string[], fields: Partial<Outgoing> = {}): Outgoing => ({
  chatId: 'li@example.org',
  card: { lines, buttons: [] },
  silent: true,
  edit: null,
  replyTo: null,
  ...fields,
});

const header = (raw: string, name: string): string =>
  new RegExp(`^${name}: (.*)$`, 'im').exec(raw)?.[1]?.trim() ?? '';

test('AL-09 a report by mail: subject, words and the file, in either language', async () => {
  const { mails, open } = await mailServer();
  const content = Buffer.from('# 日报');
  const file = { kind: 'document', name: 'r.md', mediaType: 'text/markdown', content } as const;
  await open().deliver(message(['日报 11-17 周二', '盈亏 +¥1,284'], { file }));
  const [mail] = mails;
  assert.deepEqual(mail?.to, ['li@example.org']);
  assert.equal(header(mail!.raw, 'From'), 'desk@example.org');
  const subject = header(mail!.raw, 'Subject').replace(/^=\?UTF-8\?B\?|\?=$/gi, '');
  assert.equal(Buffer.from(subject, 'base64').toString(), '日报 11-17 周二');
  assert.match(mail!.raw, /filename=r\.md/);
  assert.ok(mail!.raw.includes(content.toString('base64')));
});

test('CX-11 what follows a mail answers it, and all answer the first', async () => {
  const { mails, open } = await mailServer();
  const channel = open();
  const id = await channel.deliver(message(['kill: stage 1', 'two orders']));
  assert.equal(await channel.deliver(message(['kill: done'], { edit: id })), id);
  assert.equal(header(mails[0]!.raw, 'Message-ID'), id);
  assert.equal(header(mails[1]!.raw, 'In-Reply-To'), id);
  assert.equal(header(mails[1]!.raw, 'Subject'), 'Re: kill: done');
});

test('CX-11 a line break in a first line cannot add headers', async () => {
  const { mails, open } = await mailServer();
  await open().deliver(message(['a\r\nBcc: thief@example.org']));
  assert.deepEqual(mails[0]?.to, ['li@example.org']);
  assert.equal(header(mails[0]!.raw.split('\r\n\r\n')[0]!, 'Bcc'), '');
});

test('CX-11 a passing refusal, a silent server and a wrong login are tried again, a final refusal is not; no word holds the password', async () => {
  const { state, open, close } = await mailServer();
  const codeOf = async (work: Promise<unknown>): Promise<string> => {
    const error = await work.then(
      () => null,
      (e: unknown) => e,
    );
    assert.ok(error instanceof ChannelError);
    assert.equal(/p4ss|wr0ng/.test(`${error.stack} ${JSON.stringify(error.context)}`), false);
    return `${error.code} ${error.retryable}`;
  };
  const channel = open();
  state.refusal = { code: 451 };
  assert.equal(await codeOf(channel.deliver(message(['a']))), 'status_451 true');
  state.refusal = { code: 554 };
  assert.equal(await codeOf(channel.deliver(message(['a']))), 'status_554 false');
  assert.equal(await codeOf(open('wr0ng-password').deliver(message(['a']))), 'unauthorized true');
  await close();
  assert.equal(await codeOf(channel.deliver(message(['a']))), 'unreachable true');
});
