import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StanceState } from '#core/machines/stance.ts';
import type { DeskInputs } from '#core/strategies/sector-pulse/checkpoint.ts';
import { decideCheckpoint } from '#core/strategies/sector-pulse/checkpoint.ts';
import { checkConfig } from '#core/strategies/sector-pulse/config-check.ts';
import type { HeldPosition } from '#core/strategies/sector-pulse/exits.ts';
import type { MarketInputs } from '#core/strategies/sector-pulse/figures.ts';
import { lookFigures } from '#core/strategies/sector-pulse/figures.ts';
import { heldPriceOf } from '#core/strategies/sector-pulse/held-names.ts';
import { judgeLook } from '#core/strategies/sector-pulse/look.ts';
import { watchMinute } from '#core/strategies/sector-pulse/minute-watch.ts';
import { deskWith, emptyBook, goodName, goodNames } from '#test/support/pulse-desk.ts';
import {
  calmIndex,
  cnAt,
  concentrationsOf,
  daysUpTo,
  lookTime,
  marginOf,
  PULSE_BEFORE,
  PULSE_DAY,
  pulseMarket,
  pulseParams,
} from '#test/support/pulse-market.ts';

const PARAMS = pulseParams();
const TEN = lookTime('10:00');
const GOOD = pulseMarket();
const ATTACK: Partial<StanceState> = { stance: 'attack', gatePassed: true, positionRatio: 0 };

function checkpoint(
  inputs: MarketInputs = GOOD,
  stance: Partial<StanceState> = {},
  change: Partial<DeskInputs> = {},
  time = '10:00',
) {
  const when = lookTime(time);
  return decideCheckpoint(inputs, when, deskWith(when.at, stance, change), PARAMS);
}

const codes = (reasons: readonly { readonly code: string }[]) => reasons.map(({ code }) => code);

test('SP-02 SP-04 SP-06 a passed morning: gate, attack, sectors, stocks on the watch', () => {
  const record = checkpoint();
  assert.equal(record.gate?.passed, true);
  assert.equal(record.kill.level, 'none');
  assert.deepEqual([record.stance.before.stance, record.stance.after.stance], ['watch', 'attack']);
  assert.equal(record.permission, 'active');
  assert.equal(record.verdict.kind, 'signals');
  assert.equal(record.topSectors.length, 3);
  assert.ok(record.watching.length > 0);
  assert.equal(record.watchUntilAt, cnAt('10:30'));
  assert.equal(record.selection?.isShadow, false);
  assert.equal(record.verdict.funnel.at(-1)?.left, record.watching.length);
});

test('SP-02 a record is plain data that comes back from its text as it was', () => {
  const records = [checkpoint(), checkpoint({ ...GOOD, snapshot: null, margin: null })];
  for (const record of records) assert.deepEqual(JSON.parse(JSON.stringify(record)), record);
});

test('SP-02 every figure of the record says source, time and whether it is degraded', () => {
  for (const figure of Object.values(checkpoint().figures)) {
    assert.ok(figure.source !== '' && figure.asOf > 0 && typeof figure.degraded === 'boolean');
    assert.ok(figure.value !== null || figure.note !== null, figure.name);
  }
});

test('SP-02 SP-04 a failed gate watches: reasons with figures, the funnel runs in shadow', () => {
  const record = checkpoint(pulseMarket({ upShare: 0.02, downShare: 0 }), ATTACK);
  assert.equal(record.stance.after.stance, 'watch');
  assert.equal(record.permission, 'reducing');
  assert.equal(record.verdict.kind, 'no_trade');
  assert.deepEqual(codes(record.verdict.reasons), ['gate_failed', 'stance_watch']);
  const { condition, operator, threshold } = record.verdict.reasons[0]!.figures;
  assert.deepEqual([condition, operator, threshold], ['limit_up_count', '>=', 20]);
  assert.equal(record.selection?.isShadow, true);
  assert.equal(record.selection?.weightsOf, 'watch');
  assert.deepEqual(record.watching, []);
});

test('SP-02 missing intraday data does not pass, is said to be missing and is level 1 of the switch', () => {
  const stale = { ...GOOD.snapshot!, asOf: TEN.at - 150_001 };
  const cases: Partial<MarketInputs>[] = [
    { snapshot: null },
    { snapshot: stale },
    { snapshot: { ...GOOD.snapshot!, tradingDay: PULSE_BEFORE } },
    { composite: null },
    { csi300: null },
    { concentrations: [] },
  ];
  for (const change of cases) {
    const record = checkpoint({ ...GOOD, ...change }, ATTACK);
    assert.equal(record.gate?.passed, false, Object.keys(change).join());
    assert.equal(record.verdict.kind, 'data_not_ready');
    assert.equal(record.kill.level, 'l1');
    assert.ok(codes(record.verdict.reasons).includes('not_computable'));
    assert.deepEqual(record.watching, []);
  }
});

test('SP-06 without daily bars the gate may pass and nothing can be chosen: data not ready', () => {
  const record = checkpoint({ ...GOOD, history: null });
  assert.deepEqual([record.gate?.passed, record.verdict.kind], [true, 'data_not_ready']);
});

test('SP-03 level 1 blocks entries though the gate passed, and lifts at the next calm checkpoint', () => {
  const l1 = checkpoint({ ...GOOD, margin: marginOf(150) });
  assert.deepEqual(
    [l1.kill.level, l1.stance.after.stance, l1.permission],
    ['l1', 'attack', 'reducing'],
  );
  assert.equal(l1.verdict.kind, 'blocked');
  assert.deepEqual(codes(l1.verdict.reasons), ['kill_switch_l1']);
  const calm = checkpoint(GOOD, l1.stance.after);
  assert.deepEqual([calm.kill.level, calm.permission], ['none', 'active']);
});

test('SP-04 a full desk holds: sectors are ranked, nothing is bought', () => {
  const book = emptyBook(TEN.at, { positionsMinor: 65_000_000 });
  const record = checkpoint(GOOD, ATTACK, { book });
  assert.equal(record.account.positionRatio, 0.65);
  assert.equal(record.stance.after.stance, 'hold');
  assert.deepEqual(codes(record.verdict.reasons), ['stance_hold']);
  assert.deepEqual([record.verdict.kind, record.selection?.isShadow], ['no_trade', true]);
});

test('SP-04 a permission that somebody else took away blocks, and the funnel is shadow', () => {
  const book = emptyBook(TEN.at, { permission: 'reducing' });
  const record = checkpoint(GOOD, {}, { book });
  assert.equal(record.verdict.kind, 'blocked');
  assert.deepEqual(codes(record.verdict.reasons), ['risk_permission']);
  assert.deepEqual(record.watching, []);
});

test('SP-02 the checkpoint at 14:45 only sells: no gate, the stance stays', () => {
  const inputs = pulseMarket({ time: '14:45' });
  const record = checkpoint(inputs, ATTACK, {}, '14:45');
  assert.deepEqual([record.kind, record.gate, record.selection], ['sell_only', null, null]);
  assert.equal(record.stance.after.stance, 'attack');
  assert.deepEqual([record.verdict.kind, record.watching], ['no_trade', []]);
});

function held(change: Partial<HeldPosition> = {}): HeldPosition {
  const instrument = GOOD.table.instruments[0]!;
  const price = GOOD.snapshot!.last[0]!;
  return {
    instrument,
    purchases: [{ boughtOn: PULSE_BEFORE, quantity: 10_000 }],
    entryDay: PULSE_BEFORE,
    entryPrice: price,
    stop: price * 0.96,
    firstTarget: price * 1.08,
    secondTarget: price * 1.15,
    firstTargetQuantity: 5_000,
    isFirstTargetDone: false,
    peakPrice: price,
    sector: 'sector 00',
    sectorOutBefore: 0,
    sectorOutDays: null,
    isExDateOpen: false,
    strength: null,
    ...change,
  };
}

function holding(
  inputs: MarketInputs,
  change: Partial<HeldPosition> = {},
  at = TEN.at,
): Partial<DeskInputs> {
  const position = held(change);
  const price = heldPriceOf(inputs.table, inputs.snapshot!, position.instrument)!;
  return { positions: [position], prices: { [position.instrument]: { ...price, asOf: at } } };
}

const CRASH = pulseMarket({ upShare: 0, downShare: 0.3, indexReturn: -0.05 });

test('SP-03 L2 of two looks in a row sleeps and sells what can be sold', () => {
  const first = checkpoint(CRASH, ATTACK, holding(CRASH));
  assert.deepEqual([first.kill.look.level, first.kill.level], ['l2', 'l1'], 'one look is level 1');
  const when = { ...TEN, at: TEN.at + 60_000 };
  const again = {
    ...CRASH,
    snapshot: { ...CRASH.snapshot!, asOf: when.at - 20_000 },
    composite: { ...CRASH.composite!, asOf: when.at - 20_000 },
  };
  const desk = deskWith(when.at, first.stance.after, {
    ...holding(again, {}, when.at),
    lastLook: first.kill.look,
  });
  const watch = watchMinute(again, when, { ...desk, watched: [] }, PARAMS);
  assert.equal(watch.kill.level, 'l2');
  assert.deepEqual(
    [watch.stance.after.stance, watch.stance.after.isLiquidating],
    ['dormant', true],
  );
  const [exit] = watch.held.exits;
  assert.deepEqual([exit?.kind, exit?.quantity], ['kill_switch', 10_000]);
});

test('SP-03 L2 by margin alone proposes a sell sheet and sells nothing', () => {
  const inputs = { ...GOOD, margin: marginOf(300) };
  const record = checkpoint(inputs, ATTACK, holding(inputs));
  assert.deepEqual([record.kill.look.level, record.kill.level], ['l2', 'l1']);
  assert.equal(record.kill.finding.proposesSellSheet, true);
  assert.equal(record.held.exits[0]?.kind, null);
  assert.equal(record.held.sellSheet[0]?.quantity, 10_000);
});

test('SP-03 margin before the October week counts one level lower', () => {
  const day = '2026-09-30';
  const inputs = { ...pulseMarket({ day }), margin: marginOf(300, '2026-09-29') };
  const kill = { level: 'none' as const, look: null };
  const { look } = judgeLook(inputs, lookTime('09:00', day), 'morning', kill, PARAMS).kill;
  assert.equal(look.conditions.find(({ cause }) => cause === 'margin')?.level, 'l1');
});

test('SP-05 dormant: gates are still judged and counted, nothing is chosen', () => {
  const days = ['2026-11-16', '2026-11-17', PULSE_DAY];
  const records = days
    .slice(0, 2)
    .flatMap((tradingDay) =>
      ['10:00', '14:00'].map((checkpoint) => ({ tradingDay, checkpoint, passed: true })),
    );
  const restart = { records, tradingDays: days, monthReturn: -0.01 };
  const asleep: Partial<StanceState> = { stance: 'dormant', killLevel: 'l2' };
  const morning = checkpoint(GOOD, asleep, { restart });
  assert.deepEqual([morning.restart?.passedDays, morning.selection], [2, null]);
  assert.equal(morning.verdict.kind, 'blocked');
  const before = [...records, { tradingDay: PULSE_DAY, checkpoint: '10:00', passed: true }];
  const inputs = pulseMarket({ time: '14:00', upShare: 0.1 });
  const noon = checkpoint(inputs, asleep, { restart: { ...restart, records: before } }, '14:00');
  assert.deepEqual(noon.restart?.objections, []);
  assert.equal(noon.stance.after.stance, 'dormant', 'the operator is still to be asked');
});

test('SP-09 a held name of a sector that fell out leaves while in profit', () => {
  const out = checkpoint().sectors.find(({ rank }) => rank === 8)!.sector;
  const row = [...GOOD.table.sectorOf].findIndex((k) => GOOD.table.sectors[k] === out);
  const instrument = GOOD.table.instruments[row]!;
  const last = GOOD.snapshot!.last[row]!;
  const targets = { firstTarget: last * 1.08, secondTarget: last * 1.15 };
  const levels = { entryPrice: last * 0.99, stop: last * 0.95, peakPrice: last, ...targets };
  const position = { instrument, ...levels };
  const record = checkpoint(GOOD, ATTACK, holding(GOOD, position));
  assert.deepEqual(
    [record.standings[0]?.sectorOutDays, record.held.exits[0]?.kind],
    [1, 'sector_out'],
  );
  const loss = holding(GOOD, { ...position, entryPrice: last * 1.01 });
  assert.equal(checkpoint(GOOD, ATTACK, loss).held.exits[0]?.kind, null);
});

test('SP-07 SP-08 a minute in which buy points hold proposes entries until a cap is reached', () => {
  const record = checkpoint();
  const names = goodNames(record, GOOD, TEN);
  assert.ok(names.length >= 3, 'more than the book takes at one checkpoint');
  const desk = deskWith(TEN.at, record.stance.after, { lastLook: null });
  const watch = watchMinute(GOOD, TEN, { ...desk, watched: names }, PARAMS);
  const proposed = watch.entries.filter(({ proposal }) => proposal !== null);
  assert.equal(proposed.length, 2, '10 % each, 20 % a checkpoint');
  const denied = watch.entries.find(({ proposal }) => proposal === null);
  assert.deepEqual(codes(denied!.reasons), ['risk_checkpoint_cap']);
  assert.deepEqual(JSON.parse(JSON.stringify(watch)), watch);
});

test('SP-07 nothing is bought from an unseen, stale or timed-out name, or outside attack', () => {
  const record = checkpoint();
  const entriesOf = (
    change: object,
    stance: Partial<StanceState> = record.stance.after,
    inputs = GOOD,
  ) => {
    const names = goodNames(record, GOOD, TEN).map((name) => ({ ...name, ...change }));
    const desk = deskWith(TEN.at, stance);
    const { entries } = watchMinute(inputs, TEN, { ...desk, watched: names }, PARAMS);
    return entries.filter(({ proposal }) => proposal !== null).length;
  };
  assert.equal(entriesOf({}), 2);
  assert.equal(entriesOf({ look: null }), 0);
  assert.equal(entriesOf({ untilAt: TEN.at - 1 }), 0);
  assert.equal(entriesOf({}, { ...record.stance.after, stance: 'watch' }), 0);
  assert.equal(entriesOf({}, { ...record.stance.after, killLevel: 'l1' }), 0);
  assert.equal(entriesOf({}, record.stance.after, { ...GOOD, csi300: null }), 0);
  assert.equal(
    entriesOf({}, record.stance.after, CRASH),
    0,
    'this look alone already says level 2',
  );
  const old = goodName(record.watching[0]!, GOOD, { ...TEN, at: TEN.at - 200_000 }, TEN.at);
  const desk = deskWith(TEN.at, record.stance.after);
  const watch = watchMinute(GOOD, TEN, { ...desk, watched: [old] }, PARAMS);
  assert.deepEqual(watch.unseen, [old.instrument]);
});

test('SP-01 what comes later changes nothing that was decided', () => {
  const before = checkpoint(GOOD, ATTACK, { ownResults: [0.01] });
  const later = [PULSE_DAY, '2026-11-19', '2026-11-20'];
  const width = GOOD.history!.days.length + later.length;
  const stretch = (column: Float64Array) => {
    const to = new Float64Array(GOOD.table.instruments.length * width).fill(77);
    for (let i = 0; i < GOOD.table.instruments.length; i += 1) {
      const days = width - later.length;
      to.set(column.subarray(i * days, (i + 1) * days), i * width);
    }
    return to;
  };
  const h = GOOD.history!;
  const history = {
    ...h,
    days: [...h.days, ...later],
    open: stretch(h.open),
    high: stretch(h.high),
    low: stretch(h.low),
    close: stretch(h.close),
    volume: stretch(h.volume),
    turnover: stretch(h.turnover),
  };
  const longer = (index: NonNullable<MarketInputs['composite']>) => ({
    ...index,
    days: [...index.days, ...later],
    closes: Float64Array.of(...index.closes, 1, 2, 3),
  });
  const concentrations = GOOD.concentrations.map((one) => ({
    ...one,
    days: [...one.days, ...later],
    values: Float64Array.of(...one.values, 0, 0, 0),
  }));
  const margin = {
    ...GOOD.margin!,
    rows: [...GOOD.margin!.rows, ...marginOf(999, PULSE_DAY).rows],
  };
  const inputs: MarketInputs = {
    ...GOOD,
    history,
    concentrations,
    margin,
    composite: longer(GOOD.composite!),
    csi300: longer(GOOD.csi300!),
  };
  const after = checkpoint(inputs, ATTACK, { ownResults: [0.01] });
  // how far the inputs reach and how many days they have is told as it is
  assert.deepEqual({ ...after, inputs: null }, { ...before, inputs: null });
});

test('SP-02 a condition that never changed in 250 days is named, a filter that leaves nothing refused', () => {
  const figures = lookFigures(GOOD, TEN, PARAMS);
  const days = daysUpTo(PULSE_DAY, 250).map((day, k) => ({
    day,
    checkpoint: '10:00',
    figures: {
      ...figures,
      limitUp: { ...figures.limitUp, value: k === 100 ? 5 : 40 },
      volPercentile: { ...figures.volPercentile, value: k < 3 ? null : 0.2 },
    },
  }));
  const market = { table: GOOD.table, history: GOOD.history! };
  const found = checkConfig(days, market, PARAMS);
  assert.deepEqual(found.constant, [
    'limit_up_down_ratio 10:00',
    'concentration_percentile 10:00',
    'index_above_ma20 10:00',
  ]);
  const up = found.conditions.find(({ condition }) => condition === 'limit_up_count');
  assert.deepEqual(
    [up?.judged, up?.held, up?.lastHeldDaysAgo, up?.lastChangeDaysAgo],
    [250, 249, 0, 148],
  );
  const gate = found.conditions.find(({ condition }) => condition === 'gate');
  assert.deepEqual([gate?.judged, gate?.held, gate?.isConstant], [247, 246, false]);
  assert.deepEqual(found.refused, []);
  const harsh = { ...PARAMS, stocks: { ...PARAMS.stocks, turnoverMin: 1e13 } };
  assert.deepEqual(checkConfig(days, market, harsh).refused, ['turnover_below_min', 'all_filters']);
  assert.deepEqual(checkConfig([], null, PARAMS).filters, []);
});

test('SP-03 at 9:00 the desk looks at margin and volatility without any price of the day', () => {
  const when = lookTime('09:00');
  const at = { at: cnAt('08:59'), return: 0 };
  const index = { ...calmIndex(PULSE_DAY, at), now: null };
  const inputs = { ...GOOD, snapshot: null, composite: index, csi300: index };
  const kill = { level: 'none' as const, look: null };
  const { kill: record } = judgeLook(inputs, when, 'morning', kill, PARAMS);
  assert.deepEqual([record.level, record.look.conditions.length], ['none', 2]);
  const heavy = judgeLook({ ...inputs, margin: null }, when, 'morning', kill, PARAMS);
  assert.equal(heavy.kill.level, 'l1');
  assert.equal(concentrationsOf('10:00', 0, 1).days.length, 250);
});
