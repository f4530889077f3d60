import { join } from 'node:path';
import { loadMarketCalendar } from '#shell/calendars/load.ts';
import { readFeeds } from '#shell/config/feeds.ts';
import type { StoreHandle } from '#shell/store/client.ts';
import { type FeedsCn, openFeedsCn } from '../../../src/compose-feeds-cn.ts';
import { eastmoneyReply } from './eastmoney.ts';
import type { FakeSource } from './server.ts';
import { startFakeSource } from './server.ts';
import { sinaReply } from './sina.ts';
import { tencentReply } from './tencent.ts';

const ROOT = join(import.meta.dirname, '../../..');

const TRUTHFUL = { tencent: tencentReply, eastmoney: eastmoneyReply, sina: sinaReply };

/** Fakes of the sources that need no token. */
export async function startFreeSources(replies = TRUTHFUL) {
  const [tencent, eastmoney, sina] = await Promise.all([
    startFakeSource(replies.tencent),
    startFakeSource(replies.eastmoney),
    startFakeSource(replies.sina),
  ]);
  return {
    tencent,
    eastmoney,
    sina,
    close: async (): Promise<void> => {
      await Promise.all([tencent, eastmoney, sina].map((fake) => fake.close()));
    },
  };
}

export type FreeSources = { readonly [name in 'tencent' | 'eastmoney' | 'sina']: FakeSource };

/** The feeds of the free profile over an open store, with every address led to its fake. */
export async function openFreeFeeds(
  fakes: FreeSources,
  handle: StoreHandle,
  dataDir: string,
  now: () => number,
): Promise<FeedsCn> {
  const feeds = readFeeds(ROOT, {});
  const { tencent, eastmoney, sina } = fakes;
  return openFeedsCn({
    feeds: {
      ...feeds,
      sources: {
        ...feeds.sources,
        tencent: { ...feeds.sources.tencent, quoteUrl: tencent.url, historyUrl: tencent.url },
        eastmoney: {
          ...feeds.sources.eastmoney,
          listUrl: eastmoney.url,
          historyUrl: eastmoney.url,
          poolUrl: eastmoney.url,
          datacenterUrl: eastmoney.url,
        },
        sina: { ...feeds.sources.sina, quoteUrl: sina.url },
      },
    },
    dataDir,
    handle,
    runId: 'test',
    calendar: await loadMarketCalendar(ROOT, 'CN'),
    now,
  });
}
