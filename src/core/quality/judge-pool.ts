import type { InstrumentId } from '#core/market/instrument.ts';
import type { LimitPoolCn } from '#core/market/records-cn.ts';
import type { Session } from '#core/market/session.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { Anomaly, Judged } from './anomaly.ts';
import { anomaly } from './anomaly.ts';

/** What a pool is compared with. */
export type PoolContext = {
  readonly source: string;
  /** Session of the pool's day; null when it is no trading day. */
  readonly session: Session | null;
  /** When the pool was made, as far as it is known: what is later cannot be in it. */
  readonly seenAt: number | null;
  /** Changes against the previous close that rows state, by instrument; fractions. */
  readonly changes: ReadonlyMap<InstrumentId, number>;
  /** Changes that are known of the pool's day, and of days before it. */
  readonly known: readonly {
    readonly day: TradingDay;
    readonly changes: ReadonlyMap<InstrumentId, number>;
  }[];
  /** How many stocks stand at that limit by another source's look; null unknown. */
  readonly countElsewhere: number | null;
};

/** Minutes before the open at which the auction's result is known, 9:25. */
const AUCTION_MS = 5 * 60_000;
/** Changes rounded to a hundredth of a percent, both sides. */
const SAME_CHANGE = 0.0006;
/** With fewer rows to compare nothing is said. */
const LEAST_COMPARED = 5;
const LEAST_SHARE = 0.5;

function shareOf(
  context: PoolContext,
  known: ReadonlyMap<InstrumentId, number>,
): { readonly compared: number; readonly same: number } {
  let compared = 0;
  let same = 0;
  for (const [instrument, change] of context.changes) {
    const other = known.get(instrument);
    if (other === undefined) continue;
    compared += 1;
    if (Math.abs(other - change) <= SAME_CHANGE) same += 1;
  }
  return { compared, same };
}

/** Another day whose known changes the rows fit better than those of their own day. */
function otherDay(pool: LimitPoolCn, context: PoolContext): Anomaly | null {
  const own = context.known.find(({ day }) => day === pool.day);
  if (own === undefined) return null;
  const { compared, same } = shareOf(context, own.changes);
  if (compared < LEAST_COMPARED || same >= compared * LEAST_SHARE) return null;
  const fits = context.known.find(({ day, changes }) => {
    const other = shareOf(context, changes);
    return day !== pool.day && other.same >= other.compared * LEAST_SHARE && other.compared > 0;
  });
  const found = `${same} of ${compared} rows with the change of ${pool.day}`;
  const expected = fits === undefined ? 'most of them' : `most of them, they fit ${fits.day}`;
  return anomaly('wrong_day', context.source, found, expected, { day: pool.day });
}

function refusalOf(pool: LimitPoolCn, context: PoolContext): Anomaly | null {
  const { source, session, seenAt } = context;
  const place = { day: pool.day };
  if (session === null) {
    return anomaly('not_a_trading_day', source, pool.day, 'a trading day', place);
  }
  if (pool.statedDay !== null && pool.statedDay !== pool.day) {
    return anomaly('wrong_day', source, `a pool of ${pool.statedDay}`, pool.day, place);
  }
  if (seenAt !== null && seenAt < session.openAt - AUCTION_MS) {
    return anomaly(
      'label_before_open',
      source,
      `a pool of ${pool.day} before its auction`,
      'one from 9:25 on',
      place,
    );
  }
  if (pool.rows.length === 0 && (pool.kind === 'limit_up' || (context.countElsewhere ?? 0) > 0)) {
    const elsewhere = context.countElsewhere;
    const expected =
      elsewhere === null || elsewhere === 0 ? 'some rows' : `about ${elsewhere} rows`;
    return anomaly('empty_pool', source, '0 rows', expected, place);
  }
  return otherDay(pool, context);
}

/**
 * Judges a pool: its day by its own label, by when it was made, by the changes known of that day; an
 * empty one by what another look counts (nobody at the upper limit has not been seen on any trading
 * day). Rows that are there twice, or sealed after the pool was made, are taken out.
 */
export function judgePool(pool: LimitPoolCn, context: PoolContext): Judged<LimitPoolCn> {
  const anomalies: Anomaly[] = [];
  const seen = new Set<InstrumentId>();
  const rows = pool.rows.filter((row) => {
    const { instrument, firstSealedAt } = row;
    const place = { instrument, day: pool.day };
    if (seen.has(instrument)) {
      anomalies.push(anomaly('duplicate', context.source, 'the stock again', 'one row', place));
      return false;
    }
    seen.add(instrument);
    if (context.seenAt !== null && firstSealedAt !== null && firstSealedAt > context.seenAt) {
      const late = Math.round((firstSealedAt - context.seenAt) / 1000);
      anomalies.push(
        anomaly('future_stamp', context.source, `sealed ${late} s after the pool`, 'before', place),
      );
      return false;
    }
    return true;
  });
  const refusal = refusalOf(pool, context);
  if (refusal !== null) anomalies.unshift(refusal);
  return { kept: { ...pool, rows }, anomalies, refusal };
}
