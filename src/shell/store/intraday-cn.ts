import type { IntradayPanelAsk } from '#app/ports.ts';
import { invariant } from '#core/lib/assert.ts';
import type { IntradayPanelCn } from '#core/market/panel-cn.ts';
import type { Sql } from './sql-client.ts';

const FIELDS = ['open', 'high', 'low', 'close', 'volume', 'amount'] as const;
/** Instruments of one read, within the driver's limit of parameters. */
const READ_INSTRUMENTS = 2_000;

type PackedSeries = { instrument: string; opened: Buffer; closed: Buffer } & Readonly<
  Record<(typeof FIELDS)[number], Buffer>
>;

async function busiestSource(sql: Sql, ask: IntradayPanelAsk): Promise<string | null> {
  const { instruments, timeframe, fromAt, toAt } = ask;
  const [row] = await sql<{ source: string }[]>`
    select source from bars
    where instrument in ${sql([...instruments.slice(0, READ_INSTRUMENTS)])}
      and timeframe = ${timeframe} and opened_at >= ${fromAt} and opened_at < ${toAt}
    group by source order by count(*) desc, source limit 1`;
  return row?.source ?? null;
}

async function readSeries(sql: Sql, ask: IntradayPanelAsk, source: string, from: number) {
  const instruments = ask.instruments.slice(from, from + READ_INSTRUMENTS);
  const packed = FIELDS.map(
    (name) =>
      `string_agg(float8send(coalesce(${name}, 'NaN'::float8)), '' order by opened_at) as ${name}`,
  );
  const instant = (name: string) =>
    `string_agg(float8send((extract(epoch from ${name}) * 1000)::float8), '' order by opened_at)`;
  return await sql<PackedSeries[]>`
    select instrument, ${sql.unsafe(instant('opened_at'))} as opened,
      ${sql.unsafe(instant('closed_at'))} as closed, ${sql.unsafe(packed.join(', '))}
    from bars where instrument in ${sql([...instruments])} and timeframe = ${ask.timeframe}
      and source = ${source} and opened_at >= ${ask.fromAt} and opened_at < ${ask.toAt}
    group by instrument`;
}

function doublesOf(bytes: Buffer): Float64Array {
  const values = new Float64Array(bytes.length / 8);
  for (let i = 0; i < values.length; i += 1) values[i] = bytes.readDoubleBE(i * 8);
  return values;
}

/** Slots in which anybody has a bar, oldest first, with the instants they closed. */
function slotsOf(series: readonly PackedSeries[]) {
  const closes = new Map<number, number>();
  for (const { opened, closed } of series) {
    const from = doublesOf(opened);
    const to = doublesOf(closed);
    for (let i = 0; i < from.length; i += 1) closes.set(from[i]!, to[i]!);
  }
  const openedAt = Float64Array.from(closes.keys()).sort();
  return { openedAt, closedAt: openedAt.map((at) => closes.get(at) ?? Number.NaN) };
}

/** The panel asked for; without slots when nothing is stored. */
export async function loadIntraday(sql: Sql, ask: IntradayPanelAsk): Promise<IntradayPanelCn> {
  const { instruments } = ask;
  const source = ask.source ?? (instruments.length === 0 ? null : await busiestSource(sql, ask));
  const series: PackedSeries[] = [];
  for (let from = 0; source !== null && from < instruments.length; from += READ_INSTRUMENTS) {
    series.push(...(await readSeries(sql, ask, source, from)));
  }
  const { openedAt, closedAt } = slotsOf(series);
  const slotOf = new Map([...openedAt].map((at, slot) => [at, slot]));
  const width = openedAt.length;
  const cells = () => new Float64Array(instruments.length * width).fill(Number.NaN);
  const panel: IntradayPanelCn = {
    instruments,
    source: source ?? 'none',
    openedAt,
    closedAt,
    open: cells(),
    high: cells(),
    low: cells(),
    close: cells(),
    volume: cells(),
    amount: cells(),
  };
  const placeOf = new Map<string, number>(instruments.map((id, place) => [id, place]));
  for (const one of series) {
    const base = (placeOf.get(one.instrument) ?? 0) * width;
    const slots = Array.from(doublesOf(one.opened), (at) => slotOf.get(at) ?? 0);
    for (const field of FIELDS) {
      const values = doublesOf(one[field]);
      invariant(values.length === slots.length, `intraday: ${field} has another length`);
      for (const [i, slot] of slots.entries()) panel[field][base + slot] = values[i]!;
    }
  }
  return panel;
}
