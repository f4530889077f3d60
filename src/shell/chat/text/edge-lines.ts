import type { Ticket } from '#core/machines/ticket.ts';
import type { EdgeRow } from '#core/risk/edge.ts';
import type { DayType } from '#core/strategies/strategy.ts';

type EdgeWords = {
  readonly unmeasured: string;
  readonly expectancy: (of: string, figures: string, trades: number, proven: string) => string;
  readonly all: string;
  readonly proven: Readonly<Record<'above' | 'below' | 'open', string>>;
  readonly label: (share: string, time: string, said: number) => string;
  readonly adviceOnly: string;
  readonly withoutEdge: (rows: string) => string;
  readonly row: (of: string, figures: string, trades: number) => string;
  readonly comma: string;
};

const EN: EdgeWords = {
  unmeasured: 'expectancy: not measured yet',
  expectancy: (of, figures, trades, proven) =>
    `expectancy ${of}: ${figures}, n ${trades}: ${proven}`,
  all: 'all day types',
  proven: { above: 'above zero', below: 'below zero', open: 'not proven' },
  label: (share, time, said) =>
    `this label, told ${time} after the open, was right by the close ${share} of ${said} times`,
  adviceOnly: 'no edge was measured: advice only (/mode to trade all the same)',
  withoutEdge: (rows) => `no edge was measured: ${rows}`,
  row: (of, figures, trades) => `${of} ${figures}, n ${trades}`,
  comma: '; ',
};

const ZH_CN: EdgeWords = {
  unmeasured: '期望:尚未测量',
  expectancy: (of, figures, trades, proven) => `期望:${of} ${figures} n=${trades},${proven}`,
  all: '全部日型',
  proven: { above: '高于零', below: '低于零', open: '未被证明' },
  label: (share, time, said) => `开盘后 ${time} 给出该日型时,收盘判定相符占 ${share}(${said} 次)`,
  adviceOnly: '测得没有优势:仅提示(仍要交易用 /模式)',
  withoutEdge: (rows) => `测得没有优势:${rows}`,
  row: (of, figures, trades) => `${of} ${figures} n=${trades}`,
  comma: ';',
};

/** Names of day types in a language. */
export type DayTypeNames = Readonly<Record<DayType, string>>;

const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}`;

const figures = (row: { meanR: number; lowR: number; highR: number }): string =>
  `${signed(row.meanR)}R [${signed(row.lowR)} … ${signed(row.highR)}]`;

function linesWith(words: EdgeWords) {
  return {
    /** What was measured of a ticket's day type, how far its label is right, and that it is advice for it. */
    ofTicket(ticket: Ticket, names: DayTypeNames): string[] {
      const measured = ticket.expectancy;
      if (measured === null) return [words.unmeasured];
      const proven = measured.lowR > 0 ? 'above' : measured.highR <= 0 ? 'below' : 'open';
      const of = measured.isOfAllDays === true ? words.all : names[ticket.dayType];
      const { label } = ticket;
      return [
        words.expectancy(of, figures(measured), measured.trades, words.proven[proven]),
        ...(label === undefined || label.said === 0
          ? []
          : [
              words.label(
                `${Math.round((label.right / label.said) * 100)} %`,
                `${label.minute} min`,
                label.said,
              ),
            ]),
        ...(ticket.isWithoutEdge === true ? [words.adviceOnly] : []),
      ];
    },
    /** The measurements that rule an edge out, in one line; none where there are none. */
    ruledOut(rows: readonly EdgeRow[], names: DayTypeNames): string[] {
      if (rows.length === 0) return [];
      const told = rows.map((row) =>
        words.row(row.dayType === 'all' ? words.all : names[row.dayType], figures(row), row.trades),
      );
      return [words.withoutEdge(told.join(words.comma))];
    },
  };
}

export const EDGE_EN = linesWith(EN);
export const EDGE_ZH_CN = linesWith(ZH_CN);
