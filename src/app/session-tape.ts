import type { Input } from '#core/engine/input.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { MinutePoint } from '#core/pictures/picture.ts';
import type { EventLog, InputLog } from './ports.ts';

/** What was seen of one symbol since the session was planned. */
export type SymbolTape = {
  readonly points: readonly MinutePoint[];
  readonly openingRange: { readonly high: number; readonly low: number } | null;
};

/** Minutes of the day as a desk was told them; for pictures and scores, never for a decision. */
export type SessionTape = {
  note(input: Input): void;
  of(instrument: InstrumentId): SymbolTape | null;
  /** Symbols of which something was seen. */
  symbols(): readonly InstrumentId[];
};

type Row = {
  points: MinutePoint[];
  openingRange: SymbolTape['openingRange'];
  /** Bars outrank prices that were only looked at. */
  hasBars: boolean;
};

const MINUTE_MS = 60_000;
/** A session and some; a desk that is never told of a new one does not grow for ever. */
const MOST_POINTS = 1_000;

/** An empty tape. A new session begins it anew. */
export function createSessionTape(): SessionTape {
  const rows = new Map<InstrumentId, Row>();
  const rowOf = (instrument: InstrumentId): Row => {
    const row = rows.get(instrument) ?? { points: [], openingRange: null, hasBars: false };
    rows.set(instrument, row);
    return row;
  };
  const bar = ({ evaluation }: Extract<Input, { kind: 'bar_evaluated' }>): void => {
    const { instrument, asOf: closedAt, bar: found, vwap, or15 } = evaluation;
    const row = rowOf(instrument);
    if (!row.hasBars) row.points = [];
    row.hasBars = true;
    const { open, high, low, close } = found;
    if ((row.points.at(-1)?.closedAt ?? 0) >= closedAt || row.points.length >= MOST_POINTS) return;
    row.points.push({ closedAt, open, high, low, close, vwap });
    row.openingRange = or15 ?? row.openingRange;
  };
  /** A price that was looked at: minutes are made of what came in them. */
  const price = (instrument: InstrumentId, at: number, value: number): void => {
    const row = rowOf(instrument);
    if (row.hasBars || !(value > 0)) return;
    const closedAt = (Math.floor(at / MINUTE_MS) + 1) * MINUTE_MS;
    const last = row.points.at(-1);
    if (last === undefined || last.closedAt < closedAt) {
      if (row.points.length >= MOST_POINTS) return;
      const flat = { open: value, high: value, low: value, close: value };
      row.points.push({ closedAt, ...flat, vwap: null });
    } else if (last.closedAt === closedAt) {
      const high = Math.max(last.high, value);
      row.points[row.points.length - 1] = {
        ...last,
        high,
        low: Math.min(last.low, value),
        close: value,
      };
    }
  };
  return {
    note(input) {
      switch (input.kind) {
        case 'session_planned':
          return rows.clear();
        case 'bar_evaluated':
          return bar(input);
        case 'minute_watched':
          for (const { instrument, last } of input.names) price(instrument, input.at, last);
          return;
        case 'quote_seen': {
          const { instrument, bid, ask } = input.quote;
          if (bid > 0 && ask > 0) price(instrument, input.at, (bid + ask) / 2);
          return;
        }
        default:
          return;
      }
    },
    of: (instrument) => rows.get(instrument) ?? null,
    symbols: () => [...rows.keys()],
  };
}

/** Tells a tape, before the desk hears anything new, what the log of inputs has of the session. Throws StoreError. */
export async function refillTape(
  tape: SessionTape,
  stream: string,
  store: { readonly events: EventLog; readonly inputs: InputLog },
): Promise<void> {
  const [planned] = await store.events.newest(stream, 'session_planned', 1);
  const ordinal = Number(planned?.causationId?.split(':').at(-1) ?? Number.NaN);
  if (!Number.isInteger(ordinal)) return;
  for (const { data } of await store.inputs.read(stream, ordinal))
    tape.note((data as { readonly input: Input }).input);
}
