import { LONGEST_TEXT } from '#core/replies/message-length.ts';

/** Text as Telegram's HTML mode wants it. */
export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** A ticket code between dots, alone in its place, may be tapped to copy it. */
const CODE = /(^| · )([2-9A-HJ-NP-Z]{4})(?= · |$)/g;

/** A card's lines as plain text within Telegram's limit. */
export function plainOf(lines: readonly string[]): string {
  const text = lines.join('\n');
  if (text.length <= LONGEST_TEXT) return text === '' ? '…' : text;
  const cut = text.slice(0, LONGEST_TEXT - 1);
  // A lone half of a surrogate pair would make the whole message unreadable.
  return `${/[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}

/** The same in HTML: first line bold, ticket codes monospace, everything else escaped. */
export function htmlOf(lines: readonly string[]): string {
  return plainOf(lines)
    .split('\n')
    .map((line, index) => {
      const escaped = escapeHtml(line).replace(CODE, '$1<code>$2</code>');
      return index === 0 ? `<b>${escaped}</b>` : escaped;
    })
    .join('\n');
}
