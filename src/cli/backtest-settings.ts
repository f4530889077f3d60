import type { CommissionModel } from '#core/market/fees.ts';
import { UsageError } from './exit-code.ts';

/** How layer C executes, in the units a person gives. */
export type ExecutionSettings = {
  readonly commission: CommissionModel;
  readonly halfSpreadBps: number;
  readonly slippageBps: number;
  readonly spreadAtrRatio: number;
  readonly slippageAtrRatio: number;
  readonly spread: 'recorded' | 'model';
  readonly latencySeconds: number;
  readonly entry: 'open' | 'limit';
  readonly volumeCapRatio: number;
  readonly limitFillRatio: number;
};

/** A value as a command line or a file would mean it. */
export type SettingValue = number | boolean | string;

const COMMISSIONS: readonly CommissionModel[] = ['alpaca', 'ibkr_fixed', 'ibkr_tiered'];
const MOST: Readonly<Record<string, number>> = {
  halfSpreadBps: 1000,
  slippageBps: 1000,
  spreadAtrRatio: 10,
  slippageAtrRatio: 10,
  limitFillRatio: 1,
  latencySeconds: 3600,
  volumeCapRatio: 1,
};
const PREFIX = 'execution.';

function refuse(place: string, found: string, expected: string): never {
  throw new UsageError(`${place}: found "${found}", expected ${expected}`);
}

/** `a.b=1` as its key and value: a number, true, false, or text. */
export function parseSetting(text: string): readonly [string, SettingValue] {
  const at = text.indexOf('=');
  const key = text.slice(0, Math.max(0, at)).trim();
  const value = text.slice(at + 1).trim();
  if (at < 0 || key === '' || value === '') refuse('--set', text, 'key=value');
  if (value === 'true' || value === 'false') return [key, value === 'true'];
  const number = Number(value);
  return [key, Number.isFinite(number) ? number : value];
}

/** Most parameter sets of one run; more is a typing error more often than a plan. */
const MOST_SETS = 2_000;

/** `key=from:to:step` as the values to try, `to` included. */
export function parseSweep(text: string): readonly [string, readonly number[]] {
  const [key = '', range = '', rest] = text.split('=');
  const parts = range.split(':').map(Number);
  const [from = Number.NaN, to = Number.NaN, step = Number.NaN] = parts;
  const isUsable = parts.length === 3 && step > 0 && to >= from && rest === undefined && key !== '';
  if (!isUsable) refuse('--sweep', text, 'key=from:to:step with from ≤ to and step > 0');
  const count = Math.floor((to - from) / step + 1e-9) + 1;
  if (count > MOST_SETS) refuse('--sweep', text, `at most ${MOST_SETS} values`);
  return [key, Array.from({ length: count }, (_, n) => Number((from + n * step).toPrecision(12)))];
}

/** Every combination of the swept values, the last key running fastest. */
export function combinationsOf(
  sweeps: readonly (readonly [string, readonly number[]])[],
): Readonly<Record<string, number>>[] {
  let sets: Record<string, number>[] = [{}];
  for (const [key, values] of sweeps) {
    sets = sets.flatMap((set) => values.map((value) => ({ ...set, [key]: value })));
    if (sets.length > MOST_SETS)
      refuse('--sweep', `${sets.length} sets`, `at most ${MOST_SETS} sets`);
  }
  return sets;
}

/** Splits settings into those of the execution and those of the desk's file. */
export function splitSettings(settings: Readonly<Record<string, SettingValue>>): {
  readonly execution: Readonly<Record<string, SettingValue>>;
  readonly desk: Readonly<Record<string, SettingValue>>;
} {
  const execution: Record<string, SettingValue> = {};
  const desk: Record<string, SettingValue> = {};
  for (const [key, value] of Object.entries(settings)) {
    if (key.startsWith(PREFIX)) execution[key.slice(PREFIX.length)] = value;
    else desk[key] = value;
  }
  return { execution, desk };
}

/** The execution with some of its values replaced; an unknown key or an impossible value is refused. */
export function executionWith(
  base: ExecutionSettings,
  change: Readonly<Record<string, SettingValue>>,
): ExecutionSettings {
  for (const [key, value] of Object.entries(change)) {
    const place = `--set ${PREFIX}${key}`;
    if (!(key in base)) refuse('--set', `${PREFIX}${key}`, `one of ${keysOf(base)}`);
    if (key === 'commission' && !COMMISSIONS.some((known) => known === value))
      refuse(place, String(value), `one of ${COMMISSIONS.join(', ')}`);
    if (key === 'spread' && value !== 'recorded' && value !== 'model')
      refuse(place, String(value), 'recorded or model');
    if (key === 'entry' && value !== 'open' && value !== 'limit')
      refuse(place, String(value), 'open or limit');
    const most = MOST[key];
    const isInside = typeof value === 'number' && value >= 0 && value <= (most ?? 0);
    if (most !== undefined && !isInside) refuse(place, String(value), `a number from 0 to ${most}`);
  }
  return { ...base, ...change } as ExecutionSettings;
}

function keysOf(base: ExecutionSettings): string {
  return Object.keys(base)
    .map((key) => `${PREFIX}${key}`)
    .join(', ');
}
