import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Carrier } from './carrier.ts';
import { openDeskLine } from './desk-line.ts';
import { openKeptState } from './kept-state.ts';
import type { Settings } from './settings.ts';
import { listenTo, type ToFileBox, type WechatyLike } from './wechaty-bot.ts';

/** Starts an account and carries for it until it is stopped. Throws when the desk refuses the key. */
export async function carry(
  settings: Settings,
  wechaty: WechatyLike,
  toFileBox: ToFileBox,
  onStarted: (carrier: Carrier) => void,
): Promise<void> {
  const tell = (line: string): void => console.error(line);
  const bot = listenTo(wechaty, toFileBox, {
    onWritten: (message) => carrier.heard(message),
    onChange: () => carrier.changed(),
    onScan: (code) =>
      tell(`scan with WeChat: https://wechaty.js.org/qrcode/${encodeURIComponent(code)}`),
    tell,
  });
  const carrier = new Carrier({
    // a name for this start of the process
    line: openDeskLine(settings.url, settings.key, randomUUID()),
    state: openKeptState(join(settings.folder, 'state.json')),
    bot,
    allowance: settings.allowance,
    now: () => Date.now(),
    tell,
  });
  await wechaty.start();
  onStarted(carrier);
  try {
    await carrier.run();
  } finally {
    await wechaty.stop();
  }
}
