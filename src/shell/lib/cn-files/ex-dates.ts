import type { ExDateRow } from '#core/quality/judge-ex-dates.ts';
import type { Tally } from '#core/quality/tally.ts';
import type { ColumnSpec } from './columns.ts';
import { type ReadOptions, readRows, SYMBOL, symbolOf } from './records.ts';
import { dayIn, numberIn } from './values.ts';

/** Shares that the terms of a file are stated for. */
export const TERMS_PER = { share: 1, ten: 10 } as const;

export type ReadExDatesOptions = ReadOptions & {
  readonly per: keyof typeof TERMS_PER;
  /** Rights offered are read as well; the store has no place for them. */
  readonly hasRights?: boolean;
};

const EX_DATES = {
  symbol: { ...SYMBOL, isRequired: true },
  exDate: {
    names: ['ex_date', 'ex_dividend_date', '除权除息日', '除权日', '除息日'],
    isRequired: true,
  },
  recordDate: { names: ['record_date', 'equity_record_date', '股权登记日'] },
  cash: { names: ['cash_div_tax', 'pretax_bonus_rmb', '派息', '现金分红', '派息比例'] },
  newShares: { names: ['stk_div', 'bonus_it_ratio', '送转', '送转股份', '送转总比例'] },
} as const satisfies ColumnSpec;

const RIGHTS = {
  rights: { names: ['rights_ratio', '配股', '配股比例'] },
  rightsPrice: { names: ['rights_price', '配股价', '配股价格'] },
} as const satisfies ColumnSpec;

/** A factor of ten leaves noise behind: 3.6 / 10 is 0.36 and not 0.36000000000000004. */
const DIGITS = 12;

function rightsIn({ cell }: { readonly cell: (name: string) => string | undefined }) {
  const number = (name: string) => numberIn(cell(name)) ?? 0;
  return { perRow: number('rights'), price: number('rightsPrice') };
}

/** Ex-dates with their terms per share. Every row that cannot be read is told by its line. */
export async function readExDatesFile(
  options: ReadExDatesOptions,
): Promise<{ readonly rows: ExDateRow[]; readonly tally: Tally }> {
  const per = TERMS_PER[options.per];
  const spec = options.hasRights === true ? { ...EX_DATES, ...RIGHTS } : EX_DATES;
  return await readRows(
    options,
    spec,
    (row) => {
      const instrument = symbolOf(row);
      if (instrument === null) return null;
      const exDate = dayIn(row.cell('exDate'));
      if (exDate === null) {
        return row.fail('not_a_day', row.cell('exDate') || 'no ex-date', 'a date YYYY-MM-DD');
      }
      const record = row.cell('recordDate') ?? '';
      const recordDate = dayIn(record);
      if (recordDate === null && numberIn(record) !== null) {
        return row.fail('not_a_day', `record date ${record}`, 'a date YYYY-MM-DD, or nothing');
      }
      const terms = [row.cell('cash'), row.cell('newShares')];
      const [cash = 0, shares = 0] = terms.map((text) => numberIn(text) ?? 0);
      if (!(Number.isFinite(cash) && Number.isFinite(shares))) {
        return row.fail('not_a_number', terms.join(', '), 'cash and new shares');
      }
      const ofOne = (value: number): number => Number((value / per).toPrecision(DIGITS));
      const action = {
        instrument,
        exDate,
        recordDate,
        cashPerShare: ofOne(cash),
        newSharesPerShare: ofOne(shares),
      };
      const offered = options.hasRights === true ? rightsIn(row) : null;
      if (offered === null) return { line: row.line, action };
      const { perRow, price } = offered;
      if (!(perRow >= 0 && price >= 0 && (perRow === 0 || price > 0))) {
        return row.fail('not_a_number', `rights ${perRow} at ${price}`, 'rights and their price');
      }
      const rights = { rightsPerShare: ofOne(perRow), rightsPrice: price };
      return { line: row.line, action: { ...action, ...rights } };
    },
    Number.POSITIVE_INFINITY,
  );
}
