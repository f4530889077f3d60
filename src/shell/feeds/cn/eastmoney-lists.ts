import type { InstrumentId } from '#core/market/instrument.ts';
import type { QuoteCn } from '#core/market/quote-cn.ts';
import type { Anomaly } from '#core/quality/anomaly.ts';
import type { FetchNote } from '#core/quality/note.ts';
import { fetchNote } from '#core/quality/note.ts';
import {
  decodeEastmoneyList,
  EASTMONEY,
  LIST_FIELDS,
  type ListedCn,
  type ListPage,
  secidOf,
} from './eastmoney-quotes.ts';
import type { FeedHttp } from './http.ts';
import { gatherQuotes, piecesOf } from './quote-rows.ts';
import type { SourceAnswer, SourceCall } from './source.ts';
import { FEED_CODES, feedError } from './source.ts';

/** All A-shares: Shenzhen main and ChiNext, Shanghai main and STAR, Beijing. */
const ALL_SHARES = 'm:0+t:6,m:0+t:80,m:1+t:2,m:1+t:23,m:0+t:81+s:2048';
/** The source cuts pages at this. */
const PAGE_ROWS = 100;
const SYMBOLS = 80;

/** The whole list, as far as its pages came. */
export type WholeList = {
  readonly rows: readonly ListedCn[];
  readonly anomalies: readonly Anomaly[];
  readonly missing: number;
};

/** What did not come, as a note. */
export function missingOf({ rows, missing }: WholeList): FetchNote[] {
  if (missing === 0) return [];
  return [fetchNote('rows_missing', EASTMONEY, { rows: missing, of: rows.length + missing })];
}

/** Reads of Eastmoney's lists: the whole market page by page, and a few names. */
export function createEastmoneyLists(http: FeedHttp, listUrl: string) {
  const page = async (number: number, call: SourceCall): Promise<ListPage> => {
    // sorted by code, so that nothing moves from page to page while they are read
    const url = `${listUrl}/api/qt/clist/get?pn=${number}&pz=${PAGE_ROWS}&po=0&np=1&fltt=2&invt=2&fid=f12&fs=${ALL_SHARES}&fields=${LIST_FIELDS}`;
    const text = await http.text({ endpoint: 'clist', url }, call);
    return decodeEastmoneyList(text, `${EASTMONEY} clist`);
  };
  return {
    /** Everything; pages that fail are missing, unless most of them do. */
    async whole(call: SourceCall): Promise<WholeList> {
      const first = await page(1, call);
      if (first.rows.length === 0) {
        throw feedError(`${EASTMONEY} clist`, FEED_CODES.noData, 'no rows', 'all shares');
      }
      const count = Math.ceil(first.total / PAGE_ROWS);
      const numbers = Array.from({ length: Math.max(0, count - 1) }, (_, i) => i + 2);
      const settled = await Promise.allSettled(numbers.map((number) => page(number, call)));
      const pages = [first];
      let failure: unknown = null;
      for (const one of settled) {
        if (one.status === 'fulfilled') pages.push(one.value);
        else failure ??= one.reason;
      }
      if (pages.length * 2 < count) throw failure;
      const rows = pages.flatMap((one) => one.rows);
      const anomalies = pages.flatMap((one) => one.anomalies);
      const missing = Math.max(0, first.total - rows.length - anomalies.length);
      return { rows, anomalies, missing };
    },
    quotes: (
      instruments: readonly InstrumentId[],
      call: SourceCall,
    ): Promise<SourceAnswer<readonly QuoteCn[]>> =>
      gatherQuotes(EASTMONEY, piecesOf(instruments, SYMBOLS), async (piece) => {
        const secids = piece.map(secidOf).join(',');
        const url = `${listUrl}/api/qt/ulist.np/get?fltt=2&invt=2&np=1&secids=${secids}&fields=${LIST_FIELDS}`;
        const text = await http.text({ endpoint: 'ulist', url }, call);
        const { rows, anomalies } = decodeEastmoneyList(text, `${EASTMONEY} ulist`);
        return { quotes: rows.map(({ quote }) => quote), anomalies };
      }),
  };
}
