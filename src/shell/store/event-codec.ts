import { invariant } from '#core/lib/assert.ts';

/** Rewrites the data of an event stored under an older schema version to the next one. */
export type Upcast = (data: unknown) => unknown;

/** Per event type: its upcasts in order; the current schema version is their count plus one. */
export type Upcasts = Readonly<Record<string, readonly Upcast[]>>;

/** Escapes PostgreSQL refuses inside a JSON text: NUL and half a surrogate pair. */
const REFUSED_ESCAPE = /\\u(0000|d[89a-f])/i;

function cleaned(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? cleanText(value) : value;
}

/** Text with NUL and lone surrogates replaced by U+FFFD, as every store can hold it. */
export function cleanText(text: string): string {
  return text.replaceAll('\0', '�').toWellFormed();
}

/** JSON text as stored: keys in their order, hostile characters replaced; undefined becomes null. */
export function encodeJson(value: unknown): string {
  const text = JSON.stringify(value ?? null);
  return REFUSED_ESCAPE.test(text) ? JSON.stringify(value ?? null, cleaned) : text;
}

/** Knows each event type's schema version and lifts older data to it. */
export type EventCodec = {
  versionOf(type: string): number;
  upcast(type: string, schemaVersion: number, data: unknown): unknown;
};

/** A codec over the given upcasts; a stored version newer than the code is a bug of the roll-back. */
export function createEventCodec(upcasts: Upcasts = {}): EventCodec {
  const versionOf = (type: string) => (upcasts[type]?.length ?? 0) + 1;
  return {
    versionOf,
    upcast: (type, schemaVersion, data) => {
      const current = versionOf(type);
      if (schemaVersion === current) return data;
      invariant(
        schemaVersion >= 1 && schemaVersion < current,
        `event codec: found ${type} of schema version ${schemaVersion}, expected at most ${current}`,
      );
      const steps = upcasts[type]?.slice(schemaVersion - 1) ?? [];
      return steps.reduce((lifted, step) => step(lifted), data);
    },
  };
}
