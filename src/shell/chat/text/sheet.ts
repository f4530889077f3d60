import type { FlattenSheet, SheetLine, SheetWay } from '#core/engine/flatten-sheet.ts';
import { createFormat, type Format, type FormatWords } from '#shell/chat/format.ts';
import type { Speech } from './catalogue.ts';

/** What a language says on the sheet before everything is sold. */
export type SheetWords = {
  readonly format: FormatWords;
  readonly ways: Readonly<Record<SheetWay, string>>;
  readonly nothing: string;
  readonly byHand: string;
  readonly opens: (time: string) => string;
  readonly limit: (price: string) => string;
  readonly about: (price: string, proceeds: string) => string;
  readonly noPrice: string;
  readonly sold: (proceeds: string, result: string, fees: string) => string;
  readonly kept: (lines: number, value: string) => string;
  readonly unpriced: (lines: number) => string;
  readonly more: (lines: number) => string;
  readonly quantity: (shares: number, f: Format) => string;
};

const MOST_LINES = 14;
/** Ways in the order of the sheet: what leaves at once first, what stays last. */
const ORDER: readonly SheetWay[] = [
  'continuous',
  'auction',
  'after_hours',
  'extended_hours',
  'queue',
  'later',
  'stays',
];

/** One account's sheet in its own currency and its market's time. */
export function sheetLines(sheet: FlattenSheet, words: SheetWords, s: Speech): string[] {
  const f = createFormat(s.f.language, words.format, {
    zone: sheet.zone,
    currency: sheet.currency,
    operatorZone: null,
    chatZone: s.f.chatZone,
  });
  const head = `— ${sheet.accountId} ${f.time(sheet.at)}`;
  if (sheet.lines.length === 0) return [`${head}: ${words.nothing}`];
  const lines = [...sheet.lines].sort((a, b) => ORDER.indexOf(a.way) - ORDER.indexOf(b.way));
  const { sold, kept } = sheet;
  return [
    sheet.isByHand ? `${head}: ${words.byHand}` : head,
    ...lines.slice(0, MOST_LINES).map((line) => lineText(line, words, f, s)),
    ...(lines.length > MOST_LINES ? [words.more(lines.length - MOST_LINES)] : []),
    ...(sold.lines === 0
      ? []
      : [
          words.sold(
            f.money(sold.proceedsMinor),
            f.gain(sold.resultMinor),
            f.money(sold.feesMinor),
          ) + (sold.unpriced === 0 ? '' : words.unpriced(sold.unpriced)),
        ]),
    ...(kept.lines === 0
      ? []
      : [
          words.kept(kept.lines, f.money(kept.valueMinor)) +
            (kept.unpriced === 0 ? '' : words.unpriced(kept.unpriced)),
        ]),
  ];
}

function lineText(line: SheetLine, words: SheetWords, f: Format, s: Speech): string {
  const { estimate } = line;
  const why = line.why === null ? '' : ` · ${s.reason({ code: line.why, figures: {} })}`;
  const opens = line.opensAt === null ? '' : ` · ${words.opens(f.time(line.opensAt))}`;
  const limit = line.limitPrice === null ? '' : ` · ${words.limit(f.price(line.limitPrice))}`;
  const money =
    estimate === null
      ? words.noPrice
      : `${words.about(f.price(estimate.price), f.money(estimate.proceedsMinor))} · ${f.gain(estimate.resultMinor)} (${signed(estimate.moveRatio)})`;
  return `${words.ways[line.way]} ${f.symbol(line.instrument)} ${words.quantity(line.quantity, f)} ${money}${limit}${why}${opens}`;
}

function signed(ratio: number): string {
  const text = `${(Math.abs(ratio) * 100).toFixed(2)} %`;
  return `${ratio < 0 ? '−' : '+'}${text}`;
}
