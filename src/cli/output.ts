import process from 'node:process';

/** How far long work is: `done` of `of`, 0 of 0 where there is nothing to count. */
export type ProgressStep = { readonly stage: string; readonly done: number; readonly of: number };

/** Where a command writes: its answer to standard output, everything else to standard error. */
export type Output = {
  readonly isJson: boolean;
  /** A line of the answer for a person; left out under --json. */
  line(text: string): void;
  /** The answer for a program: exactly one object, under --json only. */
  result(value: unknown): void;
  /** News on the way; on a terminal only. `step` is for a process that started this one and listens. */
  progress(text: string, step?: ProgressStep): void;
  /** A warning or an aside, always on standard error. */
  aside(text: string): void;
};

export function createOutput(isJson: boolean): Output {
  return {
    isJson,
    line: (text) => void (isJson || process.stdout.write(`${text}\n`)),
    result: (value) => void (isJson && process.stdout.write(`${JSON.stringify(value)}\n`)),
    progress: (text, step) => {
      if (process.stderr.isTTY) process.stderr.write(`${text}\n`);
      if (step !== undefined && process.connected) process.send?.(step);
    },
    aside: (text) => void process.stderr.write(`${text}\n`),
  };
}

/** Instant in ISO 8601 with the zone's offset, to the second: `2026-11-20T09:45:00-05:00[America/New_York]`. */
export function instantText(at: number, zone: string = Temporal.Now.timeZoneId()): string {
  return Temporal.Instant.fromEpochMilliseconds(at)
    .toZonedDateTimeISO(zone)
    .toString({ smallestUnit: 'second' });
}

/** Rows as columns, the first row being the header; numbers to the right. */
export function tableText(rows: readonly (readonly (string | number)[])[]): string {
  const [header] = rows;
  if (header === undefined) return '';
  const widths = header.map((_, column) =>
    Math.max(...rows.map((row) => String(row[column] ?? '').length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          typeof cell === 'number'
            ? String(cell).padStart(widths[column] ?? 0)
            : cell.padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
