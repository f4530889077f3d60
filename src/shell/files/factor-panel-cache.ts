import { join } from 'node:path';
import {
  FACTOR_FIELDS,
  type FactorField,
  type FactorPanel,
  panelDays,
} from '#core/factors/panel.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { hashFiles } from './content-hash.ts';
import { type PanelFile, readFactorPanel } from './factor-panel.ts';
import { type CachedPanel, readPanelCache, writePanelCache } from './panel-cache.ts';

/** Raised whenever something else is made of the same bytes. */
const READER = 'factor-panel 1';

/** Name of the cache of these files; null when one cannot be read, which its reader tells in its own words. */
function cacheOf(folder: string, files: readonly string[]): string | null {
  try {
    return join(folder, `${hashFiles(READER, files)}.pan`);
  } catch {
    return null;
  }
}

function panelOf({ days, stocks, columns, byDay, notes }: CachedPanel): PanelFile {
  const fields = Object.fromEntries(
    FACTOR_FIELDS.map((field) => [field, columns[field]!]),
  ) as Record<FactorField, Float64Array>;
  const told = JSON.parse(notes[0] ?? '{}') as Pick<PanelFile, 'read' | 'dropped'>;
  const instruments = stocks as InstrumentId[];
  const panel: FactorPanel = { days, instruments, indexClose: byDay['indexClose']!, ...fields };
  return { panel, ...told };
}

/**
 * The panel of `readFactorPanel`, or its `lastDays` newest days, from `folder` when files of the same
 * bytes were read before. Throws what the reader throws.
 */
export function openFactorPanel(
  file: string,
  indexFile: string,
  folder: string,
  lastDays: number = Number.POSITIVE_INFINITY,
): PanelFile {
  const cache = cacheOf(folder, [file, indexFile]);
  const known = cache === null ? null : readPanelCache(cache, lastDays);
  if (known !== null) return panelOf(known);
  const { panel, ...told } = readFactorPanel(file, indexFile);
  const { days, instruments: stocks, indexClose } = panel;
  const columns = Object.fromEntries(FACTOR_FIELDS.map((field) => [field, panel[field]]));
  const whole = { days, stocks, columns, byDay: { indexClose }, notes: [JSON.stringify(told)] };
  if (cache !== null) writePanelCache(cache, whole);
  const first = Math.max(0, days.length - lastDays);
  return { panel: first === 0 ? panel : panelDays(panel, first, days.length), ...told };
}
