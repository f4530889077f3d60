import type { TemplateCard } from '@wecom/aibot-node-sdk';
import type { CardButton } from '#app/ports.ts';

/** Longest Markdown of a bot's message, in bytes of UTF-8. Source: the vendor's types. */
const LONGEST_BOT_BYTES = 20_480;
/** Buttons of one card. Source: the chat contract. */
const MOST_BUTTONS = 6;
/** The vendor advises 26, 112 and 10 characters; longer text is cut by the client, not refused. */
const LONGEST_TITLE = 60;
const LONGEST_DETAIL = 112;
const LONGEST_LABEL = 20;
/** Of a button that does nothing: a card of this kind must have one. */
export const DEAD_KEY = 'none';
/** Blue, and outlined. */
const FIRST_STYLE = 1;
const OTHER_STYLE = 4;

/** As much of a text as fits into bytes of UTF-8; an ellipsis stands for the rest. */
export function cutToBytes(text: string, most: number): string {
  if (Buffer.byteLength(text) <= most) return text;
  let cut = '';
  let bytes = Buffer.byteLength('…');
  for (const letter of text) {
    bytes += Buffer.byteLength(letter);
    if (bytes > most) break;
    cut += letter;
  }
  return `${cut}…`;
}

/** A line as it reads in WeCom's Markdown, which has no escapes: signs that mark up become their full-width kin. */
function plainLine(line: string): string {
  return line
    .replaceAll('<', '＜')
    .replaceAll('`', 'ˋ')
    .replaceAll('](', '] (')
    .replaceAll('**', '＊＊')
    .replace(/^(\s*)#/, '$1＃')
    .replace(/^(\s*)>/, '$1＞');
}

/** Lines as Markdown without any mark-up. */
export function wecomTextOf(lines: readonly string[]): string {
  const text = lines.map(plainLine).join('\n');
  return text === '' ? '…' : text;
}

/** Lines as one message of the bot. */
export function wecomMarkdownOf(lines: readonly string[]): string {
  return cutToBytes(wecomTextOf(lines), LONGEST_BOT_BYTES);
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).toWellFormed()}…`;
}

/** Rows of buttons in as many cards as they need. */
export function buttonsByCard(buttons: readonly (readonly CardButton[])[]): CardButton[][] {
  const all = buttons.flat();
  const cards: CardButton[][] = [];
  for (let at = 0; at < all.length; at += MOST_BUTTONS)
    cards.push(all.slice(at, at + MOST_BUTTONS));
  return cards;
}

/** A card of buttons under a message; `key` signs what a button says. Without buttons it has one that does nothing. */
export function wecomCardOf(
  taskId: string,
  lines: readonly string[],
  buttons: readonly CardButton[],
  key: (command: string) => string,
): TemplateCard {
  const [title = '', ...rest] = lines;
  const detail = cut(rest.join('\n'), LONGEST_DETAIL);
  const list = buttons.map(({ label, command }, index) => ({
    text: cut(label, LONGEST_LABEL),
    style: index === 0 ? FIRST_STYLE : OTHER_STYLE,
    key: key(command),
  }));
  return {
    card_type: 'button_interaction',
    task_id: taskId,
    main_title: { title: cut(title, LONGEST_TITLE) },
    ...(detail === '' ? {} : { sub_title_text: detail }),
    button_list: list.length > 0 ? list : [{ text: '—', style: OTHER_STYLE, key: DEAD_KEY }],
  };
}
