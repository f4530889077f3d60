import type { CardButton } from '#app/ports.ts';
import type { Answer } from '#core/replies/answer.ts';
import { type CommandName, commandOf } from '#core/replies/command-table.ts';
import { type MenuPart, menuFor } from '#core/replies/menu.ts';
import type {
  CheckLine,
  CountsFrom,
  DegradedLine,
  ExportKind,
  ModelSpent,
  SettingChange,
  SettingLine,
  SourceLine,
  SystemAnswer,
  SystemNotice,
} from '#core/replies/system.ts';
import { createFormat } from '#shell/chat/format.ts';
import type { Catalogue, Of, Speech } from './catalogue.ts';
import { causeLine, type HEALTH_EN, healthText } from './health-lines.ts';
import { degradedLines } from './pulse-lines.ts';
import type { PulseWords } from './pulse-words.ts';

/** What one language says of the process, its settings and its files. */
export type SystemWords = {
  readonly health: typeof HEALTH_EN;
  readonly pulse: () => PulseWords;
  readonly parts: Readonly<Record<MenuPart, string>>;
  readonly menuTitle: (role: string) => string;
  readonly menuEnd: string;
  readonly facts: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, string>>;
  readonly sourceStates: Readonly<Record<SourceLine['state'], string>>;
  readonly noSources: string;
  readonly answered: (at: string) => string;
  readonly failedAt: (at: string) => string;
  readonly nothingDegraded: string;
  readonly noModel: string;
  readonly modelSpent: (
    spent: Omit<ModelSpent, 'cost' | 'waitedMs'>,
    waited: string,
  ) => readonly string[];
  readonly modelCost: (amount: string) => string;
  readonly noPrices: string;
  readonly noEntries: string;
  readonly gateRests: (deskId: string, checkpoint: string) => string;
  readonly countsFrom: Readonly<Record<CountsFrom, string>>;
  readonly local: string;
  readonly isSet: (mark: string) => string;
  readonly notSet: string;
  readonly configTitle: string;
  readonly configEnd: string;
  readonly noSetting: string;
  readonly noAudit: string;
  readonly auditEnd: (before: number) => string;
  readonly noTrades: string;
  readonly noDays: string;
  readonly dayCount: (days: number) => string;
  readonly tradeCount: (trades: number) => string;
  readonly fees: (money: string) => string;
  readonly typeRow: (
    of: string,
    trades: number,
    wins: number,
    mean: string,
    median: string,
    worst: string,
  ) => string;
  readonly exportEmpty: (what: string) => string;
  readonly exports: Readonly<Record<ExportKind, string>>;
  readonly zoneSet: (zone: string, now: string) => string;
  readonly zoneOff: string;
  readonly configSet: (what: string, file: string, from: string) => string;
  readonly configRefused: string;
  readonly reloaded: (count: number) => string;
  readonly nothingChanged: string;
  readonly jobRefused: (job: string) => string;
  readonly jobEarly: (job: string, due: string) => string;
  readonly jobsKnown: (names: string) => string;
  readonly notFromHere: string;
  readonly busy: (command: string) => string;
  readonly begun: (what: string) => string;
  readonly jobDone: (job: string, took: string) => string;
  readonly backupDone: (tables: number, rows: string, took: string) => string;
  readonly checksDone: (bad: number, all: number, took: string) => string;
  readonly cure: string;
  readonly failed: (what: string) => string;
  readonly colon: string;
};

const CHECK_MARKS: Readonly<Record<CheckLine['state'], string>> = {
  ok: '✓',
  warning: '⚠',
  failed: '✕',
  skipped: '–',
};
const MOST_CHANGES = 30;

function changeText({ key, from, to }: SettingChange, s: Speech): string {
  return `${s.f.words(key, 80)}: ${s.f.words(from, 80)} → ${s.f.words(to, 80)}`;
}

function settingText(line: SettingLine, s: Speech, w: SystemWords): string {
  const parts = [
    `${line.key} = ${s.f.words(line.value, 120)}`,
    ...(line.isLocal ? [w.local] : []),
    w.countsFrom[line.countsFrom],
  ];
  return parts.join(' · ');
}

function sourceText(line: SourceLine, s: Speech, w: SystemWords): string {
  const mark = { well: '✓', failing: '✕', silent: '–', unasked: '–' }[line.state];
  const name = w.values[line.source] ?? s.f.words(line.source, 40);
  return [
    `${mark} ${name} · ${s.f.words(w.values[line.what] ?? line.what.replaceAll('_', ' '), 60)}`,
    w.sourceStates[line.state],
    ...(line.answeredAt === null ? [] : [w.answered(s.f.timeSeconds(line.answeredAt))]),
    ...(line.failedAt === null
      ? []
      : [`${w.failedAt(s.f.timeSeconds(line.failedAt))} ${s.f.words(faultText(line, w), 80)}`]),
  ].join(' · ');
}

function faultText({ failure }: SourceLine, w: SystemWords): string {
  if (failure === null) return '';
  return w.values[failure] ?? failure;
}

function degradedText(
  line: DegradedLine,
  s: Speech,
  w: SystemWords,
  text: () => Catalogue,
): string[] {
  switch (line.of) {
    case 'safe_mode':
      return [`⚠ ${causeLine(line.deskId, line.entry, s, text(), w.health)} · ${w.noEntries}`];
    case 'gate':
      return [
        `⚠ ${w.gateRests(s.f.words(line.deskId, 40), line.checkpoint)}`,
        ...degradedLines(line.rows, s, w.pulse()),
      ];
    case 'source':
      return [sourceText(line.source, s, w)];
    case 'health':
      return [`✕ ${healthText(line.health, s, text(), w.health)}`];
  }
}

/** A command as a menu shows it: what can be tapped, and its Chinese word in Chinese. */
function commandText(name: CommandName, s: Speech): string {
  const row = commandOf(name);
  const spellings = [...(row?.words ?? []), ...(row?.aliases ?? [])];
  const chinese = spellings.find((word) => /\p{Script=Han}/u.test(word));
  return s.f.language === 'zh' && chinese !== undefined ? `/${name} ${chinese}` : `/${name}`;
}

type Answers = {
  readonly [K in SystemAnswer['kind']]: (answer: Of<Answer, K>, s: Speech) => readonly string[];
};

/** Words of the answers about the process. `text` is asked late: a catalogue holds them itself. */
export function systemAnswers(w: SystemWords, text: () => Catalogue): Answers {
  return {
    menu: (a, s) => [
      w.menuTitle(text().roles[a.role]),
      ...menuFor(a.role).map(
        ({ part, commands }) =>
          `${w.parts[part]}${w.colon}${commands.map((name) => commandText(name, s)).join(' · ')}`,
      ),
      w.menuEnd,
    ],
    version: (a, s) =>
      Object.entries(a.facts).map(([name, value]) => {
        const shown =
          name.endsWith('Ms') && typeof value === 'number'
            ? s.f.duration(value)
            : (w.values[String(value)] ?? s.f.words(String(value), 120));
        return `${w.facts[name] ?? name}${w.colon}${shown}`;
      }),
    sources: (a, s) =>
      a.lines.length === 0 ? [w.noSources] : a.lines.map((line) => sourceText(line, s, w)),
    degraded: (a, s) =>
      a.lines.length === 0
        ? [w.nothingDegraded]
        : a.lines.flatMap((line) => degradedText(line, s, w, text)),
    budget: ({ spent }, s) => {
      if (spent === null) return [w.noModel];
      const { cost, waitedMs, ...rest } = spent;
      const model = s.f.words(rest.model, 80);
      const amount = cost === null ? null : `${cost.amount.toFixed(4)} ${cost.currency}`;
      return [
        ...w.modelSpent({ ...rest, model }, s.f.duration(waitedMs)),
        amount === null ? w.noPrices : w.modelCost(amount),
      ];
    },
    config: (a, s) => {
      const lines = [
        ...a.settings.map((line) => settingText(line, s, w)),
        ...a.secrets.map(
          ({ name, mark }) =>
            `${s.f.words(name, 60)} · ${mark === null ? w.notSet : w.isSet(mark)}`,
        ),
      ];
      return lines.length === 0 ? [w.noSetting] : [w.configTitle, ...lines, w.configEnd];
    },
    audit: (a, s) => {
      const last = a.rows.at(-1);
      if (last === undefined) return [w.noAudit];
      return [
        ...a.rows.map(
          ({ id, at, actor, text: said, result }) =>
            `${id} · ${s.f.timeSeconds(at)} · ${s.f.words(actor, 40)} · ${s.f.words(said, 80)} · ${s.f.words(result, 40)}`,
        ),
        ...(a.hasMore ? [w.auditEnd(last.id)] : []),
      ];
    },
    rbook: (a, s) =>
      a.trades.length === 0
        ? [w.noTrades]
        : [
            ...a.byDayType.map((row) =>
              w.typeRow(
                text().dayTypes[row.dayType],
                row.trades,
                row.wins,
                s.f.r(row.meanR),
                s.f.r(row.medianR),
                s.f.r(row.worstR),
              ),
            ),
            ...a.trades.map(
              (trade) =>
                `${trade.tradingDay} ${s.f.words(trade.code, 8)} ${s.f.symbol(trade.instrument)} ${s.f.r(trade.resultR)} · ${text().dayTypes[trade.dayType]} · ${s.f.words(trade.deskId, 40)}`,
            ),
          ],
    pnl_spans: (a, s) =>
      a.rows.length === 0
        ? [w.noDays]
        : a.rows.map((row) => {
            const place = { zone: 'UTC', currency: row.currency, operatorZone: null };
            const f = createFormat(s.f.language, text().format, place);
            const days = row.from === row.to ? row.from : `${row.from} – ${row.to}`;
            const parts = [
              w.dayCount(row.days),
              w.tradeCount(row.trades),
              w.fees(f.money(row.feesMinor)),
            ];
            return `${days} · ${s.f.words(row.deskId, 40)} · ${f.gain(row.resultMinor)} (${f.r(row.resultR)}) · ${parts.join(' · ')}`;
          }),
    export_empty: (a) => [w.exportEmpty(w.exports[a.what])],
  };
}

type Notices = {
  readonly [K in SystemNotice['kind']]: (
    notice: Extract<SystemNotice, { readonly kind: K }>,
    s: Speech,
  ) => readonly string[];
};

/** Words of what the conversation says about the process. */
export function systemNotices(w: SystemWords): Notices {
  return {
    zone_set: (n, s) =>
      n.zone === null ? [w.zoneOff] : [w.zoneSet(n.zone, s.f.timeSeconds(s.now))],
    config_set: (n, s) => [
      w.configSet(
        changeText(n.change, s),
        s.f.words(n.file, 80),
        w.countsFrom[n.change.countsFrom],
      ),
    ],
    config_refused: (n, s) => [`✕ ${s.f.words(n.line, 300)}${w.configRefused}`],
    reloaded: (n, s) =>
      n.changes.length === 0
        ? [w.nothingChanged]
        : [
            w.reloaded(n.changes.length),
            ...n.changes
              .slice(0, MOST_CHANGES)
              .map((change) => `${changeText(change, s)} · ${w.countsFrom[change.countsFrom]}`),
            ...(n.changes.length > MOST_CHANGES ? ['…'] : []),
          ],
    job_refused: (n, s) => [
      n.known === null ? w.notFromHere : w.jobRefused(s.f.words(n.job, 40)),
      ...(n.known === null ? [] : [w.jobsKnown(n.known.join(', '))]),
    ],
    job_early: (n, s) => [w.jobEarly(s.f.words(n.job, 40), s.f.time(n.dueAt))],
    task_busy: (n) => [w.busy(`/${n.command}`)],
    task_begun: (n, s) => [
      w.begun(`/${n.command}${n.subject === '' ? '' : ` ${s.f.words(n.subject, 40)}`}`),
    ],
    job_done: (n, s) => [w.jobDone(s.f.words(n.job, 40), s.f.duration(n.tookMs))],
    backup_done: (n, s) => [
      w.backupDone(n.tables, String(n.rows), s.f.duration(n.tookMs)),
      s.f.words(n.folder, 200),
    ],
    selftest_done: (n, s) => [
      w.checksDone(
        n.checks.filter(({ state }) => state === 'failed' || state === 'warning').length,
        n.checks.length,
        s.f.duration(n.tookMs),
      ),
      ...n.checks.slice(0, 40).map((check) => checkText(check, s, w)),
    ],
    task_failed: (n, s) => [
      `✕ ${w.failed(`/${n.command}${n.subject === '' ? '' : ` ${s.f.words(n.subject, 40)}`}`)}`,
      s.f.words(n.cause, 300),
    ],
  };
}

function checkText({ name, state, found, cure }: CheckLine, s: Speech, w: SystemWords): string {
  const shown = `${CHECK_MARKS[state]} ${w.values[name] ?? s.f.words(name, 40)}${w.colon}${s.f.words(found, 160)}`;
  return cure === null || state === 'ok' ? shown : `${shown} · ${w.cure} ${s.f.words(cure, 160)}`;
}

/** Buttons under answers about the process. */
export function systemButtons(answer: Answer, text: Catalogue): CardButton[][] {
  const b = text.buttons;
  if (answer.kind === 'audit') {
    const last = answer.rows.at(-1);
    if (!answer.hasMore || last === undefined) return [];
    return [[{ label: b.older, command: `/audit ${answer.count} before ${last.id}` }]];
  }
  if (answer.kind !== 'menu') return [];
  return [
    [
      { label: b.status, command: '/status' },
      { label: b.pending, command: '/pending' },
      { label: b.positions, command: '/positions' },
    ],
    [
      ...(answer.role === 'viewer' ? [] : [{ label: b.stop, command: '/stop' }]),
      { label: b.help, command: '/help' },
    ],
  ];
}
