import type { FeedHttp } from './http.ts';
import type { SourceCall } from './source.ts';
import { FEED_CODES, feedError } from './source.ts';
import { parseWire } from './wire.ts';

export type AktoolsSettings = {
  /** On this machine only: the server builds its calls from the query. */
  readonly url: string;
};

export const AKTOOLS = 'aktools';

export type AkRow = Readonly<Record<string, unknown>>;

/**
 * Rows of one AkShare function by its Chinese columns; an empty frame is an empty list. 404 and 500
 * both mean that the source behind it failed.
 */
export type AktoolsTable = (
  name: string,
  params: Readonly<Record<string, string>>,
  columns: readonly string[],
  call: SourceCall,
) => Promise<readonly AkRow[]>;

function isRow(value: unknown): value is AkRow {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Rows of an answer. Throws `shape_changed` when the columns expected are not all there. */
export function decodeAktools(
  text: string,
  name: string,
  columns: readonly string[],
): readonly AkRow[] {
  const place = `${AKTOOLS} ${name}`;
  const answered = parseWire(text, place);
  if (!Array.isArray(answered) || !answered.every(isRow)) {
    throw feedError(place, FEED_CODES.shapeChanged, typeof answered, 'a list of rows');
  }
  const [first] = answered;
  const missing = first === undefined ? [] : columns.filter((column) => !(column in first));
  if (missing.length > 0) {
    throw feedError(place, FEED_CODES.shapeChanged, `no ${missing.join(', ')}`, columns.join(', '));
  }
  return answered;
}

export function createAktoolsTable(http: FeedHttp, settings: AktoolsSettings): AktoolsTable {
  return async (name, params, columns, call) => {
    const query = new URLSearchParams(params).toString();
    const url = `${settings.url}/api/public/${name}${query === '' ? '' : `?${query}`}`;
    const text = await http.text({ endpoint: name, url }, call);
    return decodeAktools(text, name, columns);
  };
}
