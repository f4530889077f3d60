import type { EChartsOption } from 'echarts';

/** A chart as the drawing thread takes it: plain values only, so that they can be cloned. */
export type Drawing = {
  readonly width: number;
  readonly height: number;
  readonly option: EChartsOption;
};

/** What the thread is told. */
export type DrawingThreadData = {
  readonly script: string;
  /** Where unpacked fonts lie. */
  readonly fontsDir: string;
};

export type DrawingTask = { readonly id: number; readonly drawing: Drawing };

export type DrawingAnswer =
  | { readonly id: number; readonly png: Uint8Array }
  | { readonly id: number; readonly error: string };

/** Family of both font files; no other font is looked for. */
export const FONT_FAMILY = 'Noto Sans SC';
