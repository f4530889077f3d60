import { reason } from '#core/gates/reason.ts';
import { decideStance } from '#core/machines/stance.ts';
import { changeStance, isOfToday, pulseOf } from './decide-pulse.ts';
import { type Draft, emit } from './draft.ts';
import type { Input } from './input.ts';

type Of<K extends Input['kind']> = Extract<Input, { kind: K }>;

/**
 * A checkpoint that was not made: no trade, said as one. With the policy `closed` it counts as a gate
 * that did not pass; `open` leaves the stance as it was. Either way no name is watched after it. A
 * checkpoint that was judged or missed before is left alone.
 */
export function onCheckpointMissed(draft: Draft, input: Of<'checkpoint_missed'>): void {
  const { tradingDay, checkpoint, reasons } = input;
  const { pulse: rules } = draft.policy;
  if (rules === null || !isOfToday(draft, tradingDay)) return;
  if (pulseOf(draft).checkpoints.some((one) => one.checkpoint === checkpoint)) return;
  const isGate = rules.checkpoints.includes(checkpoint);
  const isClosed = rules.whenMissed !== 'open';
  emit(draft, { type: 'checkpoint_missed', tradingDay, checkpoint, reasons, isGate });
  if (isGate && isClosed) {
    const { stance } = pulseOf(draft);
    const failed = { kind: 'gate_judged', passed: false, positionRatio: null } as const;
    changeStance(draft, decideStance(stance, failed, rules.stance).state, reasons);
  }
  const { day } = draft.state;
  emit(draft, {
    type: 'verdict_declared',
    verdict: {
      kind: 'data_not_ready',
      tradingDay,
      at: draft.at,
      checkpoint,
      reasons: reasons.length > 0 ? reasons : [reason('checkpoint_missed')],
      tickets: day?.ticketsOpened ?? 0,
      confirmed: day?.ticketsConfirmed ?? 0,
      trades: day?.trades.length ?? 0,
      resultR: day?.trades.reduce((sum, trade) => sum + trade.resultR, 0) ?? 0,
      resultMinor: day?.realizedMinor ?? 0,
      setupsSeen: day?.setupsSeen ?? 0,
      refused: [],
      evidence: [],
    },
  });
}

/** The sheet of the morning, told once a day. */
export function onSheet(draft: Draft, input: Of<'sheet_prepared'>): void {
  const { tradingDay, lines, gate, killSwitch } = input;
  if (!isOfToday(draft, tradingDay) || pulseOf(draft).sheetOn === tradingDay) return;
  emit(draft, { type: 'sheet_prepared', tradingDay, lines, gate, killSwitch });
}

/** The last word on a day that is closed: what was reported since, told once. */
export function onReportDue(draft: Draft, input: Of<'report_due'>): void {
  const { day } = draft.state;
  if (draft.policy.pulse === null || day === null || !day.isClosed) return;
  if (day.tradingDay !== input.tradingDay || pulseOf(draft).finalOn === input.tradingDay) return;
  emit(draft, {
    type: 'report_finalized',
    tradingDay: input.tradingDay,
    equityMinor: input.equityMinor,
  });
}
