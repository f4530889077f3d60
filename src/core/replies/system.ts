import type { SafeModeEntry } from '#core/engine/state.ts';
import type { DegradedRows } from '#core/gates/gate.ts';
import { mean, median } from '#core/lib/stats.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { DayRecord } from '#core/reports/day-record.ts';
import { boundsOf, periodFigures, type Span } from '#core/reports/period.ts';
import type { DayType } from '#core/strategies/strategy.ts';
import type { HealthLine } from './answer.ts';
import type { CommandName, CommandRole } from './command-table.ts';

/** What a chat may have as a file. */
export const EXPORTS = ['trades', 'proposals', 'days', 'audit'] as const;
export type ExportKind = (typeof EXPORTS)[number];
export type ExportFormat = 'csv' | 'json';

/** A question about the process and what it keeps. */
export type SystemQuestion =
  | { readonly ask: 'menu' | 'version' | 'sources' | 'degraded' | 'budget' }
  /** `key` null: all that may be seen. */
  | { readonly ask: 'config'; readonly key: string | null }
  /** The newest rows, or those before the row with this number. */
  | { readonly ask: 'audit'; readonly count: number | null; readonly before: number | null }
  /** Results of the last days, weeks or months. */
  | { readonly ask: 'pnl_spans'; readonly count: number | null; readonly span: Span }
  /** The last round trips in R, by day type. */
  | { readonly ask: 'rbook'; readonly count: number | null }
  | {
      readonly ask: 'export';
      readonly what: ExportKind;
      readonly days: number | null;
      readonly format: ExportFormat;
    };

/** What a person wants of the process itself: it changes no desk. */
export type SystemAct =
  | { readonly act: 'config'; readonly key: string; readonly value: string }
  | { readonly act: 'job'; readonly job: string }
  | { readonly act: 'reload' }
  | { readonly act: 'backup' | 'selftest' };

/** When a changed setting counts: from now on, or from the next start. */
export type CountsFrom = 'now' | 'restart';

/** A setting as a chat sees it; values are those of the file, as text. */
export type SettingLine = {
  readonly key: string;
  readonly value: string;
  /** It stands in config/local. */
  readonly isLocal: boolean;
  readonly countsFrom: CountsFrom;
};

/** A setting that became another, or would. */
export type SettingChange = {
  readonly key: string;
  readonly from: string;
  readonly to: string;
  readonly countsFrom: CountsFrom;
};

/** A secret by its name: never more than a mark of its value; null: it is not set. */
export type SecretMark = { readonly name: string; readonly mark: string | null };

/** One source of data: what it gives, and how it did. Instants are epoch milliseconds. */
export type SourceLine = {
  readonly source: string;
  /** What it was asked for. */
  readonly what: string;
  readonly state: 'well' | 'failing' | 'silent' | 'unasked';
  readonly answeredAt: number | null;
  readonly failedAt: number | null;
  readonly failure: string | null;
};

/** Something that is less than it should be. */
export type DegradedLine =
  | {
      readonly of: 'safe_mode';
      readonly deskId: string;
      readonly entry: SafeModeEntry;
    }
  /** Rows of the newest gate that rest on less than their first source. */
  | {
      readonly of: 'gate';
      readonly deskId: string;
      readonly checkpoint: string;
      readonly rows: readonly DegradedRows[];
    }
  | { readonly of: 'source'; readonly source: SourceLine }
  | { readonly of: 'health'; readonly health: HealthLine };

/** A row of the audit. */
export type AuditLine = {
  readonly id: number;
  readonly at: number;
  readonly actor: string;
  readonly text: string;
  readonly result: string;
};

/** What a language model was asked since the day (UTC) or the process began. */
export type ModelSpent = {
  readonly model: string;
  readonly asked: number;
  readonly mostPerDay: number;
  /** Answers with numbers or names that the facts have not. */
  readonly thrownAway: number;
  /** Calls without an answer. */
  readonly failed: number;
  readonly waitedMs: number;
  readonly tokensIn: number;
  readonly tokensOut: number;
  /** At the prices of the settings, in units of `currency`; null: none are set. */
  readonly cost: { readonly amount: number; readonly currency: string } | null;
};

/** A round trip in R. */
export type RTrade = {
  readonly deskId: string;
  readonly tradingDay: string;
  readonly code: string;
  readonly instrument: InstrumentId;
  readonly dayType: DayType;
  readonly resultR: number;
};

/** What a desk's recorded days of one span came to. */
export type SpanResult = {
  readonly deskId: string;
  readonly currency: string;
  readonly from: string;
  readonly to: string;
  readonly days: number;
  readonly trades: number;
  readonly resultMinor: number;
  readonly resultR: number;
  readonly feesMinor: number;
};

export type RTypeRow = {
  readonly dayType: DayType;
  readonly trades: number;
  readonly wins: number;
  readonly meanR: number;
  readonly medianR: number;
  readonly worstR: number;
};

export type SystemAnswer =
  | { readonly kind: 'menu'; readonly role: CommandRole }
  | {
      readonly kind: 'version';
      readonly facts: Readonly<Record<string, number | string>>;
    }
  | { readonly kind: 'sources'; readonly lines: readonly SourceLine[] }
  | { readonly kind: 'degraded'; readonly lines: readonly DegradedLine[] }
  /** Null: no language model is in use. */
  | { readonly kind: 'budget'; readonly spent: ModelSpent | null }
  | {
      readonly kind: 'config';
      readonly settings: readonly SettingLine[];
      readonly secrets: readonly SecretMark[];
    }
  | {
      readonly kind: 'audit';
      readonly rows: readonly AuditLine[];
      readonly count: number;
      /** Rows older than these exist. */
      readonly hasMore: boolean;
    }
  | {
      readonly kind: 'rbook';
      /** Newest first. */
      readonly trades: readonly RTrade[];
      readonly byDayType: readonly RTypeRow[];
    }
  | { readonly kind: 'pnl_spans'; readonly span: Span; readonly rows: readonly SpanResult[] }
  | { readonly kind: 'export_empty'; readonly what: ExportKind };

/** One thing that was looked at. */
export type CheckLine = {
  readonly name: string;
  readonly state: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly found: string;
  readonly cure: string | null;
};

export type SystemNotice =
  | { readonly kind: 'zone_set'; readonly zone: string | null }
  | { readonly kind: 'config_set'; readonly change: SettingChange; readonly file: string }
  /** One line: place, found, expected. Nothing was changed. */
  | { readonly kind: 'config_refused'; readonly line: string }
  | { readonly kind: 'reloaded'; readonly changes: readonly SettingChange[] }
  | {
      readonly kind: 'job_refused';
      readonly job: string;
      /** Jobs that may be run from a chat; null: none from this run. */
      readonly known: readonly string[] | null;
    }
  | { readonly kind: 'job_early'; readonly job: string; readonly dueAt: number }
  | { readonly kind: 'task_busy'; readonly command: CommandName }
  | { readonly kind: 'task_begun'; readonly command: CommandName; readonly subject: string }
  | { readonly kind: 'job_done'; readonly job: string; readonly tookMs: number }
  | {
      readonly kind: 'backup_done';
      readonly folder: string;
      readonly tables: number;
      readonly rows: number;
      readonly tookMs: number;
    }
  | {
      readonly kind: 'selftest_done';
      readonly checks: readonly CheckLine[];
      readonly tookMs: number;
    }
  | {
      readonly kind: 'task_failed';
      readonly command: CommandName;
      readonly subject: string;
      readonly cause: string;
    };

/** Round trips by day type, in the order in which the types first appear. */
export function byDayType(trades: readonly RTrade[]): RTypeRow[] {
  return [...Map.groupBy(trades, ({ dayType }) => dayType)].map(([dayType, of]) => {
    const results = of.map(({ resultR }) => resultR);
    return {
      dayType,
      trades: of.length,
      wins: results.filter((value) => value > 0).length,
      meanR: mean(results) ?? 0,
      medianR: median(results) ?? 0,
      worstR: Math.min(...results),
    };
  });
}

/** Recorded days of one desk by span, the newest span first; spans without a recorded day are left out. */
export function bySpan(records: readonly DayRecord[], span: Span, count: number): SpanResult[] {
  const groups = [...Map.groupBy(records, ({ tradingDay }) => boundsOf(span, tradingDay).from)];
  const newest = groups.sort(([a], [b]) => (a < b ? 1 : -1)).slice(0, count);
  return newest.flatMap(([from, of]) => {
    const [first] = of;
    if (first === undefined) return [];
    const { days, resultMinor, resultR, feesMinor } = periodFigures(of);
    const trades = of.reduce((sum, record) => sum + record.trades.length, 0);
    const { deskId, currency } = first;
    const { to } = boundsOf(span, from);
    return [{ deskId, currency, from, to, days, trades, resultMinor, resultR, feesMinor }];
  });
}
