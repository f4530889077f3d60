import { type Reason, reason } from '#core/gates/reason.ts';
import { scaleMinor } from '#core/market/money.ts';
import { restateExDates } from './decide-ex-dates.ts';
import { markEquity } from './decide-pulse.ts';
import { voidPending } from './decide-tickets.ts';
import { type Draft, emit } from './draft.ts';
import type { Input } from './input.ts';
import type { DayState, SymbolFacts, Verdict, VerdictKind } from './state.ts';
import { seenOf } from './view.ts';

/** Opens the book of a session: facts, blackouts, the day's risk budget. A day already planned is left alone. */
export function onSessionPlanned(
  draft: Draft,
  input: Extract<Input, { kind: 'session_planned' }>,
): void {
  const known = draft.state.day;
  if (known !== null && known.tradingDay >= input.session.tradingDay) return;
  if (known !== null && !known.isClosed) closeDay(draft, [], 'overtaken');
  const unitRMinor = scaleMinor(draft.policy.capitalMinor, draft.policy.risk.riskPerTradeRatio);
  emit(draft, {
    type: 'session_planned',
    session: input.session,
    blackouts: input.blackouts,
    ...(input.upcoming === undefined ? {} : { upcoming: input.upcoming }),
    ...(input.edge === undefined ? {} : { edge: input.edge }),
    facts: input.facts,
    unitRMinor,
  });
  restateExDates(draft, input.exDates ?? []);
  markEquity(draft);
}

/** A day without a session is a verdict too. */
export function onDayUnplanned(
  draft: Draft,
  input: Extract<Input, { kind: 'day_unplanned' }>,
): void {
  const last = draft.state.lastVerdict;
  if (last !== null && last.tradingDay >= input.tradingDay) return;
  emit(draft, {
    type: 'verdict_declared',
    verdict: emptyVerdict(
      draft,
      input.tradingDay,
      input.reason.code === 'data_not_ready' ? 'data_not_ready' : 'not_trade_day',
      [input.reason],
    ),
  });
}

function emptyVerdict(
  draft: Draft,
  tradingDay: string,
  kind: VerdictKind,
  reasons: readonly Reason[],
): Verdict {
  return {
    kind,
    tradingDay,
    at: draft.at,
    checkpoint: 'day',
    reasons,
    tickets: 0,
    confirmed: 0,
    trades: 0,
    resultR: 0,
    resultMinor: 0,
    setupsSeen: 0,
    refused: [],
    evidence: [],
  };
}

/** Closes the session: the day's verdict with its evidence, then the report. */
export function onSessionClosed(
  draft: Draft,
  input: Extract<Input, { kind: 'session_closed' }>,
): void {
  if (draft.state.day === null || draft.state.day.isClosed) return;
  closeDay(draft, input.labels, 'close', input.equityMinor ?? null);
}

function closeDay(
  draft: Draft,
  labels: Extract<Input, { kind: 'session_closed' }>['labels'],
  checkpoint: string,
  equityMinor: number | null = null,
): void {
  voidPending(draft, reason('session_closed'));
  const { day } = draft.state;
  if (day === null) return;
  const verdict =
    draft.policy.pulse === null
      ? dayVerdict(draft, day, checkpoint)
      : pulseDayVerdict(draft, day, checkpoint);
  emit(draft, { type: 'verdict_declared', verdict });
  emit(draft, {
    type: 'day_closed',
    labels,
    isFlat: Object.keys(draft.state.positions).length === 0,
    ...(draft.policy.pulse === null ? {} : { equityMinor }),
  });
}

const PERMISSION_CODES: ReadonlySet<string> = new Set([
  'permission_not_given',
  'stopped_by_operator',
  'killed',
  'kill_file',
  'safe_mode',
  'not_reconciled',
  'not_attested',
]);

function isKnown(facts: SymbolFacts | null): boolean {
  return facts !== null && facts.ma20 !== null && facts.atr20d !== null;
}

function kindOf(draft: Draft, day: DayState): VerdictKind {
  if (day.ticketsOpened > 0) return 'signals';
  const symbols = Object.values(draft.state.symbols);
  const seen = symbols.filter(
    (symbol) =>
      // after a restart the view is empty, the day type judged before it is not
      symbol.dayType !== null || seenOf(draft.view, symbol.instrument).lastBarClosedAt !== null,
  );
  if (seen.length === 0 || symbols.every((symbol) => !isKnown(symbol.facts)))
    return 'data_not_ready';
  const isBlocked =
    day.setupsRefused.length > 0 &&
    day.setupsRefused.every((setup) => setup.reasons.some((why) => PERMISSION_CODES.has(why.code)));
  return isBlocked ? 'blocked' : 'no_trade';
}

/** Counts the refusals of a day by code, most frequent first; `no_setup` when nothing was even seen. */
function reasonsOf(day: DayState): Reason[] {
  const counts = new Map<Reason['code'], number>();
  for (const setup of day.setupsRefused) {
    for (const why of setup.reasons) counts.set(why.code, (counts.get(why.code) ?? 0) + 1);
  }
  if (counts.size === 0) return [reason('no_setup', { setups: 0 })];
  return [...counts]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .map(([code, times]) => reason(code, { times }));
}

function dayVerdict(draft: Draft, day: DayState, checkpoint: string): Verdict {
  const kind = kindOf(draft, day);
  const resultR = day.trades.reduce((sum, trade) => sum + trade.resultR, 0);
  return {
    kind,
    tradingDay: day.tradingDay,
    at: draft.at,
    checkpoint,
    reasons:
      kind === 'data_not_ready' ? [reason('data_not_ready'), ...reasonsOf(day)] : reasonsOf(day),
    tickets: day.ticketsOpened,
    confirmed: day.ticketsConfirmed,
    trades: day.trades.length,
    resultR,
    resultMinor: day.realizedMinor,
    setupsSeen: day.setupsSeen,
    refused: day.setupsRefused,
    evidence: Object.values(draft.state.symbols).map((symbol) => {
      const { evaluation } = seenOf(draft.view, symbol.instrument);
      return {
        instrument: symbol.instrument,
        dayType: symbol.dayType,
        rows:
          evaluation === null
            ? { ...symbol.regime?.evidence }
            : {
                close: evaluation.bar.close,
                vwap: Number.isFinite(evaluation.vwap) ? evaluation.vwap : null,
                ...evaluation.regime.evidence,
                ma20: symbol.facts?.ma20 ?? null,
              },
      };
    }),
  };
}

/**
 * The day of a desk that decides at checkpoints: signals when a ticket was raised, else what its last
 * checkpoint came to, with what refused the buy points after it. Without a checkpoint it had no data.
 */
function pulseDayVerdict(draft: Draft, day: DayState, checkpoint: string): Verdict {
  const notes = draft.state.pulse?.checkpoints ?? [];
  const last = notes.findLast(({ verdict }) => verdict.reasons.length > 0) ?? notes.at(-1);
  const refused = day.setupsRefused.length > 0 ? reasonsOf(day) : [];
  const found = last?.verdict.kind === 'signals' ? 'no_trade' : (last?.verdict.kind ?? null);
  const kind = day.ticketsOpened > 0 ? 'signals' : (found ?? 'data_not_ready');
  const reasons =
    last === undefined ? [reason('data_not_ready')] : [...last.verdict.reasons, ...refused];
  return {
    kind,
    tradingDay: day.tradingDay,
    at: draft.at,
    checkpoint,
    reasons: reasons.length > 0 ? reasons : [reason('no_setup', { setups: 0 })],
    tickets: day.ticketsOpened,
    confirmed: day.ticketsConfirmed,
    trades: day.trades.length,
    resultR: day.trades.reduce((sum, trade) => sum + trade.resultR, 0),
    resultMinor: day.realizedMinor,
    setupsSeen: day.setupsSeen,
    refused: day.setupsRefused,
    evidence: [],
  };
}
