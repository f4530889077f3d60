import { inOrder, type PushTarget } from '#app/fan-out.ts';
import { wallTimeOf } from '#core/market/session.ts';
import { levelFor } from '#core/replies/hearing.ts';
import type { ChatAccess } from '#shell/chat/authorize.ts';
import { WEBHOOK_CHAT } from '#shell/chat/wecom-webhook.ts';
import type { Config } from '#shell/config/config.ts';

/** Chats that hear the desks on the channels that run, each behind the one that leads for its person, and mirrors. */
export function pushTargets(access: ChatAccess, config: Config, at: number): PushTarget[] {
  const { activeChannels } = config;
  const isSpoken = (name: string): boolean => activeChannels.some((active) => active === name);
  const chats = access.chats('viewer').filter((chat) => isSpoken(chat.channel));
  const zone = config.channels.operatorZone ?? Temporal.Now.timeZoneId();
  const own = inOrder(chats, config.channels.order).map((target) => ({
    ...target,
    levelOf: (push: Parameters<NonNullable<PushTarget['levelOf']>>[0]) => {
      const { channel, chatId } = target;
      const wallTime = wallTimeOf(at, access.zoneOf(channel, chatId) ?? zone).time;
      return levelFor(access.hearingOf(channel, chatId), push, at, wallTime);
    },
  }));
  return [...own, ...mirrorsOf(config)];
}

/** Chats nobody answers in: a group's robot and mailboxes. */
export function mirrorsOf({ activeChannels, channels }: Config): readonly PushTarget[] {
  const targets: PushTarget[] = [];
  if (activeChannels.includes('wecom-webhook')) {
    const group = { channel: 'wecom-webhook', chatId: WEBHOOK_CHAT };
    const isAll = channels.wecomWebhook.says === 'all';
    targets.push(isAll ? group : { ...group, hears: 'reports' });
  }
  if (activeChannels.includes('mail'))
    for (const chatId of channels.mail.to)
      targets.push({ channel: 'mail', chatId, hears: 'alarms' });
  return targets;
}
