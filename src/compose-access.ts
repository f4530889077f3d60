import { randomBytes } from 'node:crypto';
import process from 'node:process';
import type { Channel, Clock, OneTimeCodes } from '#app/ports.ts';
import { type ChatAccess, createAccess } from '#shell/chat/authorize.ts';
import { createFileUserBook } from '#shell/chat/user-book.ts';
import type { Config } from '#shell/config/config.ts';
import { dataFilesOf } from '#shell/config/data-files.ts';

/** Languages, roles and the users of the chat. */
export function composeAccess(config: Config, clock: Clock): Promise<ChatAccess> {
  return createAccess({
    book: createFileUserBook(dataFilesOf(config.dataDir).users),
    clock,
    // asked for anew: the settings may be read again
    get defaultLanguage() {
      return config.channels.language;
    },
    newPairingCode: () => randomBytes(4).toString('hex').toUpperCase(),
    hasTerminal: config.activeChannels.includes('terminal'),
  });
}

/** The codes of the enrolled device, loaded only where there is one. */
export async function composeCodes(config: Config): Promise<OneTimeCodes | null> {
  if (config.totpSecret === null) return null;
  const { createOneTimeCodes } = await import('#shell/chat/one-time-codes.ts');
  return createOneTimeCodes(config.totpSecret, dataFilesOf(config.dataDir).codes);
}

const TITLES: Readonly<Record<string, string>> = {
  telegram: 'Telegram',
  wecom: 'WeCom',
  wechat: 'WeChat',
};

/** Prints a pairing code for every channel that runs and on which nobody may speak yet. For the console only. */
export function offerPairing(access: ChatAccess, channels: readonly Channel[]): void {
  for (const { name } of channels) {
    const title = TITLES[name];
    if (title === undefined || !access.isUnused(name)) continue;
    const { pairingCode, ownerName } = access.offerPairing('owner', name);
    const becomes =
      ownerName === null
        ? 'the first person becomes owner'
        : `the chat becomes another one of ${ownerName}`;
    process.stderr.write(
      `${title}: send /pair ${pairingCode} to the bot within 10 minutes; ${becomes}\n`,
    );
  }
}
