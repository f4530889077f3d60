import { z } from 'zod';
import { BrokerError } from '#app/errors.ts';
import { type CalendarTable, sessionOn } from '#core/market/calendar.ts';
import { wallTimeOf } from '#core/market/session.ts';
import { addCalendarDays, type TradingDay } from '#core/market/trading-day.ts';
import { blocksOf, readAccount, readSkewMs } from '#shell/lib/alpaca/account.ts';
import type { AlpacaKeys } from '#shell/lib/alpaca/keys.ts';
import { AlpacaRest } from '#shell/lib/alpaca/rest.ts';
import { createSystemClock } from '#shell/lib/system-clock.ts';

/** What Alpaca says of an account. `unreachable` says nothing about the keys. */
export type AlpacaCheck =
  | {
      readonly kind: 'valid';
      /** Why it may not trade; empty when it may. */
      readonly blocks: readonly string[];
      readonly skewMs: number;
      /** Days on which the vendor's calendar and ours differ, with both. */
      readonly differences: readonly string[];
    }
  | { readonly kind: 'refused' }
  | { readonly kind: 'unreachable'; readonly problem: string };

const TIMEOUT_MS = 4_000;
const DAYS_AHEAD = 30;

const wireCalendar = z.array(z.object({ date: z.string(), open: z.string(), close: z.string() }));

/** Asks for account, clock and the next days of the calendar. Never throws; the keys are in no text of the answer. */
export async function askAlpaca(options: {
  readonly accountId: string;
  readonly tradingUrl: string;
  readonly keys: AlpacaKeys;
  readonly calendar: CalendarTable;
}): Promise<AlpacaCheck> {
  const clock = createSystemClock();
  const rest = new AlpacaRest({
    name: `alpaca ${options.accountId}`,
    baseUrl: options.tradingUrl,
    keys: options.keys,
    clock,
    fetch: globalThis.fetch,
    timeoutMs: TIMEOUT_MS,
    Failure: BrokerError,
    onCall: () => undefined,
  });
  try {
    const account = await readAccount(rest);
    const skewMs = await readSkewMs(rest, () => clock.now());
    const differences = await differencesOf(rest, options.calendar, clock.now());
    return { kind: 'valid', blocks: blocksOf(account), skewMs, differences };
  } catch (error) {
    const { code, message } = error as BrokerError;
    return code === 'unauthorized'
      ? { kind: 'refused' }
      : { kind: 'unreachable', problem: message };
  } finally {
    rest.stop();
  }
}

async function differencesOf(
  rest: AlpacaRest,
  calendar: CalendarTable,
  now: number,
): Promise<string[]> {
  const first = wallTimeOf(now, calendar.zone).day;
  const last = addCalendarDays(first, DAYS_AHEAD);
  const days = await rest.ask({
    method: 'GET',
    path: '/v2/calendar',
    query: { start: first, end: last },
    lane: 'poll',
    answer: wireCalendar,
  });
  const theirs = new Map(days.map(({ close, date, open }) => [date, `${open}–${close}`]));
  const differences: string[] = [];
  for (let day = first; day <= last; day = addCalendarDays(day, 1)) {
    const ours = hoursOn(calendar, day);
    const other = theirs.get(day) ?? 'closed';
    if (ours !== other) differences.push(`${day}: found ${other} there, ${ours} here`);
  }
  return differences;
}

function hoursOn(calendar: CalendarTable, day: TradingDay): string {
  const answer = sessionOn(calendar, day);
  if (answer.kind !== 'session') return answer.kind === 'closed' ? 'closed' : 'unknown';
  const { closeAt, openAt, zone } = answer.session;
  return `${wallTimeOf(openAt, zone).time}–${wallTimeOf(closeAt, zone).time}`;
}
