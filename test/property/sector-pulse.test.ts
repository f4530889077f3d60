import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CheckpointRecord, DeskInputs } from '#core/strategies/sector-pulse/checkpoint.ts';
import { decideCheckpoint } from '#core/strategies/sector-pulse/checkpoint.ts';
import type { MarketInputs } from '#core/strategies/sector-pulse/figures.ts';
import type { WatchRecord } from '#core/strategies/sector-pulse/minute-watch.ts';
import { watchMinute } from '#core/strategies/sector-pulse/minute-watch.ts';
import { deskWith, type emptyBook, goodNames } from '#test/support/pulse-desk.ts';
import { lookTime, marginOf, pulseMarket, pulseParams } from '#test/support/pulse-market.ts';

const PARAMS = pulseParams();
const TEN = lookTime('10:00');
/** Markets drawn once: making one costs more than deciding on it. */
const MARKETS = ['a', 'b', 'c', 'd'].map((seed) => pulseMarket({ seed, stocks: 300, days: 90 }));

type Moment = { readonly inputs: MarketInputs; readonly desk: DeskInputs };
type Decided = { readonly checkpoint: CheckpointRecord; readonly watch: WatchRecord };

function decide({ inputs, desk }: Moment): Decided {
  const checkpoint = decideCheckpoint(inputs, TEN, desk, PARAMS);
  const seen = inputs.snapshot === null ? MARKETS[0]! : inputs;
  const watched = goodNames(checkpoint, seen, TEN);
  const stance = checkpoint.stance.after;
  const watch = watchMinute(inputs, TEN, { ...desk, stance, watched }, PARAMS);
  return { checkpoint, watch };
}

/** Money a moment would put at risk. */
function proposedMinor({ watch }: Decided): number {
  return watch.entries.reduce((sum, { proposal }) => sum + (proposal?.costMinor ?? 0), 0);
}

const input = (name: string, change: Partial<MarketInputs>) =>
  [name, (m: Moment): Moment => ({ ...m, inputs: { ...m.inputs, ...change } })] as const;
const desk = (name: string, change: Partial<DeskInputs>) =>
  [name, (m: Moment): Moment => ({ ...m, desk: { ...m.desk, ...change } })] as const;
const book = (name: string, change: Parameters<typeof emptyBook>[1]) =>
  [
    name,
    (m: Moment): Moment => ({
      ...m,
      desk: { ...m.desk, book: { ...m.desk.book, ...change } },
    }),
  ] as const;

/** Each takes something away or adds something that forbids; none may ever allow more. */
const BURDENS: readonly (readonly [name: string, add: (before: Moment) => Moment])[] = [
  input('no snapshot', { snapshot: null }),
  input('no daily bars', { history: null }),
  input('no composite', { composite: null }),
  input('no CSI 300', { csi300: null }),
  input('no margin', { margin: null }),
  input('heavy margin', { margin: marginOf(150) }),
  input('no concentrations', { concentrations: [] }),
  desk('dormant', { stance: { ...deskWith(0).stance, stance: 'dormant', killLevel: 'l2' } }),
  book('reducing', { permission: 'reducing' }),
  book('halted', { permission: 'halted' }),
  book('assets unknown', { totalAssetsMinor: null }),
  book('positions unknown', { positionsMinor: null }),
  book('cash unknown', { freeCashMinor: null }),
  book('day unknown', { dayReturn: null }),
  book('day lost', { dayReturn: -0.02 }),
  book('full', { positionsMinor: 70_000_000 }),
];

const moment = fc
  .constantFrom(...MARKETS)
  .map((inputs): Moment => ({ inputs, desk: deskWith(TEN.at) }));

test('SP-02 SP-03 SP-08 what is missing or forbids stops every entry, alone and together', () => {
  assert.ok(
    MARKETS.some((inputs) => proposedMinor(decide({ inputs, desk: deskWith(TEN.at) })) > 0),
  );
  const burdens = fc.uniqueArray(fc.constantFrom(...BURDENS), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(moment, burdens, (free, added) => {
      const heavy = decide(added.reduce((before, [, add]) => add(before), free));
      assert.equal(proposedMinor(heavy), 0, added.map(([name]) => name).join());
    }),
    { numRuns: 60 },
  );
});

test('SP-06 a flag, a hole or a limit on one stock never puts that stock on the watch', () => {
  const row = fc.integer({ min: 0, max: 299 });
  const spoil = fc.constantFrom<(inputs: MarketInputs, row: number) => void>(
    ({ table }, k) => table.flags.fill(1, k, k + 1),
    ({ table }, k) => table.flags.fill(2, k, k + 1),
    ({ table }, k) => table.flags.fill(8, k, k + 1),
    ({ table }, k) => table.listedDays.fill(Number.NaN, k, k + 1),
    ({ snapshot }, k) => snapshot!.last.fill(Number.NaN, k, k + 1),
    ({ snapshot }, k) => snapshot!.previousClose.fill(Number.NaN, k, k + 1),
    ({ snapshot }, k) => snapshot!.last.fill(snapshot!.limitUp[k]!, k, k + 1),
    ({ history }, k) => history!.close.fill(Number.NaN, k * 90, (k + 1) * 90),
    ({ history }, k) => history!.turnover.fill(Number.NaN, k * 90, (k + 1) * 90),
    ({ history }, k) => history!.volume.fill(Number.NaN, k * 90, (k + 1) * 90),
  );
  fc.assert(
    fc.property(moment, row, spoil, ({ inputs }, any, change) => {
      const { table, snapshot, history } = inputs;
      const copy = (columns: object) =>
        Object.fromEntries(
          Object.entries(columns).map(([name, value]) => [
            name,
            ArrayBuffer.isView(value) ? (value as Float64Array).slice() : value,
          ]),
        );
      const spoiled: MarketInputs = {
        ...inputs,
        table: { ...table, ...copy(table) },
        snapshot: { ...snapshot!, ...copy(snapshot!) },
        history: { ...history!, ...copy(history!) },
      };
      const before = decideCheckpoint(inputs, TEN, deskWith(TEN.at), PARAMS);
      // a watched one when there is one, else any
      const watched = before.watching[any % Math.max(1, before.watching.length)];
      const spoiledRow = watched === undefined ? any : table.instruments.indexOf(watched);
      change(spoiled, spoiledRow);
      const after = decideCheckpoint(spoiled, TEN, deskWith(TEN.at), PARAMS);
      assert.ok(!after.watching.includes(table.instruments[spoiledRow]!));
    }),
    { numRuns: 60 },
  );
});

test('SP-01 a snapshot, an index value or a price of later than the look is not used', () => {
  fc.assert(
    fc.property(moment, fc.integer({ min: 1, max: 3_600_000 }), ({ inputs, desk: own }, ahead) => {
      const asOf = TEN.at + ahead;
      const future = [
        { ...inputs, snapshot: { ...inputs.snapshot!, asOf } },
        { ...inputs, composite: { ...inputs.composite!, asOf } },
      ];
      for (const one of future) {
        const decided = decide({ inputs: one, desk: own });
        assert.equal(proposedMinor(decided), 0);
        assert.equal(decided.checkpoint.gate?.passed, false);
      }
    }),
    { numRuns: 20 },
  );
});

test('SP-02 the same inputs give the same record, to the last figure', () => {
  for (const inputs of MARKETS) {
    const once = decide({ inputs, desk: deskWith(TEN.at) });
    const twice = decide({ inputs, desk: deskWith(TEN.at) });
    assert.deepEqual(twice, once);
  }
});
