import { boardOfCn } from './board-cn.ts';
import type { InstrumentId } from './instrument.ts';
import { symbolOf } from './instrument.ts';

const PLACES = ['SH', 'SZ', 'BJ'] as const;
const SHARE_CODE = /^\d{1,6}$/;
const PREFIXED = /^(SH|SZ|BJ)(\d{6})$/;
const SUFFIXED = /^(\d{6})\.(SH|SZ|BJ|XSHG|XSHE|SSE|SZSE|BSE)$/;

const PLACE_OF: Readonly<Record<string, (typeof PLACES)[number]>> = {
  SH: 'SH',
  XSHG: 'SH',
  SSE: 'SH',
  SZ: 'SZ',
  XSHE: 'SZ',
  SZSE: 'SZ',
  BJ: 'BJ',
  BSE: 'BJ',
};

/**
 * Id of a share or fund written as its bare code: `600519` is `600519.SH`. Leading zeros that a
 * spreadsheet has eaten are put back (`1217` is `001217.SZ`). Null when the code is of no known
 * range: an index code alone would be taken for a share and is never guessed.
 */
export function shareOfCodeCn(code: string): InstrumentId | null {
  const written = code.trim();
  if (!SHARE_CODE.test(written) || Number(written) === 0) return null;
  const digits = written.padStart(6, '0');
  for (const place of PLACES) {
    const id: InstrumentId = `${digits}.${place}`;
    if (boardOfCn(id) !== null) return id;
  }
  return null;
}

/**
 * Id that a vendor's symbol names: `sh600519`, `600519.SH`, `600519.XSHG`, or the bare code of a
 * share. With a place the code may be an index. Null when it is none of these.
 */
export function instrumentOfSymbolCn(text: string): InstrumentId | null {
  const upper = text.trim().toUpperCase();
  const prefixed = PREFIXED.exec(upper);
  if (prefixed !== null) return `${prefixed[2]!}.${PLACE_OF[prefixed[1]!]!}`;
  const suffixed = SUFFIXED.exec(upper);
  if (suffixed !== null) return `${suffixed[1]!}.${PLACE_OF[suffixed[2]!]!}`;
  return shareOfCodeCn(upper);
}

/** The id as Tencent and Sina write it: `sh600519`. */
export function prefixedSymbolCn(id: InstrumentId): string {
  return `${id.slice(id.lastIndexOf('.') + 1).toLowerCase()}${symbolOf(id)}`;
}
