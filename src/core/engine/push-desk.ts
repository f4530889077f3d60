import type { Event } from './event.ts';
import type { Make, Push } from './push.ts';
import type { DeskState } from './state.ts';

/** Messages about the desk's day and who may trade. */
export function deskPushes(event: Event, state: DeskState, make: Make): Push[] {
  switch (event.type) {
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
      return [make({ kind, verdict: event.verdict })];
    }
    case 'day_closed': {
      const { day } = state;
      if (day === null || day.verdict === null) return [];
      const tickets = Object.values(state.tickets).filter(
        (ticket) => ticket.tradingDay === day.tradingDay,
      );
      return [
        make({
          kind: 'daily_report',
          verdict: day.verdict,
          trades: day.trades,
          tickets,
          labels: event.labels,
          cashMinor: state.cashMinor,
          feesMinor: day.feesMinor,
          isFlat: event.isFlat,
        }),
      ];
    }
    default:
      return authorityPushes(event, state, make);
  }
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
