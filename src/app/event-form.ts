import type { Event } from '#core/engine/event.ts';
import type { NewEvent } from './ports.ts';

/** The stream of a desk within a run. */
export function streamOf(runId: string, deskId: string): string {
  return `${runId}/desk/${deskId}`;
}

/** An event as it is stored: its type beside its data. */
export function toStored(event: Event): NewEvent {
  const { type, ...data } = event;
  return { type, data };
}

/** An event as it was stored. */
export function fromStored(stored: NewEvent): Event {
  return { type: stored.type, ...(stored.data as object) } as Event;
}
