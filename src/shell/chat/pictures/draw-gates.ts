import type { Check } from '#core/gates/gate.ts';
import type { GatePicture } from '#core/pictures/picture.ts';
import type { Language } from '#shell/chat/format.ts';
import type { Catalogue } from '#shell/chat/text/catalogue.ts';
import { PICTURE_WORDS, type PictureWords } from '#shell/chat/text/picture-words.ts';
import { signOf } from '#shell/chat/text/rule-lines.ts';
import type { Drawing } from './drawing.ts';
import { GRID_LINE, heading, INK, letters, PALE, VERDICT_COLORS } from './palette.ts';

const WIDTH = 1080;
const TOP = 110;
const ROW = 66;
const BOTTOM = 56;
/** A value this many thresholds away ends the scale: what is beyond is drawn to the end. */
const FARTHEST = 2;

function figure(value: Check['value'], unknown: string): string {
  if (value === null) return unknown;
  if (typeof value !== 'number') return String(value).slice(0, 24);
  if (!Number.isFinite(value)) return unknown;
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 3).replace(/\.?0+$/, '');
}

/** `22 < 30`; what is either so or not so has nothing to be compared with. */
function comparison(check: Check, words: PictureWords): string {
  const { value, threshold } = check;
  if (typeof value === 'boolean') return value ? words.yes : words.no;
  return `${figure(value, words.notKnown)} ${signOf(check)} ${figure(threshold, words.notKnown)}`;
}

/** A value in thresholds: 1 is met exactly. Null where the two cannot be compared on a scale. */
function share({ value, threshold }: Check): number | null {
  if (typeof value !== 'number' || typeof threshold !== 'number' || !(threshold > 0)) return null;
  return Number.isFinite(value) ? Math.min(Math.max(value / threshold, 0), FARTHEST) : null;
}

/** Each condition as a bar against its threshold, green where it holds. */
export function gateDrawing(picture: GatePicture, language: Language, text: Catalogue): Drawing {
  const words = PICTURE_WORDS[language];
  const { checks, deskId, tradingDay, checkpoint, isPassed } = picture;
  const passed = checks.filter((check) => check.passed).length;
  const verdict = isPassed ? words.gatePassed : words.gateFailed;
  const rows = checks.map((check) => {
    const color = check.passed ? VERDICT_COLORS.passed : VERDICT_COLORS.failed;
    return {
      name: text.checks[check.name] ?? check.name,
      bar: {
        value: share(check) ?? 0,
        itemStyle: { color },
        label: {
          ...letters(16, color),
          formatter: comparison(check, words),
        },
      },
    };
  });
  return {
    width: WIDTH,
    height: TOP + BOTTOM + ROW * Math.max(1, rows.length),
    option: {
      title: heading(
        `${checkpoint} · ${verdict} (${passed}/${checks.length})`,
        `${deskId} · ${tradingDay}`,
      ),
      grid: { left: 210, right: 250, top: TOP, bottom: BOTTOM },
      xAxis: {
        type: 'value',
        min: 0,
        max: FARTHEST,
        axisLabel: { show: false },
        splitLine: { show: false },
      },
      yAxis: {
        type: 'category',
        inverse: true,
        data: rows.map(({ name }) => name),
        axisLabel: { ...letters(17), width: 190, overflow: 'truncate' },
        axisTick: { show: false },
        axisLine: { lineStyle: { color: GRID_LINE } },
      },
      series: [
        {
          type: 'bar',
          data: rows.map(({ bar }) => bar),
          barWidth: 24,
          showBackground: true,
          backgroundStyle: { color: '#f2f4f6' },
          label: {
            show: true,
            position: 'right',
            backgroundColor: 'rgba(255,255,255,0.8)',
            padding: 3,
          },
          markLine: {
            symbol: 'none',
            silent: true,
            lineStyle: { color: INK, width: 2, type: 'solid' },
            data: [{ xAxis: 1 }],
            label: { ...letters(15, PALE), position: 'start', formatter: words.threshold },
          },
        },
      ],
    },
  };
}
