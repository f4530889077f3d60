import type { Reason } from '#core/gates/reason.ts';
import { type InstrumentId, symbolOf } from '#core/market/instrument.ts';

export type Language = 'zh' | 'en';

/** Words a format needs from its language. */
export type FormatWords = {
  readonly zones: Readonly<Record<string, string>>;
  readonly second: string;
  readonly minute: string;
  readonly hour: string;
  readonly shares: (count: string) => string;
  readonly unknown: string;
  readonly figures: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, string>>;
};

/** Turns figures into text: every number with its unit, times in the market's zone. */
export type Format = {
  readonly language: Language;
  /** The zone this chat chose for its times; null: none. */
  readonly chatZone: string | null;
  /** `252.38`; four digits below one unit of currency. */
  price(value: number | null): string;
  /** Minor units with the currency's sign: `$8.82`. */
  money(minor: number): string;
  /** As `money`, in another currency. */
  amount(minor: number, currency: string): string;
  /** As `money`, always with a sign: `+$7.90`. */
  gain(minor: number): string;
  /** `+0.90R` */
  r(value: number): string;
  /** A fraction as percent: 0.0003 → `0.03 %`. */
  ratio(value: number): string;
  /** As `ratio`, always to two decimals, for figures that stand below each other: −0.082 → `−8.20 %`. */
  percent(value: number): string;
  /** A source of data by a word of the language, or as it calls itself. */
  source(name: string): string;
  /** An event of a calendar by a word of the language, or as its list calls it. */
  event(name: string): string;
  bps(value: number | null): string;
  shares(count: number): string;
  /**
   * `10:07 ET (23:07)`; the bracket only when the operator's clock shows something else. In a chat with a zone of
   * its own `22:07 Singapore (10:07 ET)`, the market's clock in the bracket.
   */
  time(at: number): string;
  /** As `time` with seconds. */
  timeSeconds(at: number): string;
  /** `118 s`, `9 min 40 s`, `2 h 5 min` */
  duration(ms: number): string;
  symbol(instrument: InstrumentId): string;
  /** Figures as `name value` pairs with their units read from the names. */
  figures(figures: Readonly<Record<string, number | string>>): string;
  /** Text that came from outside, on one line and cut. */
  words(text: string, longest?: number): string;
};

export type FormatOptions = {
  readonly zone: string;
  readonly currency: string;
  readonly operatorZone: string | null;
  /** Outranks the operator's; null or left out: the chat chose none. */
  readonly chatZone?: string | null;
};

const CURRENCY_SIGNS: Readonly<Record<string, string>> = { USD: '$', CNY: '¥', HKD: 'HK$' };

function trimmed(value: number, digits: number): string {
  return value
    .toFixed(digits)
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '')
    .replace('-', '−');
}

/** Wall clock text of an instant in a zone: `HH:MM` or `HH:MM:SS`. */
function clockOf(at: number, zone: string, seconds: boolean): string {
  const wall = Temporal.Instant.fromEpochMilliseconds(Math.floor(at)).toZonedDateTimeISO(zone);
  return wall.toPlainTime().toString({ smallestUnit: seconds ? 'second' : 'minute' });
}

/** The city of a zone nobody has a word for: `Europe/Paris` → `Paris`. */
function placeOf(zone: string): string {
  return zone.slice(zone.lastIndexOf('/') + 1).replaceAll('_', ' ');
}

function moneyText(minor: number, currency: string): string {
  const sign = CURRENCY_SIGNS[currency] ?? `${currency} `;
  const whole = Math.floor(Math.abs(minor) / 100)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');
  const cents = String(Math.abs(minor) % 100).padStart(2, '0');
  return `${sign}${whole}.${cents}`;
}

function priceText(value: number | null, unknown: string): string {
  if (value === null || !Number.isFinite(value)) return unknown;
  return Math.abs(value) < 1 ? value.toFixed(4) : value.toFixed(2);
}

function durationText(ms: number, words: FormatWords): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  if (seconds < 180) return `${seconds}${words.second}`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 180) {
    const rest = seconds % 60;
    return rest === 0
      ? `${minutes}${words.minute}`
      : `${minutes}${words.minute} ${rest}${words.second}`;
  }
  const hours = Math.floor(minutes / 60);
  return minutes % 60 === 0
    ? `${hours}${words.hour}`
    : `${hours}${words.hour} ${minutes % 60}${words.minute}`;
}

/** One line without control characters, cut at `longest` characters. */
export function oneLine(text: string, longest = 160): string {
  const flat = text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/ {2,}/g, ' ')
    .trim();
  const points = [...flat];
  return points.length <= longest ? flat : `${points.slice(0, longest - 1).join('')}…`;
}

/** Unit of a figure by the last word of its name. */
function figureText(
  name: string,
  value: number | string,
  format: Format,
  words: FormatWords,
): string {
  if (typeof value === 'string') return words.values[value] ?? format.words(value, 80);
  if (!Number.isFinite(value)) return words.unknown;
  if (name.endsWith('Bps')) return format.bps(value);
  if (name.endsWith('Minor')) return format.money(value);
  if (name.endsWith('Ratio') || name.endsWith('Return')) return format.ratio(value);
  if (name.endsWith('Ms')) {
    return Math.abs(value) < 10_000
      ? `${trimmed(value / 1000, 1)}${words.second}`
      : format.duration(value);
  }
  if (name === 'since' || name.endsWith('At') || name.endsWith('Until'))
    return format.timeSeconds(value);
  if (/(^r|R)$/.test(name)) return `${trimmed(value, 2)}R`;
  if (/[aA]tr$/.test(name)) return `${trimmed(value, 2)} ATR`;
  return trimmed(value, 4);
}

/** How a failed comparison stands, in the sense that is true. */
const NOT: Readonly<Record<string, string>> = {
  '<': '≥',
  '<=': '>',
  '>': '≤',
  '>=': '<',
};
const WANTED: Readonly<Record<string, string>> = { '<': '<', '<=': '≤', '>': '>', '>=': '≥' };

/** From here on digits are grouped and fractions left out: a turnover is no ratio. */
const GROUPED = 10_000;

function grouped(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',')
    .replace('-', '−');
}

/** Two figures as short as they can be told apart. */
function told(value: number, threshold: number): readonly [string, string] {
  if (Math.abs(threshold) >= GROUPED) return [grouped(value), grouped(threshold)];
  const short = [trimmed(value, 2), trimmed(threshold, 2)] as const;
  const isAlike = short[0] === short[1] && value !== threshold;
  return isAlike ? [trimmed(value, 4), trimmed(threshold, 4)] : short;
}

/** `limit-ups 22 < 30`: a condition that did not hold; null when the figures are not of one. */
function failedCondition(
  figures: Readonly<Record<string, number | string>>,
  format: Format,
  words: FormatWords,
): string | null {
  const { condition, value, operator, threshold } = figures;
  if (typeof condition !== 'string' || value === undefined || threshold === undefined) return null;
  const name = words.values[condition] ?? format.words(spaced(condition), 40);
  const sign = String(operator);
  const isKnown = typeof value === 'number' && Number.isFinite(value);
  // what is either so or not so has nothing to be compared with
  if (typeof threshold !== 'number')
    return isKnown || value === 'false' ? name : `${name} ${words.unknown}`;
  if (!isKnown) return `${name} ${words.unknown} (${WANTED[sign] ?? '='} ${trimmed(threshold, 4)})`;
  const [left, right] = told(value, threshold);
  return `${name} ${left} ${NOT[sign] ?? '≠'} ${right}`;
}

/** `0.19 < 0.2`: a figure beside the threshold it missed; null when they are not both there. */
function comparedText(figures: Readonly<Record<string, number | string>>): string | null {
  const { value, threshold } = figures;
  if (typeof value !== 'number' || typeof threshold !== 'number') return null;
  if (!Number.isFinite(value) || !Number.isFinite(threshold)) return null;
  const sign = value < threshold ? '<' : value > threshold ? '>' : '=';
  const [left, right] = told(value, threshold);
  return `${left} ${sign} ${right}`;
}

/** The formatter of one message: a language's words, the market's zone and currency. */
export function createFormat(
  language: Language,
  words: FormatWords,
  options: FormatOptions,
): Format {
  const chatZone = options.chatZone ?? null;
  const told = (at: number, zone: string, seconds: boolean): string => {
    const clock = clockOf(at, zone, seconds);
    const place = words.zones[zone] ?? placeOf(zone);
    return language === 'zh' ? `${place}${clock}` : `${clock} ${place}`;
  };
  const timeText = (at: number, seconds: boolean): string => {
    const there = clockOf(at, options.zone, seconds);
    const text = told(at, options.zone, seconds);
    if (chatZone !== null) {
      if (clockOf(at, chatZone, seconds) === there) return text;
      const own = told(at, chatZone, seconds);
      return language === 'zh' ? `${own}(${text})` : `${own} (${text})`;
    }
    if (options.operatorZone === null || options.operatorZone === options.zone) return text;
    const here = clockOf(at, options.operatorZone, seconds);
    if (here === there) return text;
    return language === 'zh'
      ? `${text}(${words.zones[options.operatorZone] ?? ''}${here})`
      : `${text} (${here})`;
  };
  const format: Format = {
    language,
    chatZone,
    price: (value) => priceText(value, words.unknown),
    money: (minor) => format.amount(minor, options.currency),
    amount: (minor, currency) => `${minor < 0 ? '−' : ''}${moneyText(minor, currency)}`,
    gain: (minor) => `${minor < 0 ? '−' : '+'}${moneyText(minor, options.currency)}`,
    r: (value) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}R`,
    ratio: (value) => `${trimmed(value * 100, 2)}${language === 'zh' ? '%' : ' %'}`,
    percent: (value) =>
      `${(value * 100).toFixed(2).replace('-', '−')}${language === 'zh' ? '%' : ' %'}`,
    source: (name) => words.values[name] ?? oneLine(name, 30),
    event: (name) => words.values[name] ?? oneLine(name, 60),
    bps: (value) => (value === null ? words.unknown : `${trimmed(value, 1).replace('-', '−')} bp`),
    shares: (count) => words.shares(String(count)),
    time: (at) => timeText(at, false),
    timeSeconds: (at) => timeText(at, true),
    duration: (ms) => durationText(ms, words),
    symbol: (instrument) => oneLine(symbolOf(instrument), 16),
    figures: (figures) =>
      failedCondition(figures, format, words) ??
      Object.entries(figures)
        .slice(0, 8)
        .filter(([name]) => name !== 'threshold' || comparedText(figures) === null)
        .map(([name, value]) => {
          const compared = name === 'value' ? comparedText(figures) : null;
          if (compared !== null) return compared;
          const label = words.figures[name] ?? spaced(name);
          const text = figureText(name, value, format, words);
          return label === '' ? text : `${label} ${text}`;
        })
        .join(', '),
    words: oneLine,
  };
  return format;
}

/** `lossLimitR` → `loss limit`: the unit at the end is shown with the value. */
function spaced(name: string): string {
  const bare = name.replace(/(Bps|Minor|Ratio|Ms|At|Atr|R)$/, '');
  return (bare === '' ? name : bare).replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();
}

/** A reason as label and figures: `stop too wide: 0.31 ATR, limit 0.25 ATR`. */
export function reasonText(
  reason: Reason,
  labels: Readonly<Record<Reason['code'], string>>,
  format: Format,
): string {
  const figures = format.figures(reason.figures);
  const label = labels[reason.code] ?? reason.code;
  if (figures === '') return label;
  return format.language === 'zh' ? `${label}:${figures}` : `${label}: ${figures}`;
}
