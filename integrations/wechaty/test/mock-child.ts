import { join } from 'node:path';
import process from 'node:process';
import { carry } from '../src/carry.ts';
import { readSettings } from '../src/settings.ts';
import type { WechatyLike } from '../src/wechaty-bot.ts';

/*
 * The process as it is, on an account of wechaty-puppet-mock: what the parent sends is said by its only person,
 * what that person reads is sent to the parent. Named here so that this file is checked where nothing is installed.
 */
const PACKAGES = { wechaty: 'wechaty', fileBox: 'file-box', mock: 'wechaty-puppet-mock' };

type Person = {
  readonly id: string;
  say(text: string): { to(other: Person): void };
  on(event: 'message', hear: (message: { text(): string; talker(): Person }) => void): void;
};
type Mocker = {
  createContact(payload: { id: string; name: string }): Person;
  login(user: Person): void;
};

const { WechatyBuilder } = (await import(PACKAGES.wechaty)) as {
  WechatyBuilder: { build(options: unknown): WechatyLike };
};
const { FileBox } = (await import(PACKAGES.fileBox)) as {
  FileBox: { fromBase64(base64: string, name: string): unknown };
};
const { PuppetMock, mock } = (await import(PACKAGES.mock)) as {
  PuppetMock: new (options: unknown) => unknown;
  mock: { Mocker: new () => Mocker };
};
const mocker = new mock.Mocker();
const wechaty = WechatyBuilder.build({ puppet: new PuppetMock({ mocker }) });
const settings = readSettings(join(import.meta.dirname, '..'));
await carry(settings, wechaty, FileBox.fromBase64, (carrier) => {
  const account = mocker.createContact({ id: 'desk-account', name: 'Desk' });
  const li = mocker.createContact({ id: 'wxid-li', name: 'Li' });
  mocker.login(account);
  // the mock shows a person their own messages too
  li.on('message', (message) => {
    if (message.talker().id !== li.id) process.send?.({ read: message.text() });
  });
  process.on('message', ({ say }: { say: string }) => li.say(say).to(account));
  process.once('SIGTERM', () => carrier.stop());
  process.send?.({ started: true });
});
process.exit(0);
