import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ConfigError } from '#app/errors.ts';
import { readConfigFile } from '#shell/config/read-file.ts';
import { sectorPulseParamsOf } from '#shell/config/sector-pulse.ts';
import { sectorPulseDeskFile } from '#shell/config/sector-pulse-schema.ts';
import { pulseParams } from '#test/support/pulse-market.ts';

const PROJECT = join(import.meta.dirname, '..', '..', '..');
const FILE = 'config/desks/cn-sector-pulse.yaml';
const made: string[] = [];

after(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** Reads the shipped desk with one line replaced, and a local layer when given. */
function read(
  change: readonly [from: string, to: string] = ['', ''],
  local?: string,
  set?: string,
) {
  const root = mkdtempSync(join(tmpdir(), 'centaur-pulse-'));
  made.push(root);
  mkdirSync(join(root, 'config', 'desks'), { recursive: true });
  cpSync(join(PROJECT, FILE), join(root, FILE));
  const before = readFileSync(join(root, FILE), 'utf8');
  assert.ok(before.includes(change[0]), change[0]);
  writeFileSync(join(root, FILE), before.replace(change[0], change[1]));
  if (local !== undefined) {
    mkdirSync(join(root, 'config', 'local', 'desks'), { recursive: true });
    writeFileSync(join(root, 'config/local/desks/cn-sector-pulse.yaml'), local);
  }
  return sectorPulseParamsOf(
    readConfigFile(root, 'desks/cn-sector-pulse.yaml', sectorPulseDeskFile),
    set,
  );
}

function refusal(...args: Parameters<typeof read>): string {
  try {
    read(...args);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    assert.equal(error.message.includes('\n'), false, 'one line');
    return error.message;
  }
  return assert.fail('expected a refusal');
}

test('SP-02 SP-03 the shipped set tuned says what the rules say', () => {
  const p = pulseParams();
  assert.equal(p.set, 'tuned');
  assert.deepEqual(p.clock, {
    checkpoints: ['10:00', '14:00'],
    sellOnly: '14:45',
    buyPointWatchMs: 1_800_000,
    lastDayExit: '14:00',
    missedAfterMs: 60_000,
    whenMissed: 'closed',
  });
  assert.deepEqual(p.gate, {
    limitUpMin: { '10:00': 20, '14:00': 30 },
    limitRatioMin: 0.5,
    concentrationMeasure: 'percentile',
    concentrationMax: 0.9,
    volPercentileMax: 0.75,
  });
  assert.deepEqual(p.killSwitch.l1, {
    marginYi: 100,
    marginShare: 0.006,
    limitRatio: 0.5,
    concentration: 0.97,
    concentrationReturn: -0.005,
    volPercentile: 0.85,
    volReturn: null,
  });
  assert.deepEqual(p.killSwitch.l2, {
    marginYi: 200,
    marginShare: 0.015,
    limitRatio: 0.2,
    concentration: 0.99,
    concentrationReturn: -0.015,
    volPercentile: 0.9,
    volReturn: -0.015,
  });
  assert.deepEqual([p.killSwitch.limitDownMin, p.killSwitch.limitDownMinShare], [3, 0.003]);
  assert.equal(p.killSwitch.marginAlone, 'confirm');
});

test('SP-04 SP-05 SP-06 SP-08 SP-09 stance, restart, selection, entry and exits of the set tuned', () => {
  const p = pulseParams();
  assert.deepEqual(p.stance, { attackBelow: 0.55, attackUntil: 0.65, reentryBelow: 0.6 });
  assert.deepEqual(p.restart, { passedDays: 3, monthDrawdownMin: -0.03 });
  const { rankFrom, rankThrough, strengthMin, turnoverMin, perSector, perCheckpoint } = p.stocks;
  assert.deepEqual([rankFrom, rankThrough, strengthMin, turnoverMin], [3, 5, 0.75, 5e8]);
  assert.deepEqual([perSector, perCheckpoint, p.sectors.top, p.sectors.minMembers], [2, 5, 3, 10]);
  const { firstRatio, singleCapRatio, totalCapRatio, checkpointCapRatio, dayCapRatio } = p.entry;
  assert.deepEqual(
    [firstRatio, singleCapRatio, totalCapRatio, checkpointCapRatio, dayCapRatio],
    [0.1, 0.2, 0.6, 0.2, 0.3],
  );
  const { stopRatio, firstTargetRatio, secondTargetRatio, dayLossRatio, lifeMs } = p.entry;
  assert.deepEqual(
    [stopRatio, firstTargetRatio, secondTargetRatio, dayLossRatio, lifeMs],
    [0.04, 0.08, 0.15, -0.02, 600_000],
  );
  const { watchStopRatio, watchTargetRatio, lastDay, reviewDay, reduceToRatio } = p.exits;
  assert.deepEqual(
    [watchStopRatio, watchTargetRatio, lastDay, reviewDay, reduceToRatio],
    [0.03, 0.05, 5, 3, 0.3],
  );
});

test('SP-02 SP-03 SP-07 the set source has the other numbers and shares the rest', () => {
  const tuned = pulseParams();
  const source = pulseParams('source');
  assert.equal(source.indicators.ratioFormula, 'plain');
  assert.deepEqual(source.gate.limitUpMin, { '10:00': 30, '14:00': 30 });
  assert.deepEqual(
    [source.gate.concentrationMeasure, source.gate.concentrationMax],
    ['level', 0.35],
  );
  assert.deepEqual(
    [source.killSwitch.l1.concentration, source.killSwitch.l2.concentration],
    [0.45, 0.55],
  );
  assert.deepEqual(
    [source.killSwitch.l2.volReturn, source.killSwitch.marginAlone],
    [null, 'liquidate'],
  );
  const { vwapDeviationMin, vwapDeviationMax, volumeRatioMin } = source.buyPoint;
  assert.deepEqual([vwapDeviationMin, vwapDeviationMax, volumeRatioMin], [-0.005, 0.005, 2]);
  assert.deepEqual(source.exits, tuned.exits);
  assert.deepEqual(source.sectors, tuned.sectors);
});

test('SP-02 a set for the recording asks for less and names what it leaves out', () => {
  const p = pulseParams('replay-cn');
  assert.deepEqual(p.gate.limitUpMin, { '10:00': 2, '14:00': 2 });
  assert.deepEqual([p.killSwitch.limitDownMin, p.killSwitch.ignoredWhenUnknown], [5, ['margin']]);
  assert.equal(p.sectors.minMembers, 5);
});

test('SP-02 a local file outranks the shipped one, in a set and outside it', () => {
  const local =
    'set: source\nparameters:\n  exits:\n    sectorOutDays: 2\nsets:\n  source:\n    gate: { concentrationMaxRatio: 0.3 }\n';
  const p = read(undefined, local);
  assert.deepEqual([p.set, p.exits.sectorOutDays, p.gate.concentrationMax], ['source', 2, 0.3]);
  assert.equal(p.gate.concentrationMeasure, 'level');
});

test('SP-02 what does not fit stops with one line: place, found, expected', () => {
  assert.match(
    refusal(['stopRatio: 0.04', 'stopRatio: 4']),
    /parameters\.entry\.stopRatio: found 4, expected a fraction between 0\.001 and 0\.5$/,
  );
  assert.match(
    refusal(['volumeRatioMin: 1.5', 'volumeRatio: 1.5']),
    /parameters\.buyPoint\.volumeRatio: found an unknown key, expected volumeRatioMin$/,
  );
  assert.equal(
    refusal(['set: tuned', 'set: tunedd']),
    `${FILE}: set: found "tunedd", expected tuned`,
  );
  assert.match(
    refusal(['concentrationMaxRatio: 0.35', 'concentrationMaxRatio: 35'], undefined, 'source'),
    /sets\.source: gate\.concentrationMaxRatio: found 35, expected a fraction between 0 and 1$/,
  );
  assert.match(
    refusal(['ratioFormula: plain', 'ratioFormla: plain'], undefined, 'source'),
    /sets\.source: indicators\.ratioFormla: found an unknown key/,
  );
});

test('SP-06 weights that do not add up to 1, and thresholds that contradict each other, are refused', () => {
  assert.match(
    refusal(['strengthWeight: 0.40', 'strengthWeight: 0.45']),
    /weights that add up to 1$/,
  );
  assert.match(
    refusal(['returnWeight: 0.55', 'returnWeight: 0.5']),
    /stocks\.weights\.attack: found 0\.95/,
  );
  assert.match(
    refusal(["checkpoints: ['10:00', '14:00']", "checkpoints: ['10:00', '13:30']"]),
    /gate\.limitUpMin: found nothing for 13:30, expected a count for each checkpoint$/,
  );
  assert.match(
    refusal(['attackBelowRatio: 0.55', 'attackBelowRatio: 0.62']),
    /stance: found 0\.62, 0\.6, 0\.65, expected attackBelow ≤ reentryBelow ≤ attackUntil$/,
  );
  assert.match(
    refusal(['rankFrom: 3', 'rankFrom: 6']),
    /stocks\.rankFrom: found 6, expected at most 5$/,
  );
});
