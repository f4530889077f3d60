import type { Check } from '#core/gates/gate.ts';
import type { Figure } from '#core/indicators/figure.ts';
import type { CheckpointRecord } from '#core/strategies/sector-pulse/checkpoint.ts';
import type { InputOrigin } from '#core/strategies/sector-pulse/input-record.ts';
import { instantText, type Output, tableText } from './output.ts';

function number(value: unknown): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(6))) : String(value ?? '-');
}

function print(title: string, rows: readonly (readonly string[])[], output: Output): void {
  if (rows.length < 2) return;
  output.line(`  ${title}`);
  for (const line of tableText(rows.map((row) => [...row])).split('\n')) output.line(`    ${line}`);
}

function inputRows(record: CheckpointRecord, zone: string): string[][] {
  const { inputs } = record;
  const row = (name: string, origin: InputOrigin | null): string[] => [
    name,
    origin?.source ?? 'missing',
    origin === null ? '-' : instantText(origin.asOf, zone).slice(0, 19),
    origin === null ? '-' : `${origin.from ?? ''}…${origin.through ?? ''}`.replace(/^…$/, '-'),
    origin?.degraded === true ? 'degraded' : '',
  ];
  return [
    ['input', 'source', 'as of', 'days', ''],
    row('snapshot', inputs.snapshot),
    row('history', inputs.history),
    row('composite', inputs.composite),
    row('csi300', inputs.csi300),
    row('margin', inputs.margin),
    ...Object.entries(inputs.concentrations).map(([time, days]) => [
      `concentration ${time}`,
      '',
      '',
      `${days} days`,
      '',
    ]),
  ];
}

function figureRows(record: CheckpointRecord): string[][] {
  const figures = Object.values(record.figures) as (Figure<number> | Figure<boolean>)[];
  return [
    ['figure', 'value', 'unit', 'source', 'note'],
    ...figures.map(({ name, value, unit, source, note }) => [
      name,
      number(value),
      unit,
      source,
      note === null ? '' : `${note.code} ${JSON.stringify(note.figures)}`,
    ]),
  ];
}

function checkRows(checks: readonly Check[]): string[][] {
  return [
    ['', 'check', 'value', '', 'threshold', 'unit', 'source'],
    ...checks.map((check) => [
      check.passed ? '✓' : '✗',
      check.name,
      number(check.value),
      check.operator,
      number(check.threshold),
      check.unit,
      check.source,
    ]),
  ];
}

function sectorRows(record: CheckpointRecord): string[][] {
  const ranked = record.sectors.filter(({ rank }) => rank !== null);
  ranked.sort((a, b) => (a.rank ?? 0) - (b.rank ?? 0));
  const parts = ['strength', 'breadth', 'leadership', 'fundShare', 'continuity'] as const;
  return [
    ['rank', 'sector', 'score', 'members', ...parts],
    ...ranked.map((one) => [
      String(one.rank),
      one.sector,
      number(one.score),
      String(one.members),
      ...parts.map((part) => number(one[part].value)),
    ]),
  ];
}

function candidateRows(record: CheckpointRecord): string[][] {
  const taken = (record.selection?.candidates ?? []).filter(
    ({ reasons }) => !reasons.some(({ code }) => code === 'rank_out_of_range'),
  );
  return [
    ['stock', 'sector', 'place', 'strength', 'refused for'],
    ...taken.map(({ instrument, sector, rank, strength, reasons }) => [
      instrument,
      sector,
      String(rank),
      number(strength),
      reasons.map(({ code }) => code).join(', ') || '-',
    ]),
  ];
}

/** A checkpoint as it was stored: inputs, figures, rows, decisions. */
export function printCheckpoint(record: CheckpointRecord, zone: string, output: Output): void {
  const { verdict, stance, kill, gate, permission, thresholds, account } = record;
  output.line(
    `${instantText(record.at, zone).slice(0, 19)}  checkpoint ${record.tradingDay} ${record.checkpoint} (${record.kind}), set ${thresholds.set}`,
  );
  print('inputs', inputRows(record, zone), output);
  print('figures', figureRows(record), output);
  print('gate', checkRows(gate?.checks ?? []), output);
  print(
    `kill-switch ${kill.levelBefore} → ${kill.level} (seen ${kill.finding.seen})`,
    checkRows(kill.look.conditions.flatMap(({ checks }) => checks)),
    output,
  );
  output.line(
    `  stance ${stance.before.stance} → ${stance.after.stance}, permission ${permission}, positions ${number(account.positionRatio)} of ${number(account.totalAssetsMinor)} minor`,
  );
  print('sectors', sectorRows(record), output);
  print('stocks of the ranks taken', candidateRows(record), output);
  print(
    'funnel',
    [
      ['stage', 'left'],
      ...verdict.funnel.map(({ stage, left }) => [stage, String(left)]),
      ...verdict.rejected.map(({ code, times }) => [`refused ${code}`, String(times)]),
    ],
    output,
  );
  const reasons = verdict.reasons.map(({ code, figures }) => `${code} ${JSON.stringify(figures)}`);
  output.line(`  verdict ${verdict.kind}: ${reasons.join('; ') || 'nothing against it'}`);
}
