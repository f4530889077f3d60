import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWechatChannel, type WechatOptions } from '#shell/chat/wechat.ts';
import { createSystemClock } from '#shell/lib/system-clock.ts';
import {
  type Allowance,
  type Bot,
  Carrier,
  Refused,
} from '../../integrations/wechaty/src/carrier.ts';
import { openDeskLine } from '../../integrations/wechaty/src/desk-line.ts';
import { openKeptState } from '../../integrations/wechaty/src/kept-state.ts';

export const WECHAT_KEY = 'k'.repeat(40);

/** An account that keeps what it was told to say. */
export class FakeWechat implements Bot {
  readonly said: { chatId: string; text: string }[] = [];
  readonly files: Uint8Array[] = [];
  isOnline = true;
  /** Thrown by the next sends, oldest first. */
  readonly faults: Error[] = [];

  isLoggedIn(): boolean {
    return this.isOnline;
  }

  async say(chatId: string, text: string): Promise<void> {
    const fault = this.faults.shift();
    if (fault !== undefined) throw fault;
    if (chatId === 'nobody') throw new Refused('the account knows no such chat');
    this.said.push({ chatId, text });
  }

  async sayFile(_chatId: string, { base64 }: { readonly base64: string }): Promise<void> {
    this.files.push(Buffer.from(base64, 'base64'));
  }

  texts(): string[] {
    return this.said.map(({ text }) => text);
  }
}

/** The desk's side on any free port. */
export function wechatChannel(change: Partial<WechatOptions> = {}) {
  return createWechatChannel({
    port: 0,
    key: WECHAT_KEY,
    clock: createSystemClock(),
    onTrouble: () => undefined,
    onClosing: () => undefined,
    ...change,
  });
}

let written = 0;

/** The other process, in this one: its account is a fake, all else is what runs. */
export function carryTo(
  port: number,
  change: {
    readonly bot?: FakeWechat;
    readonly folder?: string;
    readonly allowance?: Allowance;
    readonly key?: string;
  } = {},
) {
  const bot = change.bot ?? new FakeWechat();
  const folder = change.folder ?? mkdtempSync(join(tmpdir(), 'centaur-wechat-'));
  const session = `session-${Math.random()}`;
  const carrier = new Carrier({
    line: openDeskLine(`http://127.0.0.1:${port}`, change.key ?? WECHAT_KEY, session),
    state: openKeptState(join(folder, 'state.json')),
    bot,
    allowance: change.allowance ?? null,
    now: () => Date.now(),
    tell: () => undefined,
  });
  const ended = carrier.run().then(
    () => null,
    (error: unknown) => error as Error,
  );
  return {
    bot,
    folder,
    carrier,
    ended,
    write(text: string, id?: string): void {
      written += 1;
      carrier.heard({
        id: id ?? `w${written}`,
        chatId: 'wxid-li',
        userId: 'wxid-li',
        userName: 'Li',
        chatKind: 'private',
        text,
        sentAt: Date.now(),
      });
    },
    async close(): Promise<void> {
      carrier.stop();
      await ended;
      if (change.folder === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}
