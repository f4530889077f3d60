import { ruledOutRows } from '#core/risk/edge.ts';
import type { Event } from './event.ts';
import type { Policy } from './policy.ts';
import { type PulseReport, pulseReportOf } from './pulse-report.ts';
import type { Make, Push } from './push.ts';
import { edgeInTheWay } from './select.ts';
import type { DeskState } from './state.ts';

/** Messages about the desk's day and who may trade. */
export function deskPushes(event: Event, state: DeskState, policy: Policy, make: Make): Push[] {
  switch (event.type) {
    case 'event_ahead': {
      const { blackout } = event;
      const isShrink = policy.risk.eventDays === 'shrink';
      const lifeMs = Math.max(60_000, blackout.toAt - event.at);
      return [make({ kind: 'event_ahead', blackout, isShrink }, { lifeMs })];
    }
    case 'desk_opened':
      return [make({ kind: 'boot', cashMinor: event.cashMinor })];
    case 'desk_recovered':
      return [
        make({
          kind: 'recovered',
          pending: event.pending,
          openOrders: event.openOrders,
          positions: event.positions,
        }),
      ];
    case 'session_planned':
      return [
        make({
          kind: 'premarket_brief',
          session: event.session,
          blackouts: event.blackouts,
          facts: event.facts,
          unitRMinor: event.unitRMinor,
          ...(edgeInTheWay(state) === null ? {} : { withoutEdge: ruledOutRows(event.edge) }),
        }),
      ];
    case 'day_type_changed':
      return event.from === null && event.to === 'undecided'
        ? []
        : [
            make(
              {
                kind: 'regime_change',
                instrument: event.instrument,
                from: event.from,
                to: event.to,
                regime: event.regime,
              },
              { editKey: `regime:${state.day?.tradingDay}:${event.instrument}` },
            ),
          ];
    case 'verdict_declared': {
      const kind = event.verdict.kind === 'signals' ? 'verdict_signals' : 'verdict_no_trade';
      // at a checkpoint it stands beside the gate's rows and is silent; the day's word sounds
      const isCheckpoint = /^\d/.test(event.verdict.checkpoint);
      const isMissed = event.verdict.kind === 'data_not_ready';
      return [
        make({ kind, verdict: event.verdict }, isCheckpoint && !isMissed ? { priority: 2 } : {}),
      ];
    }
    case 'day_closed':
      return reportPushes(state, event.labels, make, 'preliminary', event.equityMinor ?? null);
    case 'report_finalized':
      return reportPushes(state, [], make, 'final', event.equityMinor);
    default:
      return authorityPushes(event, state, make);
  }
}

/** The daily report; of a sector-pulse desk one message that its last word edits. */
function reportPushes(
  state: DeskState,
  labels: Extract<Event, { type: 'day_closed' }>['labels'],
  make: Make,
  stage: PulseReport['stage'],
  equityMinor: number | null,
): Push[] {
  const { day } = state;
  if (day === null || day.verdict === null) return [];
  const tickets = Object.values(state.tickets).filter(
    (ticket) => ticket.tradingDay === day.tradingDay,
  );
  const pulse = pulseReportOf(state, stage, equityMinor);
  const verdict = {
    ...day.verdict,
    // fills reported after the close belong to the day
    trades: day.trades.length,
    resultR: day.trades.reduce((sum, trade) => sum + trade.resultR, 0),
    resultMinor: day.realizedMinor,
  };
  return [
    make(
      {
        kind: 'daily_report',
        verdict: pulse === null ? day.verdict : verdict,
        trades: day.trades,
        tickets,
        labels,
        cashMinor: state.cashMinor,
        feesMinor: day.feesMinor,
        isFlat: Object.keys(state.positions).length === 0,
        ...(pulse === null ? {} : { pulse }),
      },
      pulse === null ? {} : { editKey: `report:${day.tradingDay}` },
    ),
  ];
}

function authorityPushes(event: Event, state: DeskState, make: Make): Push[] {
  switch (event.type) {
    case 'consent_given':
      return [
        make({
          kind: 'consent_given',
          by: event.by,
          untilAt: event.untilAt,
          heldUntilAt: event.heldUntilAt,
        }),
      ];
    case 'consent_withdrawn': {
      const entries = Object.values(state.orders).filter(
        (order) => order.role === 'entry' && order.cancelRequestedAt === event.at,
      );
      return [
        make({
          kind: 'consent_withdrawn',
          by: event.by,
          reason: event.reason,
          entriesToCancel: entries.length,
        }),
      ];
    }
    case 'mode_changed':
      return [make({ kind: 'mode_changed', from: event.from, to: event.to, by: event.by })];
    case 'edge_overridden':
      return [make({ kind: 'edge_overridden', rows: ruledOutRows(state.day?.edge), by: event.by })];
    case 'act_refused':
      return [
        make(
          { kind: 'act_refused', act: event.act, by: event.by, reason: event.reason },
          { onlyChat: { channel: event.channel, chatId: event.chatId } },
        ),
      ];
    default:
      return [];
  }
}
