import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import process from 'node:process';
import type { Channel, Clock } from '#app/ports.ts';
import type { Notice } from '#core/replies/notice.ts';
import type { ChatAccess } from '#shell/chat/authorize.ts';
import { createRedactedChannel } from '#shell/chat/redacted.ts';
import type { Config } from '#shell/config/config.ts';
import { dataFilesOf } from '#shell/config/data-files.ts';
import { type Log, redactorOf } from '#shell/lib/log.ts';
import { createSystemClock } from '#shell/lib/system-clock.ts';
import { composeTerminal } from './compose-conversation.ts';
import { secretsOf } from './compose-store.ts';

const KEY_BYTES = 32;

/** The data folder's secret: signs buttons, so that they live across restarts. Made once, 0600. */
function secretOf(config: Config): Uint8Array {
  const file = dataFilesOf(config.dataDir).secret;
  try {
    const found = Buffer.from(readFileSync(file, 'utf8').trim(), 'hex');
    if (found.length === KEY_BYTES) return found;
  } catch {
    // not made yet
  }
  const made = randomBytes(KEY_BYTES);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${made.toString('hex')}\n`, { mode: 0o600 });
  return made;
}

export type ChannelFacts = {
  readonly config: Config;
  readonly clock: Clock;
  readonly access: ChatAccess;
  readonly isJson: boolean;
  readonly log: Log;
  readonly onInterrupt: () => void;
  /** Tells operators on the other channels; left out where nobody else could hear. */
  readonly announce?: (notice: Notice, exceptChannel: string) => void;
};

/** The channels a run speaks on; no secret of the settings leaves by one. Telegram is loaded only where it is used. */
export async function composeChannels(facts: ChannelFacts): Promise<readonly Channel[]> {
  const { config, clock, access, log } = facts;
  const channels: Channel[] = [];
  if (config.activeChannels.includes('terminal')) {
    const { files } = dataFilesOf(config.dataDir);
    channels.push(composeTerminal(clock, facts.isJson, files, facts.onInterrupt));
  }
  if (config.activeChannels.includes('telegram') && config.telegramToken !== null) {
    const { createTelegramChannel } = await import('#shell/chat/telegram-grammy.ts');
    channels.push(
      createTelegramChannel({
        token: config.telegramToken,
        key: secretOf(config),
        clock,
        wall: createSystemClock(),
        ...(config.channels.telegram.proxy === null
          ? {}
          : { proxy: config.channels.telegram.proxy }),
        menus: () =>
          access
            .users()
            .filter((user) => user.channel === 'telegram')
            .map((user) => ({
              chatId: user.userId,
              role: user.role,
              language: access.languageOf('telegram', user.userId),
            })),
        languageOf: (chatId) => access.languageOf('telegram', chatId),
        apiRoot: config.channels.telegram.apiRoot,
        pollSeconds: config.channels.telegram.pollSeconds,
        onTrouble: (trouble) => {
          if (trouble === null) return;
          log.error({ place: 'telegram', code: trouble.code }, trouble.message);
          process.stderr.write(
            `telegram: ${trouble.code}: ${trouble.message}; it is tried again\n`,
          );
          const { code, message } = trouble;
          facts.announce?.(
            {
              kind: 'channel_degraded',
              channel: 'telegram',
              cause: `${code}: ${message}`,
              since: clock.now(),
              zone: config.channels.operatorZone ?? Temporal.Now.timeZoneId(),
            },
            'telegram',
          );
        },
      }),
    );
  }
  const hide = redactorOf(secretsOf(config));
  return channels.map((channel) => createRedactedChannel(channel, hide));
}
