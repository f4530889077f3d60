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
