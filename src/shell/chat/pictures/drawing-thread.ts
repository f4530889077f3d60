import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import {
  type Drawing,
  type DrawingAnswer,
  type DrawingTask,
  type DrawingThreadData,
  FONT_FAMILY,
} from './drawing.ts';
import { fontParts } from './font-files.ts';

/* The thread that draws: a chart as SVG, then as PNG. It speaks no language and knows no desk. */

// the one-file builds: their module trees take ten times as long to load
const load = createRequire(import.meta.url);
const echarts = load('echarts') as typeof import('echarts');
const { Resvg } = load('@resvg/resvg-js') as typeof import('@resvg/resvg-js');

const { fontsDir } = workerData as DrawingThreadData;
const fonts = fontParts(fontsDir);

function drawn({ width, height, option }: Drawing): Uint8Array {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption({ animation: false, ...option, textStyle: { fontFamily: FONT_FAMILY } });
    const svg = chart.renderToSVGString();
    const fontFiles = fonts.filesFor(svg);
    const font = { loadSystemFonts: false, fontFiles, defaultFontFamily: FONT_FAMILY };
    const image = new Resvg(svg, { font, background: '#ffffff' });
    return new Uint8Array(image.render().asPng());
  } finally {
    chart.dispose();
  }
}

function answerTo({ id, drawing }: DrawingTask): DrawingAnswer {
  try {
    return { id, png: drawn(drawing) };
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.on('message', (task: DrawingTask) => {
  const answer = answerTo(task);
  const moved = 'png' in answer ? [answer.png.buffer as ArrayBuffer] : [];
  parentPort?.postMessage(answer, moved);
});
