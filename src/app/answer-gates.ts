import { gateHistoryOf } from '#core/engine/gate-history.ts';
import type { Ticket } from '#core/machines/ticket.ts';
import type { Answer } from '#core/replies/answer.ts';
import type { CheckpointRecord } from '#core/strategies/sector-pulse/checkpoint.ts';
import type { DeskHandle } from './desk-handle.ts';
import { viewOf } from './desk-view.ts';
import { deskScope } from './find-desk.ts';

/** Where stored checkpoints are read. */
export interface CheckpointSource {
  /** Checkpoints of a desk as stored, newest first; of one trading day where given. Throws StoreError. */
  checkpoints(
    deskId: string,
    tradingDay: string | null,
    count: number,
  ): Promise<readonly CheckpointRecord[]>;
}

/** Checkpoints a day can have at most: what is read to find one of them. */
const OF_A_DAY = 8;

function pulseDesks(scope: string | null, handles: readonly DeskHandle[]): readonly DeskHandle[] {
  return deskScope(scope, handles).filter(({ policy }) => policy.pulse !== null);
}

/** The gate of each desk that decides at checkpoints, as last judged or at the checkpoint asked for. */
export async function gatesAnswer(
  at: number,
  ask: { readonly scope: string | null; readonly checkpoint: string | null },
  handles: readonly DeskHandle[],
  source: CheckpointSource,
): Promise<Answer> {
  const [desk] = pulseDesks(ask.scope, handles);
  if (desk === undefined) return { at, kind: 'no_checkpoints' };
  const { deskId, pulse } = desk.policy;
  const wanted = ask.checkpoint === 'now' ? null : ask.checkpoint;
  const records = await source.checkpoints(deskId, null, OF_A_DAY);
  const record =
    records.find(
      ({ checkpoint, gate }) => gate !== null && (wanted === null || checkpoint === wanted),
    ) ?? null;
  const notes = desk.state().pulse?.gates ?? [];
  const asked = wanted === null ? (pulse?.checkpoints ?? []) : [wanted];
  return {
    at,
    kind: 'gates',
    desk: viewOf(desk, at),
    checkpoint: ask.checkpoint,
    record,
    look: desk.view().killLook ?? null,
    histories: asked.map((checkpoint) => gateHistoryOf(notes, checkpoint)),
  };
}

/** Sectors and stocks as the newest checkpoint ranked them. */
export async function sectorsAnswer(
  at: number,
  scope: string | null,
  handles: readonly DeskHandle[],
  source: CheckpointSource,
): Promise<Answer> {
  const [desk] = pulseDesks(scope, handles);
  if (desk === undefined) return { at, kind: 'no_checkpoints' };
  const records = await source.checkpoints(desk.policy.deskId, null, OF_A_DAY);
  const record = records.find(({ sectors }) => sectors.length > 0) ?? records[0] ?? null;
  return { at, kind: 'sectors', desk: viewOf(desk, at), record };
}

/** The checkpoint that stands behind a ticket, or without one the newest; null elsewhere. */
export async function checkpointBehind(
  desk: DeskHandle,
  ticket: Ticket | null,
  source: CheckpointSource,
): Promise<CheckpointRecord | null> {
  if (desk.policy.pulse === null) return null;
  const day = ticket?.tradingDay ?? null;
  const records = await source.checkpoints(desk.policy.deskId, day, OF_A_DAY);
  if (ticket === null) return records[0] ?? null;
  return records.find(({ at }) => at <= ticket.createdAt) ?? null;
}
