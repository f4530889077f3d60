import type { InstrumentId } from '#core/market/instrument.ts';
import type { DayRecord, Proposal } from '#core/reports/day-record.ts';
import { type FullReport, periodFigures } from '#core/reports/period.ts';
import { ny } from './builders.ts';

const QQQM = 'QQQM.US' as InstrumentId;

export function proposal(change: Partial<Proposal> = {}): Proposal {
  return {
    code: 'K7QD',
    instrument: QQQM,
    at: ny('10:07'),
    dayType: 'undecided',
    answer: 'confirmed',
    resultR: 0.9,
    isShadow: false,
    ...change,
  };
}

export function dayRecord(change: Partial<DayRecord> = {}): DayRecord {
  return {
    deskId: 'us-vwap',
    currency: 'USD',
    market: 'US',
    tradingDay: '2026-11-17',
    verdict: 'signals',
    reasons: [],
    resultMinor: 790,
    resultR: 0.9,
    feesMinor: 12,
    equityMinor: 10_000_790,
    trades: [
      {
        code: 'K7QD',
        instrument: QQQM,
        side: 'long',
        quantity: 21,
        entryPrice: 252.36,
        exitPrice: 252.74,
        resultR: 0.9,
        pnlMinor: 790,
        dayType: 'undecided',
        exitReason: 'trail',
        entryBps: -0.8,
        exitBps: 1.1,
      },
    ],
    proposals: [
      proposal(),
      proposal({ code: '4FXT', answer: 'skipped', resultR: -1.2, isShadow: true }),
      proposal({ code: null, answer: 'refused', resultR: 0.4, isShadow: true, dayType: null }),
    ],
    gates: [],
    breaks: [],
    ...change,
  };
}

export function fullReport(records: readonly DayRecord[] = [dayRecord()]): FullReport {
  const figures = periodFigures(records);
  return {
    records,
    report: {
      span: 'week',
      deskId: 'us-vwap',
      currency: 'USD',
      from: '2026-11-16',
      to: '2026-11-22',
      figures,
      scoreFrom: '2026-11-16',
      score: figures.score,
      ahead: null,
    },
  };
}
