/** A sustained rate with a burst. */
export type Rate = { readonly perSecond: number; readonly burst: number };

export type Bucket = {
  /** Milliseconds until one more may be taken; 0: now. */
  waitMs(now: number): number;
  take(now: number): void;
};

/** A token bucket, full at first. `now` in epoch milliseconds, never going back. */
export function createBucket(rate: Rate): Bucket {
  let tokens = rate.burst;
  let filledAt: number | null = null;
  const fill = (now: number) => {
    const passedMs = filledAt === null ? 0 : Math.max(0, now - filledAt);
    tokens = Math.min(rate.burst, tokens + (passedMs / 1000) * rate.perSecond);
    filledAt = now;
  };
  return {
    waitMs(now) {
      fill(now);
      // A rest of rounding below a thousandth of a token counts as one.
      return tokens >= 0.999 ? 0 : Math.ceil(((1 - tokens) / rate.perSecond) * 1000);
    },
    take(now) {
      fill(now);
      tokens = Math.max(0, tokens - 1);
    },
  };
}

export type Rates = {
  /** Of one chat; null: unlimited. */
  readonly rateOf: (channel: string, chatId: string) => Rate | null;
  /** Of all chats of a channel together; left out or null: unlimited. */
  readonly rateOfAll?: (channel: string) => Rate | null;
};

/** Buckets by chat, kept: words and files of a chat count together, and all chats in that of their channel. */
export function createBuckets({ rateOf, rateOfAll }: Rates) {
  const kept = new Map<string, Bucket | null>();
  const bucketOf = (name: string, rate: Rate | null): Bucket | null => {
    const bucket = kept.get(name) ?? (rate === null ? null : createBucket(rate));
    kept.set(name, bucket);
    return bucket;
  };
  return (channel: string, chatId: string): Bucket | null => {
    const both = [
      bucketOf(`${channel}:${chatId}`, rateOf(channel, chatId)),
      bucketOf(channel, rateOfAll?.(channel) ?? null),
    ].filter((bucket) => bucket !== null);
    if (both.length === 0) return null;
    return {
      waitMs: (now) => Math.max(...both.map((bucket) => bucket.waitMs(now))),
      take: (now) => {
        for (const bucket of both) bucket.take(now);
      },
    };
  };
}
