import { ConfigError } from '#app/errors.ts';

/** Columns a kind of file may have: other names each goes by, and whether it is required. */
export type ColumnSpec = Readonly<
  Record<string, { readonly names: readonly string[]; readonly isRequired?: boolean }>
>;

/** Place of each column in a row; −1 where the file has none. */
export type Places<S extends ColumnSpec> = { readonly [K in keyof S]: number };

const SHOWN = 160;

function refuse(file: string, message: string): never {
  throw new ConfigError(`${file}: ${message}`, { code: 'csv_header', retryable: false });
}

/** A header name as it is compared: without case, blanks and a byte order mark. */
function plain(name: string): string {
  return name
    .replace(/^\uFEFF/, '')
    .trim()
    .toLowerCase();
}

/** Beginnings that every table of one publisher's dump has: `market_margin_` of `market_margin_rzye`. */
function commonPrefix(header: readonly string[]): string {
  const named = header.filter((name) => name !== '');
  let prefix = named[0] ?? '';
  for (const name of named) while (!name.startsWith(prefix)) prefix = prefix.slice(0, -1);
  const end = prefix.lastIndexOf('_') + 1;
  return named.length >= 3 ? prefix.slice(0, end) : '';
}

/** Header names by which a file's columns may be called, the common beginning taken off too. */
export function headerNames(header: readonly string[]): { full: string[]; short: string[] } {
  const full = header.map(plain);
  const prefix = commonPrefix(full);
  return { full, short: full.map((name) => name.slice(prefix.length)) };
}

/**
 * Finds columns by their names, `given` first; case and order do not matter. Throws ConfigError that
 * names every required column which is missing, and a name given that is no column.
 */
export function findColumns<S extends ColumnSpec>(
  file: string,
  header: readonly string[],
  spec: S,
  given: Readonly<Record<string, string>> = {},
): Places<S> {
  const { full, short } = headerNames(header);
  const shown = header.join(',').slice(0, SHOWN);
  for (const name of Object.keys(given)) {
    if (name in spec) continue;
    refuse(file, `--columns: found "${name}", expected one of ${Object.keys(spec).join(', ')}`);
  }
  const places: Record<string, number> = {};
  for (const [name, { names }] of Object.entries(spec)) {
    const asked = given[name];
    if (asked !== undefined) {
      const at = full.indexOf(plain(asked));
      if (at < 0) refuse(file, `found no column "${asked}" for ${name}, the header is ${shown}`);
      places[name] = at;
      continue;
    }
    const known = [name.toLowerCase(), ...names];
    const at = known.map((each) => full.indexOf(each)).find((place) => place >= 0);
    places[name] = at ?? known.map((each) => short.indexOf(each)).find((place) => place >= 0) ?? -1;
  }
  const missing = Object.entries(spec)
    .filter(([name, { isRequired }]) => isRequired === true && places[name]! < 0)
    .map(([name]) => name);
  if (missing.length > 0) {
    refuse(file, `line 1: found header "${shown}", expected columns for ${missing.join(', ')}`);
  }
  const twice = full.find((name, at) => name !== '' && full.indexOf(name) !== at);
  if (twice !== undefined) refuse(file, `line 1: found column "${twice}" twice`);
  return places as Places<S>;
}
