import type { AuditLine, ExportKind } from '#core/replies/system.ts';
import type { DayRecord } from '#core/reports/day-record.ts';

/** Rows of one table by column; names of columns are the same in every language. */
export type ExportRow = Readonly<Record<string, string | number | boolean | null>>;

const money = (minor: number | null): number | null => (minor === null ? null : minor / 100);
const rounded = (value: number | null): number | null =>
  value === null ? null : Number(value.toFixed(4));
const instantText = (at: number): string => new Date(at).toISOString();

function tradeRows({ deskId, tradingDay, currency, trades }: DayRecord): ExportRow[] {
  return trades.map((trade) => ({
    date: tradingDay,
    desk: deskId,
    code: trade.code,
    symbol: trade.instrument,
    side: trade.side,
    quantity: trade.quantity,
    entry_price: trade.entryPrice,
    exit_price: trade.exitPrice,
    exit_reason: trade.exitReason,
    day_type: trade.dayType,
    r: rounded(trade.resultR),
    result: money(trade.pnlMinor),
    currency,
    entry_bps: rounded(trade.entryBps),
    exit_bps: rounded(trade.exitBps),
  }));
}

function proposalRows({ deskId, tradingDay, proposals }: DayRecord): ExportRow[] {
  return proposals.map((proposal) => ({
    date: tradingDay,
    desk: deskId,
    at: instantText(proposal.at),
    code: proposal.code,
    symbol: proposal.instrument,
    day_type: proposal.dayType,
    answer: proposal.answer,
    r: rounded(proposal.resultR),
    is_shadow: proposal.isShadow,
  }));
}

function dayRow(record: DayRecord): ExportRow {
  return {
    date: record.tradingDay,
    desk: record.deskId,
    verdict: record.verdict,
    reasons: record.reasons.map(({ code }) => code).join(' '),
    r: rounded(record.resultR),
    result: money(record.resultMinor),
    fees: money(record.feesMinor),
    equity: money(record.equityMinor),
    currency: record.currency,
    trades: record.trades.length,
    proposals: record.proposals.length,
    gates: record.gates.map(({ checkpoint, passed }) => `${checkpoint}=${passed}`).join(' '),
    rule_breaks: record.breaks.map(({ kind, count }) => `${kind}=${count}`).join(' '),
  };
}

function auditRow({ id, at, actor, text, result }: AuditLine): ExportRow {
  return { id, at: instantText(at), actor, text, result };
}

/** The table asked for. */
export function exportRows(
  what: ExportKind,
  {
    records,
    audit,
  }: { readonly records: readonly DayRecord[]; readonly audit: readonly AuditLine[] },
): ExportRow[] {
  switch (what) {
    case 'trades':
      return records.flatMap(tradeRows);
    case 'proposals':
      return records.flatMap(proposalRows);
    case 'days':
      return records.map(dayRow);
    case 'audit':
      return audit.map(auditRow);
  }
}
