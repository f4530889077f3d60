import type { AlarmKind } from '#core/engine/alarm-kind.ts';
import type { Speech } from './catalogue.ts';

export const ALARMS_EN: Readonly<Record<AlarmKind, string>> = {
  done_with_position: 'still held after the close',
  exit_failed: 'an exit failed',
  kill_incomplete: 'the flatten is not complete',
  kill_stage1: 'kill',
  manual_todo: 'a to-do to be reported',
  order_unknown: 'an order whose outcome is unknown',
  position_unprotected: 'a position without a stop',
  recon_blocked: 'book and broker differ',
  safe_mode_on: 'SAFE_MODE',
};

export const ALARMS_ZH: Readonly<Record<AlarmKind, string>> = {
  done_with_position: '收盘仍有持仓',
  exit_failed: '卖出未完成',
  kill_incomplete: '清仓未完成',
  kill_stage1: '急停',
  manual_todo: '待报成交的委托',
  order_unknown: '委托结果未知',
  position_unprotected: '持仓没有止损',
  recon_blocked: '账实不符',
  safe_mode_on: 'SAFE_MODE',
};

/** An alarm by its id, `kind:subject`: what it is about, and the symbol or order it names. */
export function alarmWords(
  words: Readonly<Record<AlarmKind, string>>,
  id: string,
  s: Speech,
): string {
  const at = id.indexOf(':');
  const kind = at === -1 ? id : id.slice(0, at);
  if (!Object.hasOwn(words, kind)) return s.f.words(id, 60);
  const named = words[kind as AlarmKind];
  // of the whole desk or account the kind says all
  const isWhole = ['kill_stage1', 'kill_incomplete', 'safe_mode_on', 'recon_blocked'].includes(
    kind,
  );
  return isWhole ? named : `${named} (${s.f.words(id.slice(at + 1), 60)})`;
}
