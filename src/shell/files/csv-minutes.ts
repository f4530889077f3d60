import type { Session } from '#core/market/session.ts';
import type { ColumnPlaces } from './csv-columns.ts';
import type { FoundBar, FoundBars } from './csv-found.ts';
import { makeRoom } from './csv-found.ts';
import { MOST_DIGITS, type PlainText, POWERS } from './csv-rows.ts';

/**
 * Reads the rows of one session that differ from the row before in minute and numbers alone: nine
 * in ten of a file of minutes, and nearly all of the time it takes. A row that is anything else
 * (another day, a cell that is not a plain positive number, prices that contradict each other, a
 * minute outside the session, a column more or less) is left where it is, to the reader of rows.
 */
export type MinuteReader = {
  /** Learns the form of the time from the row that was taken in as `bar` just now. */
  readonly learn: (bar: FoundBar, session: Session, isLinear: boolean) => void;
  /** Takes in the rows that follow as far as they are ordinary; answers how many. */
  readonly take: (found: FoundBars) => number;
};

const LF = 10;
const CR = 13;
const COMMA = 44;
const DASH = 45;
const POINT = 46;
const ZERO = 48;
const NINE = 57;
const COLON = 58;

/** Where `HH:MM` begins in `YYYY-MM-DD HH:MM`, and the end of it. */
const CLOCK_AT = 11;
const CLOCK_END = 16;
const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;

const SKIPPED = -1;
const TIME = 6;
const AMOUNT = 5;

/** What each cell of a row holds: 0 to 5 open, high, low, close, volume and turnover. */
function rolesOf(places: ColumnPlaces): Int8Array {
  const roles = new Int8Array(places.count).fill(SKIPPED);
  const { open, high, low, close, volume, amount, time } = places;
  [open, high, low, close, volume].forEach((place, role) => {
    roles[place] = role;
  });
  if (amount !== null) roles[amount] = AMOUNT;
  roles[time] = TIME;
  return roles;
}

/** First and last instant between two breaks of a session, `at` between them. */
function segmentOf(session: Session, at: number): readonly [number, number] {
  let from = session.openAt;
  let to = session.closeAt;
  for (const pause of session.breaks) {
    if (pause.toAt <= at) from = Math.max(from, pause.toAt);
    else if (pause.fromAt > at) to = Math.min(to, pause.fromAt);
  }
  return [from, to];
}

/** What is known of the rows of a text. */
type Form = {
  readonly text: PlainText;
  readonly view: DataView;
  readonly roles: Int8Array;
  readonly lengthMs: number;
  readonly volumeUnit: number;
  /** Numbers of the row that is read, by role. */
  readonly cells: Float64Array;
  /** Place of a time of the form learned, its length, and the length of the row it stands in. */
  place: number;
  dayStart: number;
  dayMiddle: number;
  dayEnd: number;
  length: number;
  rowBytes: number;
  /** Instant of the minute 0 of its day, and the first and the last minute at which a bar may open. */
  baseAt: number;
  first: number;
  last: number;
  /** Minute of the row that is read. */
  minute: number;
};

/** Reader over `text`, whose rows are bars of `lengthMs` with columns at `places`. */
export function minuteReader(
  text: PlainText,
  places: ColumnPlaces,
  lengthMs: number,
  volumeUnit: number,
): MinuteReader {
  const { buffer, byteOffset, byteLength } = text.bytes;
  const form: Form = {
    ...{ text, roles: rolesOf(places), lengthMs, volumeUnit },
    view: new DataView(buffer, byteOffset, byteLength),
    cells: new Float64Array(AMOUNT + 1),
    ...{ place: 0, dayStart: 0, dayMiddle: 0, dayEnd: 0, length: 0, rowBytes: 0 },
    ...{ baseAt: 0, first: 0, last: -1, minute: 0 },
  };
  return {
    learn: (bar, session, isLinear) => learn(form, places.time, bar, session, isLinear),
    take: (found) => take(form, found),
  };
}

function learn(
  form: Form,
  cell: number,
  { openedAt }: FoundBar,
  session: Session,
  isLinear: boolean,
): void {
  const { text, lengthMs } = form;
  const { bytes } = text;
  form.last = -1;
  const place = text.startOf(cell);
  const length = text.endOf(cell) - place;
  // every scan of a cell ends at the end of its line at the latest
  const isKnown = isLinear && length >= CLOCK_END && bytes[bytes.length - 1] === LF;
  if (!isKnown || bytes[place + 4] !== DASH || bytes[place + 7] !== DASH) return;
  const minute = minuteAt(bytes, place + CLOCK_AT);
  if (minute < 0) return;
  const [from, to] = segmentOf(session, openedAt);
  const baseAt = openedAt - minute * MINUTE_MS;
  form.dayStart = form.view.getInt32(place);
  form.dayMiddle = form.view.getInt32(place + 3);
  form.dayEnd = form.view.getInt32(place + 7);
  form.place = place;
  form.length = length;
  form.rowBytes = text.next() - text.start();
  form.baseAt = baseAt;
  form.first = Math.max(0, Math.ceil((from - baseAt) / MINUTE_MS));
  form.last = Math.min(DAY_MINUTES - 1, Math.floor((to - lengthMs - baseAt) / MINUTE_MS));
}

/** Minute of the day that `HH:MM` at a place writes; −1 where something else stands there. */
function minuteAt(bytes: Buffer, at: number): number {
  const a = bytes[at]! - ZERO;
  const b = bytes[at + 1]! - ZERO;
  const c = bytes[at + 3]! - ZERO;
  const d = bytes[at + 4]! - ZERO;
  const isClock = a >= 0 && a <= 2 && b >= 0 && b <= 9 && c >= 0 && c <= 5 && d >= 0 && d <= 9;
  return isClock && bytes[at + 2] === COLON ? (a * 10 + b) * 60 + c * 10 + d : -1;
}

/** Reads a time of the form learned; answers where it ends, −1 where it is another. */
function takeTime(form: Form, bytes: Buffer, at: number): number {
  const { view, place, length } = form;
  if (at + length >= bytes.length) return -1;
  // the eleven bytes of the day, those of its last digits first
  if (view.getInt32(at + 7) !== form.dayEnd || view.getInt32(at + 3) !== form.dayMiddle) return -1;
  if (view.getInt32(at) !== form.dayStart) return -1;
  for (let k = CLOCK_END; k < length; k += 1) if (bytes[at + k] !== bytes[place + k]) return -1;
  const minute = minuteAt(bytes, at + CLOCK_AT);
  form.minute = minute;
  return minute >= form.first && minute <= form.last ? at + length : -1;
}

/** Reads a plain number into the cell of `role`; answers where it ends, −1 where it is none. */
function takeNumber(cells: Float64Array, role: number, bytes: Buffer, start: number): number {
  let at = start;
  let whole = 0;
  let byte = bytes[at]!;
  for (; byte >= ZERO && byte <= NINE; byte = bytes[at]!) {
    whole = whole * 10 + (byte - ZERO);
    at += 1;
  }
  if (byte !== POINT) {
    if (at === start || at - start > MOST_DIGITS) return -1;
    cells[role] = whole;
    return at;
  }
  at += 1;
  const point = at;
  byte = bytes[at]!;
  for (; byte >= ZERO && byte <= NINE; byte = bytes[at]!) {
    whole = whole * 10 + (byte - ZERO);
    at += 1;
  }
  const digits = at - start - 1;
  if (digits < 1 || digits > MOST_DIGITS) return -1;
  cells[role] = whole / POWERS[at - point]!;
  return at;
}

function takeNothing(bytes: Buffer, start: number): number {
  let at = start;
  while (bytes[at] !== COMMA && bytes[at] !== LF && bytes[at] !== CR) at += 1;
  return at;
}

/** Reads the row that begins at `start`; answers where the next one begins, −1 where it is not ordinary. */
function takeRow(form: Form, bytes: Buffer, start: number): number {
  const { roles, cells } = form;
  const last = roles.length - 1;
  let at = start;
  for (let cell = 0; cell <= last; cell += 1) {
    const role = roles[cell]!;
    if (role === TIME) at = takeTime(form, bytes, at);
    else if (role === SKIPPED) at = takeNothing(bytes, at);
    else at = takeNumber(cells, role, bytes, at);
    if (at < 0) return -1;
    if (cell < last) {
      if (bytes[at] !== COMMA) return -1;
      at += 1;
    }
  }
  if (bytes[at] === CR) at += 1;
  if (bytes[at] !== LF) return -1;
  const open = cells[0]!;
  const high = cells[1]!;
  const low = cells[2]!;
  const close = cells[3]!;
  const isSound = low > 0 && low <= open && low <= close && high >= open && high >= close;
  return isSound ? at + 1 : -1;
}

function take(form: Form, found: FoundBars): number {
  if (form.last < form.first) return 0;
  const { text, cells, baseAt, lengthMs, volumeUnit, rowBytes } = form;
  const { bytes } = text;
  let { openedAt, closedAt, open, high, low, close, volume, amount } = found;
  const before = found.length;
  let i = before;
  let next = text.next();
  while (next < bytes.length) {
    const behind = takeRow(form, bytes, next);
    if (behind < 0) break;
    if (i === openedAt.length) {
      found.length = i;
      makeRoom(found, Math.ceil((bytes.length - next) / rowBytes));
      ({ openedAt, closedAt, open, high, low, close, volume, amount } = found);
    }
    const from = baseAt + form.minute * MINUTE_MS;
    openedAt[i] = from;
    closedAt[i] = from + lengthMs;
    open[i] = cells[0]!;
    high[i] = cells[1]!;
    low[i] = cells[2]!;
    close[i] = cells[3]!;
    volume[i] = cells[4]! * volumeUnit;
    if (amount.length > 0) amount[i] = cells[AMOUNT]!;
    i += 1;
    next = behind;
  }
  found.length = i;
  text.jump(next);
  return i - before;
}
