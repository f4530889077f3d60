import type { Event } from '#core/engine/event.ts';
import type { Ticket } from '#core/machines/ticket.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { intradayOf } from '#core/pictures/intraday-of.ts';
import type { Picture } from '#core/pictures/picture.ts';
import type { CheckpointRecord } from '#core/strategies/sector-pulse/checkpoint.ts';
import type { DeskHandle } from './desk-handle.ts';
import type { ChatTarget } from './fan-out.ts';
import { type PictureDeps, type PictureLetter, pictureRows } from './picture-rows.ts';
import type { Outbox, OutboxRow } from './ports.ts';
import type { SessionTape } from './session-tape.ts';

export type SendPicturesDeps = PictureDeps & {
  readonly outbox: Outbox;
  readonly handOver: (rows: readonly OutboxRow[]) => void;
  /** Chats that are shown pictures without asking. */
  readonly targets: () => readonly ChatTarget[];
  readonly tapeOf: (deskId: string) => SessionTape | null;
  readonly onTrouble: (place: string, error: unknown) => void;
};

const HOUR_MS = 3_600_000;
/** A report is worth reading all day. */
const REPORT_LIFE_MS = 24 * HOUR_MS;
/** Symbols shown with a report. */
const MOST_SYMBOLS = 3;

/** The gate of a checkpoint; null where it judged none. */
export function gatePictureOf(deskId: string, record: CheckpointRecord): Picture | null {
  const { gate, tradingDay, checkpoint } = record;
  if (gate === null) return null;
  return {
    kind: 'gates',
    deskId,
    tradingDay,
    checkpoint,
    isPassed: gate.passed,
    checks: gate.checks,
  };
}

/** Symbols of the day's tickets, those that were traded first. */
function symbolsOfDay(desk: DeskHandle): InstrumentId[] {
  const { day, tickets } = desk.state();
  const ofDay = Object.values(tickets).filter((ticket) => ticket.tradingDay === day?.tradingDay);
  const traded = (day?.trades ?? []).map(({ instrument }) => instrument);
  const all = new Set([...traded, ...ofDay.map(({ instrument }) => instrument)]);
  return [...all].slice(0, MOST_SYMBOLS);
}

/**
 * Shows a picture beside what a desk has just said: the day so far beside a ticket, the gate beside its
 * checkpoint, the day beside its report. The words are committed and on their way before a picture is begun;
 * one that fails takes nothing with it.
 */
export function createPictureSender(
  deps: SendPicturesDeps,
): (desk: DeskHandle, events: readonly Event[]) => Promise<void> {
  const dayOf = (desk: DeskHandle, instrument: InstrumentId, ticket: Ticket | null) => {
    const tape = deps.tapeOf(desk.policy.deskId)?.of(instrument) ?? null;
    return tape === null ? null : intradayOf(desk.state(), instrument, ticket, tape);
  };
  const letterOf = (
    picture: Picture | null,
    key: string,
    kind: string,
    expiresAt: number,
  ): PictureLetter[] =>
    picture === null ? [] : [{ picture, kind, key: `picture:${key}`, expiresAt, replyTo: null }];
  const lettersOf = (desk: DeskHandle, event: Event): PictureLetter[] => {
    const { deskId } = desk.policy;
    switch (event.type) {
      case 'ticket_opened': {
        const { ticket } = event;
        const picture = dayOf(desk, ticket.instrument, ticket);
        return letterOf(
          picture,
          `${ticket.id}:${ticket.version}`,
          'signal_chart',
          ticket.expiresAt,
        );
      }
      case 'checkpoint_recorded': {
        const picture = gatePictureOf(deskId, event.record);
        const key = `${deskId}:${event.record.tradingDay}:${event.record.checkpoint}`;
        return letterOf(picture, key, 'gate_chart', event.at + HOUR_MS);
      }
      case 'day_closed': {
        const tradingDay = desk.state().day?.tradingDay ?? '';
        return symbolsOfDay(desk).flatMap((instrument) =>
          letterOf(
            dayOf(desk, instrument, null),
            `${deskId}:${tradingDay}:${instrument}`,
            'report_chart',
            event.at + REPORT_LIFE_MS,
          ),
        );
      }
      default:
        return [];
    }
  };
  return async (desk, events) => {
    const targets = deps.targets();
    if (targets.length === 0) return;
    try {
      // as things stand now: while one is drawn the desk goes on
      const letters = events.flatMap((event) => lettersOf(desk, event));
      for (const letter of letters) {
        const rows = await pictureRows(letter, targets, deps);
        if (rows.length > 0) deps.handOver(await deps.outbox.enqueue(rows));
      }
    } catch (error) {
      deps.onTrouble('pictures', error);
    }
  };
}
