import { setTimeout as sleep } from 'node:timers/promises';
import type { Channel } from '#app/ports.ts';
import type { Config } from '#shell/config/config.ts';
import { type Finding, failed, ok, warning } from '#shell/doctor/machine.ts';
import { createSystemClock } from '#shell/lib/system-clock.ts';

/** Why a channel does not work: it says no, or it was not reached. Holds no secret. */
export type ChannelFault = { readonly isRefused: boolean; readonly words: string };

const LOOK_MS = 50;
const LONGEST_MS = 8000;
const REFUSALS = /^(?:unauthorized|errcode_\d+|status_5\d\d)$/;

function faultOf(error: unknown): ChannelFault {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  return { isRefused: REFUSALS.test(code), words: message };
}

/** Says one message; null when it was taken. */
async function say(
  channel: Channel,
  chats: readonly string[],
  words: string,
): Promise<ChannelFault | null> {
  const card = { lines: [words], buttons: [] };
  try {
    for (const chatId of chats)
      await channel.deliver({ chatId, card, silent: false, edit: null, replyTo: null });
    return null;
  } catch (error) {
    return faultOf(error);
  } finally {
    await channel.stop();
  }
}

/** Logs WeCom's bot in; a desk that is connected with it loses its line for a minute. Null when it was let in. */
export async function tryWecom(
  wsUrl: string,
  bot: { readonly botId: string; readonly secret: string },
): Promise<ChannelFault | null> {
  const { createWecomChannel } = await import('#shell/chat/wecom.ts');
  const faults: ChannelFault[] = [];
  const channel = createWecomChannel({
    ...bot,
    key: new Uint8Array(32),
    clock: createSystemClock(),
    languageOf: () => 'en',
    wsUrl,
    onTrouble: (trouble) => {
      if (trouble === null) return;
      faults.push({ isRefused: trouble.code === 'unauthorized', words: trouble.message });
    },
  });
  try {
    await channel.start(async () => undefined);
    for (let waitedMs = 0; waitedMs < LONGEST_MS && faults.length === 0; waitedMs += LOOK_MS) {
      const isIn = await channel.probe?.().then(
        () => true,
        () => false,
      );
      if (isIn === true) return null;
      await sleep(LOOK_MS);
    }
    return faults[0] ?? { isRefused: false, words: `no answer in ${LONGEST_MS} ms` };
  } finally {
    await channel.stop();
  }
}

/** Says one message by a group's robot. */
export async function tryRobot(url: string, words: string): Promise<ChannelFault | null> {
  const { createWecomWebhook, WEBHOOK_CHAT } = await import('#shell/chat/wecom-webhook.ts');
  return await say(createWecomWebhook({ url }), [WEBHOOK_CHAT], words);
}

type Mail = Config['channels']['mail'];

/** Sends one mail to every address. */
export async function tryMail(
  { host, port, security, from, to }: Mail,
  login: Config['smtp'],
  words: string,
): Promise<ChannelFault | null> {
  if (host === null || from === null) return { isRefused: true, words: 'mail: no host or sender' };
  const { createMailChannel } = await import('#shell/chat/mail.ts');
  return await say(createMailChannel({ host, port, security, from, login }), to, words);
}

/** What stands in the way of the channels beside Telegram. Sends nothing: nobody asked for a message. */
export async function checkChannels(tell: (finding: Finding) => void, config: Config) {
  const { activeChannels, channels, wecom, smtp } = config;
  if (wecom !== null) {
    // a second connection would take the line from a desk that runs
    const found = `WeCom bot, id and secret set, ${activeChannels.includes('wecom') ? 'runs' : 'not among the channels that run'}`;
    tell(ok('chat', `${found}; not asked, centaur setup logs it in`));
  }
  if (config.wecomWebhookUrl !== null)
    tell(ok('chat', 'WeCom webhook, address set; not asked, centaur setup says a test message'));
  const { host, port, security, from, to } = channels.mail;
  if (host === null) return;
  const place = `mail ${host}:${port} (${security})`;
  if (from === null || to.length === 0)
    return tell(
      failed('chat', `${place}: no sender or nobody to write to`, 'mail.from and mail.to'),
    );
  const { verifyMail } = await import('#shell/chat/mail.ts');
  try {
    await verifyMail({ host, port, security, from, login: smtp });
    tell(ok('chat', `${place}: the server takes ${smtp === null ? 'mail' : 'the login'}`));
  } catch (error) {
    const { isRefused, words } = faultOf(error);
    tell(
      isRefused
        ? failed('chat', `${place}: ${words}`, 'centaur setup asks for it again')
        : warning('chat', `${place}: ${words}`, 'check host, port and security'),
    );
  }
}
