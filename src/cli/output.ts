import process from 'node:process';

/** How far long work is: `done` of `of`, 0 of 0 where there is nothing to count. */
export type ProgressStep = { readonly stage: string; readonly done: number; readonly of: number };

/** A bar that is drawn over on standard error, and taken away before anything else is written. */
export type ProgressBar = { show(step: ProgressStep): void; clear(): void };

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

/** `bar` shows steps that are counted, where standard error is a terminal and the answer is for a person. */
export function createOutput(isJson: boolean, bar: ProgressBar | null = null): Output {
  const write = (stream: NodeJS.WritableStream, text: string): void => {
    bar?.clear();
    stream.write(`${text}\n`);
  };
  return {
    isJson,
    line: (text) => void (isJson || write(process.stdout, text)),
    result: (value) => void (isJson && write(process.stdout, JSON.stringify(value))),
    progress: (text, step) => {
      if (process.stderr.isTTY) {
        if (bar === null || step === undefined || step.of === 0) write(process.stderr, text);
        else if (!isJson) bar.show(step);
      }
      if (step !== undefined && process.connected) process.send?.(step);
    },
    aside: (text) => write(process.stderr, text),
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
