import { StoreError } from '#app/errors.ts';
import type { MarketStoreCn } from '#app/ports.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { DailyPanelCn } from '#core/market/panel-cn.ts';
import type { DailyBarCn } from '#core/market/records-cn.ts';
import { wallTimeOf } from '#core/market/session.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { FetchNote } from '#core/quality/note.ts';
import { fetchNote } from '#core/quality/note.ts';
import type { SourceAnswer, SourceCall, SourceCn } from './source.ts';
import { answer, FEED_CODES, feedError } from './source.ts';
import { ZONE } from './wire.ts';

const NAME = 'on_file';

function none(kind: string, expected: string): never {
  throw feedError(`${NAME} ${kind}`, FEED_CODES.noData, 'nothing on file', expected);
}

/** What is read from the store fails as a source fails. */
async function read<T>(kind: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    throw feedError(`${NAME} ${kind}`, FEED_CODES.network, `the store ${error.code}`, 'an answer', {
      cause: error,
    });
  }
}

/** The note of everything from here: where it came from once, and of which day or age it is. */
function cached(source: string, figures: FetchNote['figures']): FetchNote[] {
  return [fetchNote('from_cache', source, figures)];
}

function barsOf(panel: DailyPanelCn): DailyBarCn[] {
  const bars: DailyBarCn[] = [];
  const known = (value: number): number | null => (Number.isNaN(value) ? null : value);
  for (const [row, instrument] of panel.instruments.entries()) {
    for (const [place, day] of panel.days.entries()) {
      const cell = row * panel.days.length + place;
      const close = panel.close[cell]!;
      if (Number.isNaN(close)) continue;
      bars.push({
        instrument,
        day,
        open: panel.open[cell]!,
        high: panel.high[cell]!,
        low: panel.low[cell]!,
        close,
        previousClose: known(panel.previousClose[cell]!),
        volume: panel.volume[cell]!,
        amount: known(panel.amount[cell]!),
      });
    }
  }
  return bars;
}

/** What was kept of earlier answers and imports: never quotes, never a pool of another day. */
export function createOnFile(store: MarketStoreCn): SourceCn {
  const daily = async (
    kind: 'share' | 'index',
    instruments: readonly InstrumentId[] | null,
    from: TradingDay,
    through: TradingDay,
    call: SourceCall,
  ): Promise<SourceAnswer<readonly DailyBarCn[]>> => {
    const ask = { kind, basis: 'raw', source: null, instruments, from, through } as const;
    const panel = await read('daily', store.loadDaily(ask));
    const bars = barsOf(panel);
    if (bars.length === 0) none('daily', `bars of ${from} … ${through}`);
    const ageMs = call.now() - panel.fetchedAt;
    return answer(bars, panel.fetchedAt, [], cached(panel.source, { ageMs }));
  };
  const today = (call: SourceCall): TradingDay => wallTimeOf(call.now(), ZONE).day;
  return {
    name: NAME,
    offers: {
      daily_bars_on: ({ day }, call) => daily('share', null, day, day, call),
      daily_bars_of: ({ instrument, from, through }, call) =>
        daily('share', [instrument], from, through, call),
      index_daily: ({ instrument, from, through }, call) =>
        daily('index', [instrument], from, through, call),
      margin: async ({ day }) => {
        const rows = await read('margin', store.margin(day, day));
        const [first] = rows;
        if (first === undefined) none('margin', `margin of ${day}`);
        return answer(rows, first?.fetchedAt ?? null, [], cached(first?.source ?? NAME, { day }));
      },
      limit_pool: async ({ kind, day }) => {
        const pool = await read('pool', store.pool(kind, day));
        if (pool === null) return none('pool', `a pool of ${day}`);
        return answer(pool, pool.fetchedAt, [], cached(pool.source, { day }));
      },
      sectors: async (_ask, call) => {
        const found = await read('sectors', store.sectors(today(call), null));
        if (found === null) return none('sectors', 'boards');
        const { sectors, source, asOf, fetchedAt } = found;
        return answer(sectors, fetchedAt, [], cached(source, { day: asOf }));
      },
      securities: async (_ask, call) => {
        const found = await read('securities', store.securities(today(call)));
        if (found === null) return none('securities', 'shares');
        const { securities, source, asOf, fetchedAt } = found;
        return answer(securities, fetchedAt, [], cached(source, { day: asOf }));
      },
      corporate_actions: async ({ day }) => {
        const actions = await read('actions', store.corporateActions(day, day));
        // an empty table does not say that nobody goes ex
        if (actions.length === 0) none('actions', `ex-dates of ${day}`);
        return answer(actions, null, [], cached(NAME, { day }));
      },
    },
  };
}
