import type { Reason, ReasonCode } from '#core/gates/reason.ts';
import { reason } from '#core/gates/reason.ts';
import type { SentimentGate } from '#core/gates/sentiment.ts';
import type { CheckpointRecord } from './checkpoint.ts';
import type { FunnelStage, StockCandidate } from './select-stocks.ts';

/**
 * What a checkpoint says. `signals`: buy points are being watched. `no_trade`: judged, and no.
 * `data_not_ready`: something that is needed could not be had. `blocked`: the desk is dormant, or
 * the market would allow it and the desk is not allowed to.
 */
export type CheckpointVerdict = {
  readonly kind: 'signals' | 'no_trade' | 'data_not_ready' | 'blocked';
  readonly reasons: readonly Reason[];
  /** Names left at each stage; empty when stocks were not ranked. */
  readonly funnel: readonly FunnelStage[];
  /** How often each code refused a stock of the top sectors, most frequent first. */
  readonly rejected: readonly { readonly code: ReasonCode; readonly times: number }[];
};

/** One reason for each condition of a gate that did not hold. */
export function gateReasons(gate: SentimentGate): Reason[] {
  return gate.checks
    .filter((check) => !check.passed)
    .map(({ name, value, operator, threshold }) =>
      reason('gate_failed', {
        condition: name,
        value: typeof value === 'number' ? value : value === null ? 'unknown' : String(value),
        operator,
        threshold: typeof threshold === 'number' ? threshold : String(threshold),
      }),
    );
}

function rejectedOf(candidates: readonly StockCandidate[]): CheckpointVerdict['rejected'] {
  const counts = new Map<ReasonCode, number>();
  for (const { reasons } of candidates) {
    for (const { code } of reasons) counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  return [...counts]
    .map(([code, times]) => ({ code, times }))
    .sort((a, b) => b.times - a.times || (a.code < b.code ? -1 : 1));
}

/** Sources that did not answer, with why: what a verdict without data names first. */
const FAILED: ReadonlySet<string> = new Set([
  'source_failed',
  'answer_refused',
  'out_of_time',
  'canceled',
  'not_offered',
]);
const MOST_MISSING = 4;

function missingReasons({ inputs }: Omit<CheckpointRecord, 'verdict'>): Reason[] {
  const said = new Map<string, Reason>();
  for (const { code, source, figures } of inputs.notes ?? []) {
    if (!FAILED.has(code)) continue;
    const cause = String(figures['cause'] ?? code);
    // a source may be asked for more than one thing: it is named once for what befell it
    said.set(`${source} ${cause}`, reason('data_not_ready', { source, cause }));
  }
  return [...said.values()].slice(0, MOST_MISSING);
}

const STANCE_CODES = {
  hold: 'stance_hold',
  watch: 'stance_watch',
  dormant: 'stance_dormant',
} as const;

function judged(
  record: Omit<CheckpointRecord, 'verdict'>,
): Pick<CheckpointVerdict, 'kind' | 'reasons'> {
  const { gate, kill, selection, watching, account } = record;
  const { stance } = record.stance.after;
  const reasons: Reason[] = kill.level === 'none' ? [] : [...kill.look.reasons];
  if (gate === null) return { kind: 'no_trade', reasons };
  reasons.push(...gateReasons(gate));
  if (stance !== 'attack') reasons.push(reason(STANCE_CODES[stance]));
  if (stance === 'dormant') return { kind: 'blocked', reasons };
  if (!gate.passed) {
    const isUnknown = gate.checks.some(({ value }) => value === null);
    if (!isUnknown) return { kind: 'no_trade', reasons };
    return { kind: 'data_not_ready', reasons: [...missingReasons(record), ...reasons] };
  }
  if (kill.level !== 'none') return { kind: 'blocked', reasons };
  if (account.permission !== 'active') {
    const why = reason('risk_permission', { value: account.permission });
    return { kind: 'blocked', reasons: [...reasons, why] };
  }
  if (stance === 'hold') return { kind: 'no_trade', reasons };
  if (selection === null || record.topSectors.length === 0) {
    return { kind: 'data_not_ready', reasons: [...reasons, reason('data_not_ready')] };
  }
  if (watching.length > 0) return { kind: 'signals', reasons };
  const counts = rejectedOf(selection.candidates).map(({ code, times }) => reason(code, { times }));
  return { kind: 'no_trade', reasons: [...reasons, ...counts] };
}

/** The verdict of a checkpoint from everything else in its record. */
export function verdictOf(record: Omit<CheckpointRecord, 'verdict'>): CheckpointVerdict {
  const { selection } = record;
  return {
    ...judged(record),
    funnel: selection?.funnel ?? [],
    rejected: rejectedOf(selection?.candidates ?? []),
  };
}
