import type { Check } from '#core/gates/gate.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Session } from '#core/market/session.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { DayType } from '#core/strategies/strategy.ts';

/** One minute as it was seen; `vwap` null where nobody computed one. */
export type MinutePoint = {
  readonly closedAt: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly vwap: number | null;
};

/** A price that a trade hangs on, drawn across the day. */
export type PriceLevel = {
  readonly name: 'entry' | 'stop' | 'target' | 'second_target';
  readonly price: number;
};

/** What was bought or sold, at its average price. */
export type FillMark = {
  readonly at: number;
  readonly price: number;
  readonly side: 'buy' | 'sell';
};

/** One day of one symbol, minute by minute, oldest first. */
export type IntradayPicture = {
  readonly kind: 'intraday';
  readonly deskId: string;
  readonly instrument: InstrumentId;
  readonly session: Session;
  readonly points: readonly MinutePoint[];
  /** First fifteen minutes; null: not over, or not known. */
  readonly openingRange: { readonly high: number; readonly low: number } | null;
  readonly levels: readonly PriceLevel[];
  readonly fills: readonly FillMark[];
  readonly dayType: DayType | null;
  /** Ticket that is meant; null: the symbol as such. */
  readonly code: string | null;
};

/** The gate of one checkpoint, row by row. */
export type GatePicture = {
  readonly kind: 'gates';
  readonly deskId: string;
  readonly tradingDay: TradingDay;
  readonly checkpoint: string;
  readonly isPassed: boolean;
  readonly checks: readonly Check[];
};

/** What an account was worth, day by day, and what each trade brought, in R. */
export type CurvesPicture = {
  readonly kind: 'curves';
  /** Desk or strategy, as its settings name it. */
  readonly subject: string;
  readonly currency: string;
  /** Oldest first; empty: no money was counted. */
  readonly equity: readonly { readonly tradingDay: TradingDay; readonly valueMinor: number }[];
  /** Finished trades, oldest first. */
  readonly trades: readonly { readonly tradingDay: TradingDay; readonly resultR: number }[];
  /** What the same money would have been worth in an index, drawn beside the equity. */
  readonly benchmark?: CurvesPicture['equity'];
  /** The equity's fall below its highest point before is drawn under it. */
  readonly hasFalls?: boolean;
};

/** What a picture shows, free of language and of how it is drawn. */
export type Picture = IntradayPicture | GatePicture | CurvesPicture;
