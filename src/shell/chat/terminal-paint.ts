import { styleText } from 'node:util';

/** Colour of gains; losses have the other one. Chinese markets use red, others green. */
export type Gains = 'none' | 'red' | 'green';

type Style = Parameters<typeof styleText>[0];

const SIGNS: Readonly<Record<string, Style>> = {
  '▲': ['bold', 'cyan'],
  '▼': ['bold', 'cyan'],
  '✓': 'bold',
  '✕': 'dim',
  '■': 'bold',
  '▤': 'bold',
  '⛔': ['bold', 'red'],
  '⚠': ['bold', 'yellow'],
  '↻': 'dim',
  '?': ['bold', 'yellow'],
};

/** Escape sequences and other control characters would drive the terminal. */
const CONTROL = /\p{Cc}/gu;
const GAIN = /\+(?:[$¥]|HK\$)?[\d,.]+R?/g;
const LOSS = /−(?:[$¥]|HK\$)?[\d,.]+R?/g;

/** One line in colour, as far as the stream shows any; control characters are taken out. */
export function paint(
  line: string,
  isFirst: boolean,
  stream: NodeJS.WritableStream,
  gains: Gains,
): string {
  const plain = line.replace(CONTROL, ' ');
  const style = isFirst ? SIGNS[[...plain][0] ?? ''] : undefined;
  const styled = style === undefined ? plain : styleText(style, plain, { stream });
  if (gains === 'none' || style !== undefined) return styled;
  const losses = gains === 'red' ? 'green' : 'red';
  return plain
    .replace(GAIN, (figure) => styleText(gains, figure, { stream }))
    .replace(LOSS, (figure) => styleText(losses, figure, { stream }));
}
