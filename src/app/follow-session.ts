import type { Input } from '#core/engine/input.ts';
import { isExposed, pendingTickets } from '#core/engine/select.ts';
import { canonicalJson } from '#core/lib/canonical-json.ts';
import { stableHash } from '#core/lib/hash.ts';
import { type Bar, type BarColumns, createBarColumns, pushBar } from '#core/market/bar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import type { Session } from '#core/market/session.ts';
import { regimeCloseOf } from '#core/regimes/day-label.ts';
import type { DayContext } from '#core/strategies/day-context.ts';
import type { Evaluation } from '#core/strategies/strategy.ts';
import { evaluationOf } from '#core/strategies/vwap-reclaim/evaluation.ts';
import type { VwapReclaimParams } from '#core/strategies/vwap-reclaim/params.ts';
import {
  createVwapReclaim,
  stepVwapReclaim,
  type VwapReclaimAcc,
} from '#core/strategies/vwap-reclaim/strategy.ts';
import type { DeskHandle } from './desk-handle.ts';

type Row = { readonly bars: BarColumns; readonly acc: VwapReclaimAcc };

/** The strategy over one session: closed bars in, evaluations out. The same kernel live and in replay. */
export type SessionKernel = {
  readonly session: Session;
  /** Null for a bar of another instrument, outside the session, or not newer than the last one. */
  evaluate(bar: Bar): Evaluation | null;
  /** Labels of the finished day, for the report only. */
  labels(): Extract<Input, { kind: 'session_closed' }>['labels'];
};

/** Builds the kernel of a session from what was known before it opened. */
export function createSessionKernel(
  session: Session,
  contexts: readonly DayContext[],
  params: VwapReclaimParams,
): SessionKernel {
  const rows = new Map<InstrumentId, Row>(
    contexts.map((context) => [
      context.instrument,
      { bars: createBarColumns(400), acc: createVwapReclaim(context, params) },
    ]),
  );
  return {
    session,
    evaluate(bar) {
      const row = rows.get(bar.instrument);
      if (row === undefined || bar.openedAt < session.openAt || bar.closedAt > session.closeAt)
        return null;
      const { bars, acc } = row;
      const lastOpenedAt =
        bars.length === 0 ? Number.NEGATIVE_INFINITY : (bars.openedAt[bars.length - 1] ?? 0);
      if (bar.openedAt <= lastOpenedAt) return null;
      pushBar(bars, bar);
      stepVwapReclaim(acc, bars, bars.length - 1);
      return evaluationOf(acc, bars, bars.length - 1);
    },
    labels: () =>
      [...rows].flatMap(([instrument, { bars }]) => {
        const label = regimeCloseOf(bars, session);
        return label === null ? [] : [{ instrument, label }];
      }),
  };
}

/** Longest wait for a quote beside a signal, in milliseconds. */
const QUOTE_WAIT_MS = 1_000;

/** Feeds a desk: evaluations of closed bars, and quotes while something is open or waits. */
export type Follower = {
  onBar(bar: Bar): void;
  onQuote(quote: Quote): void;
  /** Ends the session at the desk: labels, verdict, report. */
  close(at: number): void;
};

/**
 * Follows a session for one desk. A quote is fetched only beside a signal; quotes are handed on only
 * while a ticket waits or something is open, since nothing else could act on them.
 */
export function createFollower(
  desk: DeskHandle & { post(input: Input): void },
  kernel: SessionKernel,
  now: () => number,
  track: <T>(work: () => Promise<T>) => Promise<T>,
): Follower {
  return {
    onBar(bar) {
      const evaluation = kernel.evaluate(bar);
      if (evaluation === null) return;
      const inputHash = stableHash(canonicalJson(bar));
      if (evaluation.signal === null) {
        desk.post({ kind: 'bar_evaluated', at: now(), evaluation, inputHash, quote: null });
        return;
      }
      void track(async () => {
        const quote = await desk.fetchQuote(bar.instrument, QUOTE_WAIT_MS).catch(() => null);
        desk.post({ kind: 'bar_evaluated', at: now(), evaluation, inputHash, quote });
      });
    },
    onQuote(quote) {
      const state = desk.state();
      if (isExposed(state) || pendingTickets(state).length > 0)
        desk.post({ kind: 'quote_seen', at: now(), quote });
    },
    close: (at) => desk.post({ kind: 'session_closed', at, labels: kernel.labels() }),
  };
}
