import type { openBacktest } from '#compose-backtest';
import type { ParameterSet } from './backtest-layers.ts';
import {
  type ExecutionSettings,
  executionWith,
  type SettingValue,
  splitSettings,
} from './backtest-settings.ts';
import { UsageError } from './exit-code.ts';

type Tools = Awaited<ReturnType<typeof openBacktest>>;

const COMMISSION = { alpaca: 'alpaca', ibkr: 'ibkr_tiered' } as const;

function executionOf(tools: Tools): ExecutionSettings {
  const { broker } = tools;
  return {
    commission: broker === 'ibkr' ? COMMISSION.ibkr : COMMISSION.alpaca,
    halfSpreadBps: 0.25,
    slippageBps: tools.slippageBps,
    spreadAtrRatio: 0,
    slippageAtrRatio: 0,
    spread: 'recorded',
    latencySeconds: tools.mode === 'auto' ? 0 : 45,
    entry: 'open',
    volumeCapRatio: 0.1,
    limitFillRatio: 1,
  };
}

/** Policy, parameters and execution that settings mean. Throws UsageError and ConfigError. */
export function setWith(
  tools: Tools,
  settings: Readonly<Record<string, SettingValue>>,
  symbols: readonly string[],
): { readonly set: ParameterSet; readonly execution: ExecutionSettings; readonly hash: string } {
  const parts = splitSettings(settings);
  const execution = executionWith(executionOf(tools), parts.execution);
  const desk = tools.deskWith({ ...parts.desk, symbols });
  if (desk === null) throw new UsageError('--set: found another strategy, expected vwap-reclaim');
  const policy = { ...desk.policy, mode: 'semi' as const };
  const hash = tools.hashConfig({ desk: desk.hash, execution });
  return { set: { policy, params: desk.params }, execution, hash };
}
