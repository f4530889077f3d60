import type { StoredEvent } from '#app/ports.ts';
import { explainDecision } from '#app/read-book.ts';
import type { CheckpointRecord } from '#core/strategies/sector-pulse/checkpoint.ts';
import { withBooks } from './book.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { printCheckpoint } from './explain-checkpoint.ts';
import { instantText, type Output, tableText } from './output.ts';

type Check = {
  readonly name: string;
  readonly passed: boolean;
  readonly value: unknown;
  readonly operator: string;
  readonly threshold: unknown;
  readonly unit: string;
  readonly source: string;
};

function isCheck(value: unknown): value is Check {
  return typeof value === 'object' && value !== null && 'threshold' in value && 'passed' in value;
}

function checksIn(value: unknown): Check[] {
  if (Array.isArray(value)) return value.flatMap((entry) => checksIn(entry));
  if (isCheck(value)) return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap((entry) => checksIn(entry));
}

function figure(value: unknown, key = ''): string {
  if (typeof value === 'number' && key.endsWith('At'))
    return instantText(value, 'UTC').slice(0, 19);
  return typeof value === 'number' ? String(Number(value.toPrecision(8))) : String(value ?? '-');
}

/** Plain fields of an event on one line; nested ones one level deep. */
function fieldsOf(data: unknown, prefix = ''): string[] {
  if (typeof data !== 'object' || data === null) return [];
  return Object.entries(data).flatMap(([key, value]) => {
    if (key === 'at' || key === 'checks' || value === null) return [];
    if (typeof value !== 'object') return [`${prefix}${key} ${figure(value, key)}`];
    return prefix === '' && !Array.isArray(value) ? fieldsOf(value, `${key}.`) : [];
  });
}

function printEvent(event: StoredEvent, zone: string, output: Output): void {
  if (event.type === 'checkpoint_recorded') {
    printCheckpoint((event.data as { record: CheckpointRecord }).record, zone, output);
    return;
  }
  output.line(`${instantText(event.occurredAt, zone).slice(0, 19)}  ${event.type}`);
  output.line(`    ${fieldsOf(event.data).join(', ')}`);
  const checks = checksIn(event.data);
  if (checks.length === 0) return;
  const rows = checks.map((check) => [
    check.passed ? '✓' : '✗',
    check.name,
    figure(check.value),
    check.operator,
    figure(check.threshold),
    check.unit,
    check.source,
  ]);
  const table = tableText([['', 'check', 'value', '', 'threshold', 'unit', 'source'], ...rows]);
  for (const line of table.split('\n')) output.line(`    ${line}`);
}

/** `explain`: the chain behind one ticket or checkpoint, with every check, its value and its threshold. */
export async function runExplain(
  target: string,
  run: string | undefined,
  output: Output,
): Promise<ExitCode> {
  return withBooks(run, async ({ settings, store, books, allBooks }) => {
    const zones = new Map(settings.desks.map((desk) => [desk.id, desk.market]));
    const others = run === undefined ? allBooks.filter((book) => !books.includes(book)) : [];
    for (const book of [...books, ...others]) {
      const chain = explainDecision(await store.events.read(book.stream), target);
      if (chain.length === 0) continue;
      const zone = zones.get(book.deskId) === 'CN' ? 'Asia/Shanghai' : 'America/New_York';
      output.line(
        `${target}: ${chain.length} events of ${book.deskId} in run ${book.runId}, ${zone}`,
      );
      for (const event of chain) printEvent(event, zone, output);
      output.result({ target, run: book.runId, desk: book.deskId, events: chain });
      return EXIT.ok;
    }
    throw new Error(
      `explain: found nothing named ${target}, expected a ticket code or id, or a checkpoint as 2026-11-18.10:00, of the log`,
    );
  });
}
