/** What a P0 that repeats is about. */
export type AlarmKind =
  | 'done_with_position'
  | 'exit_failed'
  | 'kill_incomplete'
  | 'kill_stage1'
  | 'manual_todo'
  | 'order_unknown'
  | 'position_unprotected'
  | 'recon_blocked'
  | 'safe_mode_on';
