import type { BrokerReport, OrderRequest } from '#app/ports.ts';
import { usFeeModel } from '#core/backtest/costs.ts';
import type { Bar } from '#core/market/bar.ts';
import type { Quote } from '#core/market/quote.ts';
import type { PaperBrokerOptions } from '#shell/brokers/paper.ts';
import { createPaperBroker } from '#shell/brokers/paper.ts';
import { createVirtualClock } from '#shell/lib/virtual-clock.ts';
import { CONTRACT_INSTRUMENT, contractOrder } from './broker-harness.ts';

/** 2026-11-20 10:00 New York. */
export const TEN_O_CLOCK = Date.parse('2026-11-20T15:00:00Z');
export const QQQM = CONTRACT_INSTRUMENT;

export const order = contractOrder;

/** A paper broker on a virtual clock, with what a test needs to move the market. */
export function paperHarness(
  settings: Partial<PaperBrokerOptions> & { readonly startAt?: number } = {},
) {
  const { startAt = TEN_O_CLOCK, ...overrides } = settings;
  const clock = createVirtualClock({ startAt });
  const broker = createPaperBroker({
    accountId: 'paper-us',
    environment: 'paper',
    clock,
    cashMinor: 10_000_000,
    latencyMs: 80,
    feesModel: usFeeModel('alpaca'),
    slippageBps: 0,
    seed: 1,
    ...overrides,
  });
  const reports: BrokerReport[] = [];
  broker.onReport((report) => void reports.push(report));
  const settle = async <T>(call: Promise<T>): Promise<T> => {
    // Handled at once so that a rejection during the advance is not reported as unhandled.
    const outcome = call.then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    clock.advanceTo(clock.now() + 5_000);
    const result = await outcome;
    if ('error' in result) throw result.error;
    return result.value;
  };
  return {
    clock,
    broker,
    reports,
    settle,
    submit: (request: OrderRequest) => settle(broker.submit(request)),
    quote(bid: number, ask: number, size = 1_000): void {
      const quote: Quote = {
        instrument: QQQM,
        bid,
        ask,
        bidSize: size,
        askSize: size,
        at: clock.now(),
      };
      broker.onQuote(quote);
    },
    /** A 1-minute bar that opens at the next whole minute; the clock goes to its close. */
    bar(open: number, high: number, low: number, close: number, volume = 100_000): void {
      const openedAt = Math.ceil(clock.now() / 60_000) * 60_000;
      this.barAt(openedAt, open, high, low, close, volume);
    },
    barAt(
      openedAt: number,
      open: number,
      high: number,
      low: number,
      close: number,
      volume = 100_000,
    ): void {
      const closedAt = openedAt + 60_000;
      clock.advanceTo(closedAt);
      const bar: Bar = {
        instrument: QQQM,
        timeframe: '1m',
        openedAt,
        closedAt,
        open,
        high,
        low,
        close,
        volume,
      };
      broker.onBar(bar);
    },
    /** `kind:lastQuantity@lastPrice` of the reports of an order, oldest first. */
    told(orderId: string): string[] {
      return reports
        .filter((report) => report.orderId === orderId)
        .map((report) =>
          report.lastQuantity > 0
            ? `${report.kind} ${report.lastQuantity}@${report.lastPrice}`
            : report.reason === null
              ? report.kind
              : `${report.kind} ${report.reason}`,
        );
    },
  };
}
