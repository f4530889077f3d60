import type { CardButton } from '#app/ports.ts';
import type { MessageKind } from '#core/engine/message.ts';
import type { Answer } from '#core/replies/answer.ts';
import { type ChatHearing, type Level, levelsOf } from '#core/replies/hearing.ts';

/** Words of the settings of a chat. */
export type SettingsWords = {
  readonly title: string;
  readonly language: string;
  readonly quiet: string;
  readonly noQuiet: string;
  readonly zone: string;
  readonly noZone: string;
  readonly alarms: string;
  readonly usual: string;
  readonly mutedUntil: string;
  readonly levels: Readonly<Record<Level, string>>;
  readonly change: string;
  /** Kinds with a button of their own. */
  readonly kinds: Readonly<Record<(typeof BUTTON_KINDS)[number], string>>;
};

/** Pushes that people most often want to hear otherwise. */
const BUTTON_KINDS = [
  'order_filled',
  'verdict_no_trade',
  'regime_change',
  'trail_moved',
  'daily_report',
] as const satisfies readonly MessageKind[];

const USUAL_QUIET = '22:30-08:00';

export const SETTINGS_EN: SettingsWords = {
  title: '⚙ Settings of this chat',
  language: 'language English',
  quiet: 'quiet, your time',
  noQuiet: 'no quiet hours',
  zone: 'times by',
  noZone: "times by the market's clock (/tz ZONE)",
  alarms: 'alarms (P0) sound at any hour',
  usual: 'everything else as it comes',
  mutedUntil: 'without a sound until',
  levels: { on: 'on', silent: 'silent', digest: 'hourly digest', off: 'off' },
  change: '/notify KIND on|silent|digest|off · /mute KIND 30m · /quiet HH:MM-HH:MM|off',
  kinds: {
    order_filled: 'Fills',
    verdict_no_trade: 'Verdicts',
    regime_change: 'Day type',
    trail_moved: 'Stop moves',
    daily_report: 'Reports',
  },
};

export const SETTINGS_ZH: SettingsWords = {
  title: '⚙ 本聊天的设置',
  language: '语言 中文',
  quiet: '免打扰（您的时间）',
  noQuiet: '没有免打扰时段',
  zone: '时间按',
  noZone: '时间按市场时区(/tz 时区)',
  alarms: '警报（P0）任何时候都响',
  usual: '其余照常',
  mutedUntil: '静音至',
  levels: { on: '开', silent: '静音', digest: '每小时汇总', off: '关' },
  change: '/notify 种类 on|silent|digest|off · /mute 种类 30m · /quiet HH:MM-HH:MM|off',
  kinds: {
    order_filled: '成交',
    verdict_no_trade: '结论',
    regime_change: '日型',
    trail_moved: '移动止损',
    daily_report: '日报',
  },
};

type Settings = Extract<Answer, { kind: 'settings' }>;

function chosen({ levels }: ChatHearing): readonly (readonly [string, Level])[] {
  return Object.entries(levels).filter(([, level]) => level !== 'on');
}

/** What a chat hears, in lines. `timeOf` writes an instant. */
export function settingsLines(
  { hearing, at, chatZone }: Settings,
  words: SettingsWords,
  timeOf: (at: number) => string,
): string[] {
  const { quiet } = hearing;
  const muted = Object.entries(hearing.muted).filter(([, untilAt]) => untilAt > at);
  const changed = chosen(hearing).map(([kind, level]) => `${kind} · ${words.levels[level]}`);
  return [
    words.title,
    words.language,
    quiet === null ? words.noQuiet : `${words.quiet} ${quiet.from}–${quiet.to}`,
    chatZone === null ? words.noZone : `${words.zone} ${chatZone}`,
    words.alarms,
    ...changed,
    ...muted.map(([kind, untilAt]) => `${kind} · ${words.mutedUntil} ${timeOf(untilAt)}`),
    ...(changed.length + muted.length === 0 ? [words.usual] : []),
    words.change,
  ];
}

/** Buttons of the settings: language, quiet hours, and for some kinds the next level. */
export function settingsButtons(
  { hearing, language }: Settings,
  words: SettingsWords,
): CardButton[][] {
  const other = language === 'zh' ? 'en' : 'zh';
  const toggle = hearing.quiet === null ? USUAL_QUIET : 'off';
  const label = hearing.quiet === null ? `${words.quiet} ${USUAL_QUIET}` : words.noQuiet;
  const kinds = BUTTON_KINDS.map((kind) => {
    const levels = levelsOf(kind);
    const now = hearing.levels[kind] ?? 'on';
    const next = levels[(levels.indexOf(now) + 1) % levels.length] ?? 'on';
    return {
      label: `${words.kinds[kind]} → ${words.levels[next]}`,
      command: `/notify ${kind} ${next}`,
    };
  });
  return [
    [
      { label: other === 'zh' ? '中文' : 'English', command: `/lang ${other}` },
      { label, command: `/quiet ${toggle}` },
    ],
    ...kinds.map((button) => [button]),
  ];
}
