import type { FeedError } from '#app/errors.ts';
import { instantAt, wallTimeOf } from '#core/market/session.ts';
import { addCalendarDays } from '#core/market/trading-day.ts';
import type { FeedHttp } from './http.ts';
import type { SourceCall } from './source.ts';
import { FEED_CODES, feedError } from './source.ts';
import { at, listAt, parseWire, ZONE } from './wire.ts';

export type TushareSettings = {
  /** The official address, or that of a reseller who takes the same questions. */
  readonly url: string;
  readonly token: string;
};

export const TUSHARE = 'tushare';

/** A row by the names of its columns. */
export type TushareRow = Readonly<Record<string, unknown>>;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Pages of one answer; the source caps rows a page. */
const MOST_PAGES = 12;

/** Words in which the source says no, and what follows. HTTP says 200 whatever happens. */
function refusalOf(name: string, code: unknown, message: string, now: number): FeedError {
  const place = `${TUSHARE} ${name}`;
  const found = `code ${String(code)}: ${message.slice(0, 80)}`;
  const wait = (retryAfterMs: number) =>
    feedError(place, FEED_CODES.rateLimited, found, 'an answer', { retryAfterMs });
  if (message.includes('每分钟')) return wait(MINUTE_MS);
  if (message.includes('每小时')) return wait(HOUR_MS);
  if (message.includes('每天')) {
    const { day } = wallTimeOf(now, ZONE);
    const retryAfterMs = instantAt(addCalendarDays(day, 1), '00:00', ZONE) - now;
    return feedError(place, FEED_CODES.budgetUsed, found, 'an answer', { retryAfterMs });
  }
  if (message.includes('权限')) {
    return feedError(place, FEED_CODES.rights, found, `an account that may use ${name}`);
  }
  if (/token/i.test(message)) return feedError(place, FEED_CODES.token, found, 'a valid token');
  return feedError(place, FEED_CODES.httpStatus, found, 'code 0');
}

/** Rows of one answer, and whether more are to be had. */
export function decodeTushare(
  text: string,
  name: string,
  fields: readonly string[],
  now: number,
): { readonly rows: readonly TushareRow[]; readonly hasMore: boolean } {
  const place = `${TUSHARE} ${name}`;
  const answered = parseWire(text, place);
  const code = at(answered, 'code');
  if (code !== 0) throw refusalOf(name, code, String(at(answered, 'msg') ?? ''), now);
  const columns = listAt(answered, place, 'data', 'fields').map(String);
  const missing = fields.filter((field) => !columns.includes(field));
  if (missing.length > 0) {
    throw feedError(place, FEED_CODES.shapeChanged, `no ${missing.join(', ')}`, fields.join(','));
  }
  const rows = listAt(answered, place, 'data', 'items').map((item) => {
    if (!Array.isArray(item) || item.length !== columns.length) {
      throw feedError(place, FEED_CODES.shapeChanged, 'a row of another length', fields.join(','));
    }
    return Object.fromEntries(columns.map((column, i) => [column, item[i] as unknown]));
  });
  return { rows, hasMore: at(answered, 'data', 'has_more') === true };
}

/** Asks for a table by its name; answers rows in the source's order, page after page. */
export type TushareTable = (
  name: string,
  params: Readonly<Record<string, string>>,
  fields: readonly string[],
  call: SourceCall,
) => Promise<readonly TushareRow[]>;

export function createTushareTable(http: FeedHttp, settings: TushareSettings): TushareTable {
  return async (name, params, fields, call) => {
    const found: TushareRow[] = [];
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const paged = page === 0 ? params : { ...params, offset: String(found.length) };
      const asked = { api_name: name, params: paged, fields: fields.join(',') };
      const text = await http.text(
        {
          endpoint: name,
          url: settings.url,
          shownUrl: `${settings.url}#${name}?${new URLSearchParams(paged).toString()}`,
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ ...asked, token: settings.token }),
        },
        call,
      );
      const { rows, hasMore } = decodeTushare(text, name, fields, call.now());
      found.push(...rows);
      if (!hasMore || rows.length === 0) return found;
    }
    const place = `${TUSHARE} ${name}`;
    throw feedError(place, FEED_CODES.tooLarge, `${MOST_PAGES} pages and more`, 'fewer rows');
  };
}
