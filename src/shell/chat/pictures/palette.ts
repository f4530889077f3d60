import type { Language } from '#shell/chat/format.ts';
import { FONT_FAMILY } from './drawing.ts';

export const INK = '#1f2933';
export const PALE = '#6b7785';
export const GRID_LINE = '#e4e8ec';
export const BLUE = '#2f6fbb';
export const ORANGE = '#d9822b';
const GREEN = '#1a9e60';
const RED = '#d64545';

/** Gains are green and losses red in English, the other way in Chinese. Source: the chat contract. */
export function gainColors(language: Language): { readonly up: string; readonly down: string } {
  return language === 'zh' ? { up: RED, down: GREEN } : { up: GREEN, down: RED };
}

/** What passed and what did not, in either language. */
export const VERDICT_COLORS = { passed: GREEN, failed: RED } as const;

/** Letters of a size and colour. Components do not take the family from the chart. */
export function letters(fontSize: number, color: string = INK) {
  return { fontFamily: FONT_FAMILY, fontSize, color, fontWeight: 'normal' as const };
}

/** The two lines above a picture. */
export function heading(text: string, subtext: string) {
  return {
    text,
    subtext,
    left: 20,
    top: 12,
    itemGap: 6,
    textStyle: letters(24),
    subtextStyle: letters(16, PALE),
  };
}
