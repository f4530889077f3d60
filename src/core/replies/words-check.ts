/** A number as digits show it: sign, blanks and the commas of thousands apart. */
const NUMBER = /\d[\d,]*(?:\.\d+)?/g;
/** Symbols and codes: three or more capitals or digits with a capital among them. */
const NAME = /\b(?=[A-Z0-9]*[A-Z])[A-Z0-9]{3,}\b/g;

function plain(number: string): string {
  const bare = number.replaceAll(',', '');
  return bare.includes('.') ? bare.replace(/0+$/, '').replace(/\.$/, '') : bare;
}

function found(text: string, pattern: RegExp, form: (token: string) => string): Set<string> {
  const wide = text.normalize('NFKC');
  return new Set([...wide.matchAll(pattern)].map(([token]) => form(token)));
}

/**
 * Numbers and names in `words` that `facts` do not have: what somebody made up. Whole numbers count too, also
 * those that only count; numbers in letters are not seen.
 */
export function inventedIn(words: string, facts: readonly string[]): string[] {
  const known = facts.join('\n');
  const numbers = found(known, NUMBER, plain);
  const names = found(known, NAME, (token) => token);
  return [
    ...[...found(words, NUMBER, plain)].filter((token) => !numbers.has(token)),
    ...[...found(words, NAME, (token) => token)].filter((token) => !names.has(token)),
  ];
}
