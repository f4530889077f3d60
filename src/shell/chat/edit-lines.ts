/** What an edit adds where a message cannot be edited: its first line and its newest other new line, each once. */
export function newsOf(before: readonly string[], after: readonly string[]): string[] {
  const fresh = after.filter((line) => !before.includes(line));
  const first = after[0] ?? '';
  // The axes line changes with every minute and is news to nobody.
  const last = after[after.length - 1] ?? '';
  const news = fresh.includes(last) && last !== first ? last : null;
  if (!fresh.includes(first) && news === null) return [];
  return [news === null ? `↻ ${first}` : `↻ ${first} · ${news}`];
}
