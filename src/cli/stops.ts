import { readFile } from 'node:fs/promises';
import { foldBook } from '#app/read-book.ts';
import { handInActs, openKillTools, readTable } from '#compose-tools';
import { heldAs } from '#core/engine/decide-stops.ts';
import type { Position } from '#core/engine/state.ts';
import { symbolOf } from '#core/market/instrument.ts';
import { roundToTick, tickSizeOf } from '#core/market/price.ts';
import type { DeskAct } from '#core/replies/act.ts';
import { withBooks } from './book.ts';
import { EXIT, type ExitCode, UsageError } from './exit-code.ts';
import { type Output, tableText } from './output.ts';

export type StopsFlags = {
  readonly account: string;
  readonly percent?: string;
  readonly file?: string;
  readonly dry: boolean;
};

type Row = {
  readonly instrument: string;
  readonly quantity: number;
  readonly entryPrice: number;
  readonly from: number;
  readonly to: number;
  readonly what: 'tighten' | 'widen' | 'same';
};

const MOST_PERCENT = 50;

function percentOf(text: string): number {
  const percent = Number(text);
  if (Number.isFinite(percent) && percent > 0 && percent <= MOST_PERCENT) return percent;
  throw new UsageError(`--percent: found ${text}, expected a number above 0 up to ${MOST_PERCENT}`);
}

/** Rows `symbol,stop` of a file, header first. Throws UsageError naming the line. */
async function stopsOf(file: string): Promise<ReadonlyMap<string, number>> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    const found = error instanceof Error && 'code' in error ? String(error.code) : 'an error';
    throw new UsageError(`--file: found ${found} at ${file}, expected a CSV with symbol,stop`);
  });
  const stops = new Map<string, number>();
  for (const [index, row] of (await readTable(text, file)).entries()) {
    const symbol = row['symbol']?.trim().toUpperCase() ?? '';
    const stop = Number(row['stop']);
    if (symbol === '' || !Number.isFinite(stop) || stop <= 0)
      throw new UsageError(
        `${file} line ${index + 2}: found ${symbol},${row['stop'] ?? ''}, expected symbol,stop`,
      );
    stops.set(symbol, stop);
  }
  return stops;
}

function rowOf(position: Position, wanted: number): Row {
  const { instrument, quantity, entryPrice, stop: from } = position;
  const to = roundToTick(wanted, tickSizeOf(instrument, wanted, position.tradingDay), 'down');
  const what = to > from ? 'tighten' : to < from ? 'widen' : 'same';
  return { instrument, quantity, entryPrice, from, to, what };
}

/**
 * Sets protective stops of all positions of an account: a percentage below their cost, or those of a
 * file. Stops that would let more be lost are shown and left to /stoploss, which asks.
 */
export async function runStops(flags: StopsFlags, output: Output): Promise<ExitCode> {
  const { account, file } = flags;
  if ((flags.percent === undefined) === (file === undefined))
    throw new UsageError('stops set: found both or none of --percent, --file, expected one');
  const percent = flags.percent === undefined ? null : percentOf(flags.percent);
  const given = file === undefined ? null : await stopsOf(file);
  return await withBooks('live', async ({ settings, store, books }) => {
    const desk = settings.desks.find((one) => one.account === account || one.id === account);
    if (desk === undefined) {
      const known = settings.desks.map((one) => one.account).join(', ');
      throw new UsageError(`--account: found ${account}, expected one of ${known}`);
    }
    const book = books.find((one) => one.deskId === desk.id);
    const state = book === undefined ? null : (await foldBook(store.events, book, desk.mode)).state;
    const held = state === null ? [] : Object.values(state.positions);
    for (const symbol of given?.keys() ?? [])
      if (state === null || heldAs(state, symbol) === undefined)
        throw new UsageError(`${file}: found ${symbol}, expected a symbol that ${account} holds`);
    if (held.length === 0) {
      output.line(
        `${account}: nothing is held, so no stop is set; a demo or replay has an account of its own`,
      );
      output.result({ account, rows: [], handedIn: 0 });
      return EXIT.ok;
    }
    const rows = held.flatMap((position) => {
      const wanted =
        percent === null
          ? (given?.get(symbolOf(position.instrument)) ?? given?.get(position.instrument))
          : position.entryPrice * (1 - percent / 100);
      return wanted === undefined ? [] : [rowOf(position, wanted)];
    });
    const acts = rows
      .filter((row) => row.what === 'tighten')
      .map((row): DeskAct => ({ act: 'stoploss', target: row.instrument, price: row.to }));
    output.line(
      tableText([
        ['symbol', 'shares', 'cost', 'stop', 'new stop', ''],
        ...rows.map((row) => [
          row.instrument,
          row.quantity,
          row.entryPrice,
          row.from,
          row.to,
          row.what === 'widen' ? 'left alone: widening asks, by /stoploss in the chat' : row.what,
        ]),
      ]),
    );
    const isRunning = (await openKillTools()).findDesk().kind === 'running';
    if (!flags.dry && acts.length > 0 && !isRunning) {
      output.line('found no desk that runs, expected one: nothing was set');
      output.result({ account, rows, handedIn: 0 });
      return EXIT.failed;
    }
    if (!flags.dry && acts.length > 0) await handInActs(desk.id, acts, Date.now(), false);
    const handedIn = flags.dry ? 0 : acts.length;
    output.line(
      flags.dry
        ? `dry: ${acts.length} of ${rows.length} would be set`
        : `${handedIn} of ${rows.length} handed to ${desk.id}; what became of them is in the chat`,
    );
    output.result({ account, rows, handedIn });
    return EXIT.ok;
  });
}
