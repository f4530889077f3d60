import type { Check } from '#core/gates/gate.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { instantAt, type Session } from '#core/market/session.ts';
import type {
  CurvesPicture,
  GatePicture,
  IntradayPicture,
  MinutePoint,
} from '#core/pictures/picture.ts';

const MINUTE = 60_000;

export const US_SESSION: Session = {
  market: 'US',
  tradingDay: '2026-11-17',
  zone: 'America/New_York',
  openAt: instantAt('2026-11-17', '09:30', 'America/New_York'),
  closeAt: instantAt('2026-11-17', '16:00', 'America/New_York'),
  isEarlyClose: false,
  breaks: [],
};

export const CN_SESSION: Session = {
  market: 'CN',
  tradingDay: '2026-11-17',
  zone: 'Asia/Shanghai',
  openAt: instantAt('2026-11-17', '09:30', 'Asia/Shanghai'),
  closeAt: instantAt('2026-11-17', '15:00', 'Asia/Shanghai'),
  isEarlyClose: false,
  breaks: [
    {
      fromAt: instantAt('2026-11-17', '11:30', 'Asia/Shanghai'),
      toAt: instantAt('2026-11-17', '13:00', 'Asia/Shanghai'),
    },
  ],
};

/** A wave of minutes from the open on. */
export function minutes(openAt: number, count: number): MinutePoint[] {
  let price = 252;
  let sum = 0;
  return Array.from({ length: count }, (_, place) => {
    const open = price;
    price += Math.sin(place / 25) * 0.05 + (((place * 7919) % 13) - 6) * 0.01;
    const high = Math.max(open, price) + 0.04;
    const low = Math.min(open, price) - 0.04;
    sum += (high + low + price) / 3;
    const closedAt = openAt + (place + 1) * MINUTE;
    return { closedAt, open, high, low, close: price, vwap: sum / (place + 1) };
  });
}

export function intraday(change: Partial<IntradayPicture> = {}): IntradayPicture {
  const { openAt } = US_SESSION;
  return {
    kind: 'intraday',
    deskId: 'us-vwap',
    instrument: 'QQQM.US' as InstrumentId,
    session: US_SESSION,
    points: minutes(openAt, 217),
    openingRange: { high: 252.5, low: 251.8 },
    levels: [
      { name: 'entry', price: 252.38 },
      { name: 'stop', price: 251.96 },
      { name: 'target', price: 252.8 },
    ],
    fills: [
      { at: openAt + 38 * MINUTE, price: 252.36, side: 'buy' },
      { at: openAt + 70 * MINUTE, price: 252.8, side: 'sell' },
    ],
    dayType: 'undecided',
    code: 'K7QD',
    ...change,
  };
}

function check(
  name: string,
  value: number | null,
  operator: '>=' | '<=',
  threshold: number,
  passed: boolean,
): Check {
  return {
    name,
    value,
    operator,
    threshold,
    passed,
    unit: '',
    source: '',
    asOf: 0,
    degraded: false,
  };
}

export const GATES: GatePicture = {
  kind: 'gates',
  deskId: 'cn-sector-pulse',
  tradingDay: '2026-11-17',
  checkpoint: '14:00',
  isPassed: false,
  checks: [
    check('limit_up_count', 22, '>=', 30, false),
    check('limit_ratio', 1.77, '>=', 0.5, true),
    check('concentration_percentile', null, '<=', 0.9, false),
  ],
};

export const CURVES: CurvesPicture = {
  kind: 'curves',
  subject: 'us-vwap',
  currency: 'USD',
  equity: Array.from({ length: 40 }, (_, place) => ({
    tradingDay: `2026-10-${String((place % 30) + 1).padStart(2, '0')}`,
    valueMinor: 3_000_000 + place * 1_100 - (place % 7) * 900,
  })),
  trades: Array.from({ length: 60 }, (_, place) => ({
    tradingDay: `2026-10-${String((place % 30) + 1).padStart(2, '0')}`,
    resultR: place % 3 === 0 ? 1.4 : -0.6,
  })),
};
