import { join } from 'node:path';
import process from 'node:process';
import { carry } from './carry.ts';
import { readSettings } from './settings.ts';
import type { WechatyLike } from './wechaty-bot.ts';

/*
 * Carries a desk's messages to personal WeChat. It holds no key but the one of the desk's loopback door and
 * knows nothing of accounts or orders.
 */
const WARNING = `WeChat forbids this: accounts that programs speak for are blocked, for days or for good, without
warning. Use a spare account, and never as the only channel. 微信禁止用程序登录个人号,账号可能被封,请只用备用号。`;

/** Named here so that this file is checked where the packages are not installed. */
const PACKAGES = { wechaty: 'wechaty', fileBox: 'file-box' };

try {
  const settings = readSettings(join(import.meta.dirname, '..'));
  console.error(WARNING);
  const { WechatyBuilder } = (await import(PACKAGES.wechaty)) as {
    WechatyBuilder: { build(options: unknown): WechatyLike };
  };
  const { FileBox } = (await import(PACKAGES.fileBox)) as {
    FileBox: { fromBase64(base64: string, name: string): unknown };
  };
  // the login is kept in a file of this name
  const name = join(settings.folder, 'login');
  const wechaty = WechatyBuilder.build({ name, puppet: settings.puppet });
  await carry(settings, wechaty, FileBox.fromBase64, (carrier) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => carrier.stop());
  });
  process.exit(0);
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
