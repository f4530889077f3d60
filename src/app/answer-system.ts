import { degradedRows } from '#core/gates/degraded.ts';
import { addCalendarDays } from '#core/market/trading-day.ts';
import type { HealthLine } from '#core/replies/answer.ts';
import type { CommandRole } from '#core/replies/command-table.ts';
import {
  byDayType,
  bySpan,
  type DegradedLine,
  type ModelSpent,
  type RTrade,
  type SourceLine,
  type SystemAnswer,
  type SystemQuestion,
} from '#core/replies/system.ts';
import type { DayRecord } from '#core/reports/day-record.ts';
import type { Span } from '#core/reports/period.ts';
import type { CheckpointSource } from './answer-gates.ts';
import { dayMeant } from './answer-report.ts';
import type { DayRecordSource } from './day-records.ts';
import type { DeskHandle } from './desk-handle.ts';
import type { AuditLog, ChatSettings } from './ports.ts';

/** What questions about the process ask. Every method may throw StoreError. */
export interface SystemSources extends DayRecordSource, CheckpointSource {
  readonly audit: AuditLog;
  /** Code, settings, store and run by name. */
  version(): Promise<Readonly<Record<string, number | string>>>;
  /** Sources of market data of the desks that run. */
  dataSources(): Promise<readonly SourceLine[]>;
  health(): Promise<readonly HealthLine[]>;
}

const USUAL_ROWS = 10;
const USUAL_TRADES = 20;
/** Checkpoints a day can have at most. */
const LOOK_BACK = 8;
const USUAL_SPANS: Readonly<Record<Span, number>> = { day: 10, week: 8, month: 6 };
/** Calendar days that so many sessions, weeks or months lie within. */
const DAYS_OF: Readonly<Record<Span, number>> = { day: 3, week: 7, month: 31 };
/** Days back that round trips are looked for in. */
const MOST_DAYS = 366;

/** Recorded days of all desks, each by its own market, oldest first. Throws StoreError. */
export async function recordsBack(
  desks: readonly DeskHandle[],
  days: number,
  at: number,
  sources: DayRecordSource,
): Promise<readonly DayRecord[]> {
  const found = await Promise.all(
    desks.map((desk) => {
      const to = dayMeant(desk, null, at);
      return sources.days(desk.policy.deskId, addCalendarDays(to, 1 - days), to);
    }),
  );
  return found.flat().sort((a, b) => (a.tradingDay < b.tradingDay ? -1 : 1));
}

function tradesOf(records: readonly DayRecord[]): RTrade[] {
  return records.flatMap(({ deskId, tradingDay, trades }) =>
    trades.map(({ code, instrument, dayType, resultR }) => {
      return { deskId, tradingDay, code, instrument, dayType, resultR };
    }),
  );
}

/** Causes of SAFE_MODE, marked rows of the newest gate, sources that fail, and what /health finds wrong. */
async function degradedNow(
  desks: readonly DeskHandle[],
  sources: SystemSources,
): Promise<DegradedLine[]> {
  const causes = desks.flatMap((desk) => {
    const { deskId, safeMode } = desk.state();
    return safeMode.map((entry): DegradedLine => ({ of: 'safe_mode', deskId, entry }));
  });
  const gates = await Promise.all(
    desks
      .filter(({ policy }) => policy.pulse !== null)
      .map(async ({ policy: { deskId } }): Promise<DegradedLine[]> => {
        const records = await sources.checkpoints(deskId, null, LOOK_BACK);
        const record = records.find(({ gate }) => gate !== null);
        if (record?.gate == null) return [];
        const rows = degradedRows(record.gate.checks, Object.values(record.figures));
        const { checkpoint } = record;
        return rows.length === 0 ? [] : [{ of: 'gate', deskId, checkpoint, rows }];
      }),
  );
  const failing = (await sources.dataSources()).filter(({ state }) => state === 'failing');
  const unwell = (await sources.health()).filter(
    ({ of, isWell }) => !isWell && of !== 'desk' && of !== 'safe_mode',
  );
  return [
    ...causes,
    ...gates.flat(),
    ...failing.map((source): DegradedLine => ({ of: 'source', source })),
    ...unwell.map((health): DegradedLine => ({ of: 'health', health })),
  ];
}

type SystemDeps = {
  readonly sources: SystemSources;
  readonly settings: ChatSettings | null;
  readonly spent: () => ModelSpent | null;
};

/** Answers a question about the process. Throws StoreError. */
export async function systemAnswer(
  question: Exclude<SystemQuestion, { ask: 'export' }>,
  facts: { readonly at: number; readonly role: CommandRole; readonly desks: readonly DeskHandle[] },
  { sources, settings, spent }: SystemDeps,
): Promise<SystemAnswer> {
  const { at, role, desks } = facts;
  switch (question.ask) {
    case 'menu':
      return { kind: 'menu', role };
    case 'version':
      return { kind: 'version', facts: await sources.version() };
    case 'sources':
      return { kind: 'sources', lines: await sources.dataSources() };
    case 'degraded':
      return { kind: 'degraded', lines: await degradedNow(desks, sources) };
    case 'budget':
      return { kind: 'budget', spent: spent() };
    case 'config': {
      const { key } = question;
      const all = settings?.list() ?? { settings: [], secrets: [] };
      if (key === null) return { kind: 'config', ...all };
      return {
        kind: 'config',
        settings: all.settings.filter((one) => one.key === key),
        secrets: all.secrets.filter((one) => one.name === key),
      };
    }
    case 'audit': {
      const count = question.count ?? USUAL_ROWS;
      const rows = await sources.audit.newest(count + 1, question.before);
      return { kind: 'audit', rows: rows.slice(0, count), count, hasMore: rows.length > count };
    }
    case 'pnl_spans': {
      const { span } = question;
      const count = question.count ?? USUAL_SPANS[span];
      const back = Math.min(MOST_DAYS, count * DAYS_OF[span]);
      const found = await Promise.all(
        desks.map(async (desk) =>
          bySpan(await recordsBack([desk], back, at, sources), span, count),
        ),
      );
      return { kind: 'pnl_spans', span, rows: found.flat() };
    }
    case 'rbook': {
      const all = tradesOf(await recordsBack(desks, MOST_DAYS, at, sources));
      const trades = all.slice(-(question.count ?? USUAL_TRADES));
      return { kind: 'rbook', trades: trades.toReversed(), byDayType: byDayType(trades) };
    }
  }
}
