import type { SafeModeCause, SafeModeEntry } from '#core/engine/state.ts';
import type { HealthLine, JobLine } from '#core/replies/answer.ts';
import type { Catalogue, Speech } from './catalogue.ts';

type Figures = HealthLine['figures'];

/** What /health and /jobs say in one language. */
type HealthWords = {
  readonly store: (kind: string, ms: string, protection: string) => string;
  readonly disk: (mb: string) => string;
  readonly memory: (mb: string) => string;
  readonly channel: (name: string) => string;
  readonly pushes: (sounding: string, budget: string) => string;
  readonly calendar: (market: string, until: string) => string;
  readonly desk: (name: string, kill: string, causes: string, isReconciled: boolean) => string;
  /** The subject alone, where only a failure is to be told. */
  readonly names: Readonly<Record<'store' | 'disk' | 'memory' | 'pushes', string>>;
  readonly values: Readonly<Record<string, string>>;
  readonly noCause: string;
  readonly gone: string;
  readonly since: string;
  readonly jobStates: Readonly<Record<string, string>>;
  readonly startedLate: (late: string) => string;
  readonly next: string;
  readonly colon: string;
};

export const HEALTH_EN: HealthWords = {
  store: (kind, ms, protection) => `database · ${kind} · answers in ${ms} ms · ${protection}`,
  disk: (mb) => `disk · ${mb} MB free`,
  memory: (mb) => `memory · ${mb} MB in use`,
  channel: (name) => `channel ${name}`,
  pushes: (sounding, budget) => `sounding pushes today · ${sounding} of at most ${budget}`,
  calendar: (market, until) => `calendar ${market} · known until ${until}`,
  desk: (name, kill, causes, isReconciled) =>
    `${name} · ${kill} · SAFE_MODE: ${causes} · ${isReconciled ? 'book and broker agree' : 'book and broker not compared, or they differ'}`,
  names: { store: 'database', disk: 'disk', memory: 'memory', pushes: 'sounding pushes today' },
  values: {
    embedded: 'its own',
    server: 'a server',
    roles: 'append-only by roles',
    triggers: 'append-only by triggers',
    clear: 'no kill',
    halted: 'killed, stage 1',
    flattening: 'killed, selling everything',
    flat: 'killed, flat',
    incomplete: 'killed, not everything was sold',
  },
  noCause: 'no',
  gone: 'gone, /safe off ends it',
  since: 'since',
  jobStates: {
    never_ran: 'has not run yet',
    claimed: 'runs',
    done: 'done',
    failed: 'failed',
    missed: 'missed',
    crashed: 'cut off',
  },
  startedLate: (late) => `started ${late} late`,
  next: 'next',
  colon: ': ',
};

export const HEALTH_ZH: HealthWords = {
  store: (kind, ms, protection) => `数据库 · ${kind} · ${ms}毫秒应答 · ${protection}`,
  disk: (mb) => `磁盘 · 剩余${mb} MB`,
  memory: (mb) => `内存 · 占用${mb} MB`,
  channel: (name) => `渠道 ${name}`,
  pushes: (sounding, budget) => `今日响铃消息 · ${sounding}条,上限${budget}条`,
  calendar: (market, until) => `日历 ${market} · 已知至 ${until}`,
  desk: (name, kill, causes, isReconciled) =>
    `${name} · ${kill} · 安全模式:${causes} · ${isReconciled ? '账实一致' : '未对账或账实不符'}`,
  names: { store: '数据库', disk: '磁盘', memory: '内存', pushes: '今日响铃消息' },
  values: {
    embedded: '自带',
    server: '服务器',
    roles: '按角色只增不改',
    triggers: '按触发器只增不改',
    clear: '未急停',
    halted: '已急停(第一步)',
    flattening: '已急停,清仓中',
    flat: '已急停,已清仓',
    incomplete: '已急停,未能全部卖出',
  },
  noCause: '无',
  gone: '已消除,/safe off 退出',
  since: '自',
  jobStates: {
    never_ran: '还没有运行过',
    claimed: '运行中',
    done: '完成',
    failed: '失败',
    missed: '错过',
    crashed: '中断',
  },
  startedLate: (late) => `晚${late}开始`,
  next: '下次',
  colon: ':',
};

const grouped = (value: number | string | undefined): string =>
  String(value ?? '').replace(/\B(?=(\d{3})+$)/g, ',');

function wordOf(value: number | string | undefined, words: HealthWords): string {
  const text = String(value ?? '');
  return words.values[text] ?? text;
}

/** One cause of SAFE_MODE: where, why, since when. */
export function causeLine(
  deskId: string,
  { cause, subject, since, isGone, figures }: SafeModeEntry,
  s: Speech,
  text: Catalogue,
  words: HealthWords,
): string {
  const shown = s.f.figures(figures);
  return [
    s.f.words(`${deskId} · ${text.safeModeCauses[cause]} ${subject}`, 120),
    ...(shown === '' ? [] : [shown]),
    s.f.language === 'zh'
      ? `${words.since}${s.f.time(since)}`
      : `${words.since} ${s.f.time(since)}`,
    ...(isGone ? [words.gone] : []),
  ].join(' · ');
}

/** What was looked at, without its mark. */
export function healthText(
  line: HealthLine,
  s: Speech,
  text: Catalogue,
  words: HealthWords,
  causes: readonly SafeModeCause[] = [],
): string {
  const { of, subject, figures, entry } = line;
  const name = s.f.words(subject, 40);
  const error = failureOf(figures, s);
  if (error !== null) return `${headOf(line, name, words)} · ${error}`;
  switch (of) {
    case 'store':
      return words.store(
        wordOf(figures['kind'], words),
        String(figures['ms'] ?? ''),
        wordOf(figures['protection'], words),
      );
    case 'disk':
      return words.disk(grouped(figures['freeMb']));
    case 'memory':
      return words.memory(grouped(figures['residentMb']));
    case 'channel':
      return words.channel(name);
    case 'pushes':
      return words.pushes(String(figures['sounding'] ?? ''), String(figures['budget'] ?? ''));
    case 'calendar':
      return words.calendar(name, String(figures['until'] ?? ''));
    case 'safe_mode':
      return entry === undefined ? name : causeLine(subject, entry, s, text, words);
    case 'desk': {
      const told = causes.map((cause) => text.safeModeCauses[cause]).join(', ');
      const isReconciled = figures['reconciled'] === 'true';
      const kill = wordOf(figures['kill'], words);
      return words.desk(name, kill, told === '' ? words.noCause : told, isReconciled);
    }
  }
}

function failureOf(figures: Figures, s: Speech): string | null {
  const { error } = figures;
  return error === undefined ? null : s.f.words(String(error), 160);
}

function headOf({ of }: HealthLine, name: string, words: HealthWords): string {
  if (of === 'channel') return words.channel(name);
  return of === 'store' || of === 'disk' || of === 'memory' || of === 'pushes'
    ? words.names[of]
    : name;
}

/** All that /health looked at; a desk names the causes that follow it. */
export function healthLines(
  lines: readonly HealthLine[],
  s: Speech,
  text: Catalogue,
  words: HealthWords,
): string[] {
  return lines.map((line) => {
    const own = lines.flatMap(({ of, subject, entry }) =>
      of === 'safe_mode' && subject === line.subject && entry !== undefined ? [entry.cause] : [],
    );
    const told = healthText(line, s, text, words, [...new Set(own)]);
    return `${line.isWell ? '✓' : '✕'} ${told}`;
  });
}

/** A job, how it ended last, and when it is due. */
export function jobLine(job: JobLine, s: Speech, words: HealthWords): string {
  const late = /^late_ms=(\d+)$/.exec(job.note ?? '')?.[1];
  const note =
    late === undefined
      ? s.f.words(job.note ?? '', 80)
      : words.startedLate(s.f.duration(Number(late)));
  const isLate = late === undefined || Number(late) >= 1_000;
  const state = words.jobStates[job.state] ?? s.f.words(job.state, 20);
  return [
    `${s.f.words(job.job, 40)}${words.colon}${state}${job.lastAt === null ? '' : ` ${s.f.time(job.lastAt)}`}`,
    ...(job.nextAt === null ? [] : [`${words.next} ${s.f.time(job.nextAt)}`]),
    ...(note === '' || !isLate ? [] : [note]),
  ].join(' · ');
}
