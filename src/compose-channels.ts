import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import process from 'node:process';
import type { Channel, Clock } from '#app/ports.ts';
import type { Notice } from '#core/replies/notice.ts';
import type { ChatAccess } from '#shell/chat/authorize.ts';
import type { ChannelTrouble } from '#shell/chat/channel-trouble.ts';
import { createRedactedChannel } from '#shell/chat/redacted.ts';
import type { Config } from '#shell/config/config.ts';
import { dataFilesOf } from '#shell/config/data-files.ts';
import type { ChannelName } from '#shell/config/schema.ts';
import { type Log, redactorOf } from '#shell/lib/log.ts';
import { createSystemClock } from '#shell/lib/system-clock.ts';
import { composeTerminal } from './compose-conversation.ts';
import { secretsOf } from './compose-store.ts';

const KEY_BYTES = 32;

/** The data folder's secret: signs buttons, so that they live across restarts. Made once, 0600. */
export function secretOf(config: Config): Uint8Array {
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
  readonly announce?: (notice: Notice, exceptChannel: string | null) => void;
};

/** The channels a run speaks on; no secret of the settings leaves by one. A library is loaded only where it is used. */
export async function composeChannels(facts: ChannelFacts): Promise<readonly Channel[]> {
  const { config, clock } = facts;
  const channels: Channel[] = [];
  for (const name of config.activeChannels) {
    const channel =
      name === 'terminal'
        ? composeTerminal(clock, facts.isJson, dataFilesOf(config.dataDir).files, facts.onInterrupt)
        : await openRemote(name, facts);
    if (channel !== null) channels.push(channel);
  }
  const hide = redactorOf(secretsOf(config));
  return channels.map((channel) => createRedactedChannel(channel, hide));
}

async function openRemote(
  name: Exclude<ChannelName, 'terminal'>,
  facts: ChannelFacts,
): Promise<Channel | null> {
  const { config } = facts;
  switch (name) {
    case 'telegram':
      return config.telegramToken === null ? null : openTelegram(config.telegramToken, facts);
    case 'wecom':
      return config.wecom === null ? null : openWecom(config.wecom, facts);
    case 'wechat':
      return config.wechatKey === null ? null : openWechat(config.wechatKey, facts);
    case 'wecom-webhook': {
      if (config.wecomWebhookUrl === null) return null;
      const { createWecomWebhook } = await import('#shell/chat/wecom-webhook.ts');
      return createWecomWebhook({ url: config.wecomWebhookUrl });
    }
    case 'mail': {
      const { host, port, security, from } = config.channels.mail;
      if (host === null || from === null) return null;
      const { createMailChannel } = await import('#shell/chat/mail.ts');
      return createMailChannel({ host, port, security, from, login: config.smtp });
    }
  }
}

async function openTelegram(token: string, facts: ChannelFacts): Promise<Channel> {
  const { config, clock, access } = facts;
  const { apiRoot, library, pollSeconds, proxy, webhook } = config.channels.telegram;
  const { createBotApi } =
    library === 'grammy'
      ? await import('#shell/chat/telegram-by-grammy.ts')
      : await import('#shell/chat/telegram-by-telegraf.ts');
  const { createTelegramChannel } = await import('#shell/chat/telegram.ts');
  return createTelegramChannel({
    library: createBotApi,
    token,
    key: secretOf(config),
    clock,
    wall: createSystemClock(),
    ...(proxy === null ? {} : { proxy }),
    ...(webhook === null ? {} : { webhook }),
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
    apiRoot,
    pollSeconds,
    onTrouble: (trouble) => tellTrouble('telegram', trouble, facts),
  });
}

async function openWecom(
  bot: { readonly botId: string; readonly secret: string },
  facts: ChannelFacts,
): Promise<Channel> {
  const { config, clock, access } = facts;
  const { createWecomChannel } = await import('#shell/chat/wecom.ts');
  return createWecomChannel({
    ...bot,
    key: secretOf(config),
    clock,
    wall: createSystemClock(),
    languageOf: (chatId) => access.languageOf('wecom', chatId),
    wsUrl: config.channels.wecom.wsUrl,
    onTrouble: (trouble) => tellTrouble('wecom', trouble, facts),
  });
}

async function openWechat(key: string, facts: ChannelFacts): Promise<Channel> {
  const { config, clock, announce } = facts;
  const { createWechatChannel } = await import('#shell/chat/wechat.ts');
  return createWechatChannel({
    key,
    port: config.channels.wechat.port,
    clock,
    wall: createSystemClock(),
    onTrouble: (trouble) => tellTrouble('wechat', trouble, facts),
    onClosing: ({ left, closesAt }) => {
      const channel = 'wechat';
      announce?.(
        { kind: 'wechat_window_closing', channel, left, closesAt, zone: zoneOf(config) },
        null,
      );
    },
  });
}

function zoneOf({ channels }: Config): string {
  return channels.operatorZone ?? Temporal.Now.timeZoneId();
}

/** Trouble of a channel goes to the log, the console, and operators on the other channels. */
function tellTrouble(
  channel: string,
  trouble: ChannelTrouble | null,
  { config, clock, log, announce }: ChannelFacts,
): void {
  if (trouble === null) return;
  const { code, message } = trouble;
  log.error({ place: channel, code }, message);
  process.stderr.write(`${channel}: ${code}: ${message}; it is tried again\n`);
  const zone = zoneOf(config);
  const cause = `${code}: ${message}`;
  announce?.({ kind: 'channel_degraded', channel, cause, since: clock.now(), zone }, channel);
}
