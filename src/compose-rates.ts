import { BOT_RATE, GROUP_RATE, USUAL_RATE } from '#app/deliver-deps.ts';
import type { Rate } from '#app/rate-bucket.ts';

/** Sends a second and burst by channel: 30 a minute for WeCom's bot and WeChat, 20 for a group's robot, 12 mails. */
const RATES: Readonly<Record<string, Rate>> = {
  telegram: USUAL_RATE,
  wecom: { perSecond: 0.4, burst: 6 },
  wechat: { perSecond: 0.4, burst: 6 },
  'wecom-webhook': { perSecond: 0.25, burst: 5 },
  mail: { perSecond: 0.2, burst: 5 },
};

/** Rate of a chat; null: unlimited. Telegram's groups have negative ids. */
export function rateOf(channel: string, chatId: string): Rate | null {
  if (channel === 'telegram' && chatId.startsWith('-')) return GROUP_RATE;
  return RATES[channel] ?? null;
}

/** Rate of all chats of a channel together; null: unlimited. */
export function rateOfAll(channel: string): Rate | null {
  return channel === 'telegram' ? BOT_RATE : null;
}
