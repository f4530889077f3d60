/**
 * Records the golden sessions anew: `node tools/record-golden.ts [--decisions]`. Without the flag bars of
 * the simulated market are written as well; with it only what is decided on the bars that are there.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import process from 'node:process';
import { gzipSync } from 'node:zlib';
import { columnsOf } from '#core/market/bar.ts';
import { sessionOn } from '#core/market/calendar.ts';
import { createUsMarket } from '#core/simulation/us-market.ts';
import { CALENDAR, csvOf } from '#test/support/backtest-market.ts';
import {
  decisionsOn,
  GOLDEN_BARS,
  GOLDEN_DAYS,
  GOLDEN_DECISIONS,
  GOLDEN_HISTORY,
  GOLDEN_INSTRUMENT,
  goldenFacts,
} from '#test/support/golden-sessions.ts';

const SEED = 'golden-1';

function sessionsOf(days: readonly string[]) {
  return days.flatMap((day) => {
    const answer = sessionOn(CALENDAR, day);
    return answer.kind === 'session' ? [answer.session] : [];
  });
}

function recordBars(): void {
  const days = Object.keys(GOLDEN_DAYS);
  const market = createUsMarket({
    seed: SEED,
    instruments: [GOLDEN_INSTRUMENT],
    history: sessionsOf(GOLDEN_HISTORY),
    sessions: sessionsOf(days),
    scripts: Object.values(GOLDEN_DAYS),
  });
  const bars = [
    ...market.historyBars(GOLDEN_INSTRUMENT),
    ...days.flatMap((day) => market.barsOf(day, GOLDEN_INSTRUMENT)),
  ];
  mkdirSync(dirname(GOLDEN_BARS), { recursive: true });
  writeFileSync(GOLDEN_BARS, gzipSync(csvOf(columnsOf(bars)), { level: 9 }));
}

if (!process.argv.includes('--decisions')) recordBars();
const found = [];
for (const day of Object.keys(GOLDEN_DAYS)) found.push(decisionsOn(day, await goldenFacts(day)));
writeFileSync(GOLDEN_DECISIONS, `${JSON.stringify(found, null, 2)}\n`);
