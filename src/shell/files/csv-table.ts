import { parse } from 'csv-parse/sync';

/** Rows of a CSV by the names of its first line, names in lower case. Throws when the text is no CSV. */
export function csvTable(text: string): Readonly<Record<string, string>>[] {
  return parse(text, {
    bom: true,
    columns: (header: string[]) => header.map((name) => name.trim().toLowerCase()),
    skip_empty_lines: true,
    trim: true,
  });
}
