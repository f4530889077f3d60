import type { Pictures } from '#app/ports.ts';
import type { Picture } from '#core/pictures/picture.ts';
import type { Language } from '#shell/chat/format.ts';
import { catalogueOf } from '#shell/chat/render.ts';
import { curvesDrawing } from './draw-curves.ts';
import { gateDrawing } from './draw-gates.ts';
import { intradayDrawing } from './draw-intraday.ts';
import type { Drawing } from './drawing.ts';
import { createDrawingDesk, type DrawingDesk } from './drawing-desk.ts';

export type PicturesOptions = {
  /** Where unpacked fonts are kept. */
  readonly fontsDir: string;
  readonly onTrouble: (place: string, error: unknown) => void;
  /** A thread that has been started already; left out: one of their own. */
  readonly desk?: DrawingDesk;
};

/** The chart of a picture in one language. */
export function drawingOf(picture: Picture, language: Language): Drawing {
  const text = catalogueOf(language);
  switch (picture.kind) {
    case 'intraday':
      return intradayDrawing(picture, language, text);
    case 'gates':
      return gateDrawing(picture, language, text);
    case 'curves':
      return curvesDrawing(picture, language, text);
  }
}

/** Draws in a thread of its own; a picture that cannot be drawn is told as trouble and is null. */
export function createPictures({
  fontsDir,
  onTrouble,
  desk = createDrawingDesk(fontsDir),
}: PicturesOptions): Pictures {
  return {
    async draw(picture, language) {
      try {
        return await desk.draw(drawingOf(picture, language));
      } catch (error) {
        onTrouble(`picture ${picture.kind}`, error);
        return null;
      }
    },
    stop: () => desk.stop(),
  };
}
