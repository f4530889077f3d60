/** Every code with which the desk refuses, closes or stops. Closed: a new one is added here first. */
export type ReasonCode =
  | 'stop_too_wide'
  | 'size_too_small'
  | 'cost_over_r'
  | 'spread_too_wide'
  | 'volume_too_low'
  | 'day_type_event'
  | 'day_type_range'
  | 'day_type_trend_down'
  | 'day_type_trend_up'
  | 'below_vwap'
  | 'above_vwap'
  | 'below_ma20'
  | 'above_ma20'
  | 'no_pullback'
  | 'no_reclaim'
  | 'outside_window'
  | 'warmup_incomplete'
  | 'data_stale'
  | 'quote_stale'
  | 'quote_missing'
  | 'blackout'
  | 'event_day'
  | 'not_flat'
  | 'cooldown'
  | 'recent_ticket'
  | 'day_loss_limit'
  | 'trades_per_day'
  | 'consecutive_losses'
  | 'open_risk_limit'
  | 'position_cap'
  | 'cash_short'
  | 'permission_reducing'
  | 'permission_halted'
  | 'permission_not_given'
  | 'stopped_by_operator'
  | 'killed'
  | 'safe_mode'
  | 'opening_no_trade'
  | 'session_done'
  | 'halt'
  | 'price_above_band'
  | 'stop_touched'
  | 'life_over'
  | 'superseded'
  | 'window_ended'
  | 'already_answered'
  | 'unknown_ticket'
  | 'mode_alert'
  | 'no_edge'
  | 'no_setup'
  | 'not_trading_day'
  | 'data_not_ready'
  | 'unconfirmed_order'
  | 'position_mismatch'
  | 'risk_not_computable'
  | 'heartbeat_lost'
  | 'bar_overdue'
  | 'kill_file'
  | 'channel_unreachable'
  | 'abnormal_range';

/** Why not, with the figures that decided it (name → value; units as suffix of the name). */
export type Reason = {
  readonly code: ReasonCode;
  readonly figures: Readonly<Record<string, number | string>>;
};

/** A reason; figures default to none. */
export function reason(code: ReasonCode, figures: Reason['figures'] = {}): Reason {
  return { code, figures };
}
