import type { Reason } from '#core/gates/reason.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { ExBasis, ExTerms } from '#core/portfolio/ex-date.ts';

/** What an ex-date did to a position. */
export type ExDateEvent =
  /** A position and what stands for it, on the basis of its ex-date. `cashMinor` is before tax. */
  | {
      readonly type: 'ex_date_restated';
      readonly instrument: InstrumentId;
      readonly terms: ExTerms;
      readonly from: ExBasis;
      readonly to: ExBasis;
      readonly initialStop: number;
      readonly firstTargetQuantity: number;
      readonly newShares: number;
      readonly cashMinor: number;
    }
  /** Nobody confirms the ex-date: stop and targets of the symbol are held until a person or terms do. */
  | {
      readonly type: 'ex_date_held';
      readonly instrument: InstrumentId;
      readonly tradingDay: TradingDay;
      readonly reason: Reason;
    };
