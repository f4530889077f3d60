import { openEntries, ticketByCode } from '#core/engine/select.ts';
import type { DeskState } from '#core/engine/state.ts';
import { isRunning } from '#core/machines/rotation.ts';
import { type InstrumentId, symbolOf } from '#core/market/instrument.ts';
import type { DeskAct } from '#core/replies/act.ts';
import { LATE_AFTER_MS } from '#core/replies/conversation.ts';
import type { DeskHandle } from './desk-handle.ts';
import { type ActFrom, go, type Judged, late, refused } from './judged.ts';

type SwitchAct = Extract<DeskAct, { act: 'switch' }>;

/** The name a word means at a desk: held or on order, else one it follows; null when it knows none. */
export function nameAt(desk: DeskHandle, word: string): InstrumentId | null {
  const state = desk.state();
  const byCode = ticketByCode(state, word)?.instrument ?? null;
  const isMeant = (id: string) => id === word || symbolOf(id as InstrumentId) === word;
  const all = [...leavable(state), ...desk.policy.instruments, ...Object.keys(state.symbols)];
  return (all.find(isMeant) as InstrumentId | undefined) ?? byCode;
}

/** Names that can be left: held, or still being bought. */
function leavable(state: DeskState): string[] {
  return [...Object.keys(state.positions), ...openEntries(state).map((order) => order.instrument)];
}

/**
 * Finds the desk a switch is for: the one that holds or buys the first name. Late it is not proposed, and
 * late nothing is sold by an answer; that a name is kept counts late too. The desk judges all else, and
 * its ticket is what a person confirms.
 */
export function judgeSwitch(act: SwitchAct, desks: readonly DeskHandle[], from: ActFrom): Judged {
  const lateMs = from.now - from.sentAt;
  const isLate = lateMs > LATE_AFTER_MS;
  if (act.verb !== 'propose') {
    if (isLate && act.verb === 'sell') return late(act, from);
    const { code } = act;
    const isAsked = (desk: DeskHandle) => {
      const { rotation } = desk.state();
      return isRunning(rotation) && (code === null || rotation.code === code);
    };
    const meant = desks.find(isAsked) ?? desks[0];
    if (meant === undefined) return refused({ kind: 'no_ticket' });
    return go(act, [meant], isLate ? lateMs : null);
  }
  if (isLate) return late(act, from);
  const desk = desks.find((one) => {
    const name = nameAt(one, act.from);
    return name !== null && leavable(one.state()).includes(name);
  });
  if (desk === undefined) return refused({ kind: 'nothing_held', target: act.from });
  return go(act, [desk], null);
}
