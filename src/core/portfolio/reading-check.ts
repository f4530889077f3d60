import type { AccountReading, Difference } from './account-reading.ts';

type Field = {
  readonly name: string;
  readonly isSound: (value: unknown) => boolean;
  readonly expected: string;
};

const isNumber = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value);
const isShares = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
const isPrice = (value: unknown): boolean =>
  value === null || (isNumber(value) && Number(value) > 0);

/** A holding elsewhere may be a fraction, an average may be 0 of nothing; both are numbers. */
const POSITION: readonly Field[] = [
  { name: 'quantity', isSound: isNumber, expected: 'a number of shares' },
  { name: 'averagePrice', isSound: isNumber, expected: 'a price' },
];
/** An order elsewhere may be for a fraction. */
const ORDER: readonly Field[] = [
  { name: 'quantity', isSound: isNumber, expected: 'a number of shares' },
  { name: 'filledQuantity', isSound: isNumber, expected: 'a number of shares' },
  { name: 'averagePrice', isSound: isPrice, expected: 'a price above 0, or none' },
  { name: 'stopPrice', isSound: isPrice, expected: 'a price above 0, or none' },
  { name: 'limitPrice', isSound: isPrice, expected: 'a price above 0, or none' },
];
/** Quantity and price are judged fill by fill, so that one bad line hides no other (`unsoundFills`); a rebate is below 0. */
const FILL: readonly Field[] = [
  {
    name: 'feesMinor',
    isSound: (value) => Number.isSafeInteger(value),
    expected: 'whole minor units',
  },
];

const CHARGE: readonly Field[] = [
  {
    name: 'amountMinor',
    isSound: (value) => Number.isSafeInteger(value),
    expected: 'whole minor units',
  },
];

function problems(list: string, rows: readonly object[], fields: readonly Field[]): Difference[] {
  return rows.flatMap((row, index) =>
    fields.flatMap(({ name, isSound, expected }) => {
      const value = (row as Readonly<Record<string, unknown>>)[name];
      if (isSound(value)) return [];
      return [
        {
          subject: `${list}[${index}].${name}`,
          ours: expected,
          theirs: String(value).slice(0, 40),
        },
      ];
    }),
  );
}

/**
 * Returns the figures of a reading that are none, as differences with their places: such a reading says
 * nothing of the account, and nothing of it may be taken over. Empty: it can be compared.
 */
export function unreadableFigures(
  reading: AccountReading,
  isOurs: (orderId: string) => boolean,
): Difference[] {
  const ours = reading.orders.filter(({ orderId }) => isOurs(orderId));
  const whole: readonly Field[] = [
    { name: 'quantity', isSound: isShares, expected: 'whole shares' },
    { name: 'filledQuantity', isSound: isShares, expected: 'whole shares' },
  ];
  const cash = Number.isSafeInteger(reading.cashMinor)
    ? []
    : [{ subject: 'cashMinor', ours: 'whole minor units', theirs: String(reading.cashMinor) }];
  return [
    ...problems('orders', reading.orders, ORDER),
    ...problems('own orders', ours, whole),
    ...problems('fills', reading.fills, FILL),
    ...problems('positions', reading.positions, POSITION),
    ...problems('charges', reading.charges ?? [], CHARGE),
    ...cash,
  ];
}
