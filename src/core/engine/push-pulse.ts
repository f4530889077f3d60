import { degradedRows } from '#core/gates/degraded.ts';
import type { Event } from './event.ts';
import type { Make, Push } from './push.ts';
import type { DeskState } from './state.ts';

const RISK_KIND = { none: 'risk_off', l1: 'risk_l1', l2: 'risk_l2' } as const;

/** Messages of a desk that decides at checkpoints: gate, stance, kill-switch, proposed sales. */
export function pulsePushes(event: Event, state: DeskState, make: Make): Push[] {
  switch (event.type) {
    case 'checkpoint_recorded': {
      const { gate, checkpoint, verdict, topSectors, watching } = event.record;
      if (gate === null) return [];
      const { passed: isPassed, checks } = gate;
      const { funnel } = verdict;
      const degraded = degradedRows(checks, Object.values(event.record.figures));
      const rows = { isPassed, checks, degraded, funnel };
      return [make({ kind: 'gate_result', checkpoint, ...rows, topSectors, watching })];
    }
    case 'sheet_prepared': {
      const { tradingDay, lines, gate, killSwitch } = event;
      return [make({ kind: 'day_sheet', tradingDay, lines, gate, killSwitch })];
    }
    case 'stance_changed': {
      const from = event.from.stance;
      const to = event.to.stance;
      return from === to ? [] : [make({ kind: 'stance_change', from, to, reasons: event.reasons })];
    }
    case 'kill_level_changed': {
      const positions = Object.keys(state.positions).length;
      return [make({ kind: RISK_KIND[event.to], reasons: event.reasons, positions })];
    }
    case 'sale_proposed': {
      const { checkpoint, why } = event;
      const sales = event.sales.map((sale) => {
        const held = state.positions[sale.instrument]?.quantity ?? sale.quantity;
        return { ...sale, share: Math.min(1, sale.quantity / Math.max(1, held)) };
      });
      return [make({ kind: 'sale_proposed', checkpoint, why, sales })];
    }
    default:
      return [];
  }
}
