import type { CheckpointRecord } from '#core/strategies/sector-pulse/checkpoint.ts';
import { fromStored } from './event-form.ts';
import type { EventLog } from './ports.ts';

/**
 * Checkpoints of a desk's stream as they were stored, whole, newest first; of one trading day where
 * given. Throws StoreError.
 */
export async function storedCheckpoints(
  events: EventLog,
  stream: string,
  tradingDay: string | null,
  count: number,
): Promise<CheckpointRecord[]> {
  const stored = await events.newest(stream, 'checkpoint_recorded', count, tradingDay);
  return stored.flatMap((row) => {
    const event = fromStored(row);
    return event.type === 'checkpoint_recorded' ? [event.record] : [];
  });
}
