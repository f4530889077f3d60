import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import type { ChatSettings } from '#app/ports.ts';
import type { CountsFrom, SecretMark, SettingChange, SettingLine } from '#core/replies/system.ts';
import type { SettingEdit } from '#shell/lib/write-settings.ts';
import { writeSettings } from '#shell/lib/write-settings.ts';
import type { Config, DeskConfig } from './config.ts';
import type { LiveConfig } from './live-config.ts';
import { APPLIED_AT_ONCE } from './live-config.ts';
import { isSetLocally, refuse, shown, suggestion } from './read-file.ts';

/** A key that may be seen and set from a chat: its file, and the names that lead to it there. */
type Key = {
  readonly key: string;
  readonly file: string;
  readonly path: readonly string[];
  readonly countsFrom: CountsFrom;
  readonly isList: boolean;
};

export type ChatSettingsOptions = {
  readonly live: LiveConfig;
  /** Reads all files of a project folder as this process was started. Throws ConfigError. */
  readonly read: (root: string) => Config;
  /** Secrets by name as they are set now; undefined: not set. */
  readonly secrets: () => Readonly<Record<string, string | undefined>>;
  /** A mark of a secret from which it cannot be found again. */
  readonly markOf: (secret: string) => string;
};

const CHANNELS: readonly (readonly [path: string, isList: boolean])[] = [
  ['language', false],
  ['operatorZone', false],
  ['pictures', false],
  ['order', true],
  ['wecomWebhook.says', false],
];

/** What a desk's own file calls a setting and a person changes without reading the rules again. */
const OF_DESK: Readonly<Record<DeskConfig['strategy'], readonly (readonly [string, boolean])[]>> = {
  'vwap-reclaim': [
    ['capital', false],
    ['symbols', true],
    ['risk.riskPerTradeRatio', false],
    ['risk.dayLossLimitR', false],
    ['risk.tradesPerDay', false],
    ['risk.consecutiveLosses', false],
    ['risk.eventDays', false],
    ['ticket.lifeSeconds', false],
  ],
  'sector-pulse': [
    ['capital', false],
    ['set', false],
    ['ticket.maxSpreadBps', false],
    ['watch.quoteStaleSeconds', false],
  ],
};

function keysOf({ desks }: Config): Key[] {
  const channels = CHANNELS.map(([path, isList]): Key => {
    const names = path.split('.');
    const countsFrom = APPLIED_AT_ONCE.some((name) => name === names[0]) ? 'now' : 'restart';
    return { key: `channels.${path}`, file: 'channels.yaml', path: names, countsFrom, isList };
  });
  const ofDesks = desks.flatMap(({ id, strategy }) =>
    OF_DESK[strategy].map(([path, isList]): Key => {
      const file = `desks/${id}.yaml`;
      return { key: `${id}.${path}`, file, path: path.split('.'), countsFrom: 'restart', isList };
    }),
  );
  return [...channels, ...ofDesks];
}

function treeOf(config: Config, { key }: Key): unknown {
  return key.startsWith('channels.')
    ? config.channels
    : config.desks.find(({ id }) => key.startsWith(`${id}.`));
}

function valueAt(tree: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (found, name) =>
      typeof found === 'object' && found !== null ? (found as Record<string, unknown>)[name] : null,
    tree,
  );
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(',');
  return typeof value === 'object' && value !== null
    ? JSON.stringify(value)
    : String(value ?? null);
}

/** What was typed as YAML reads it; a list may be written with commas alone. */
function typed(text: string, isList: boolean): unknown {
  if (isList) {
    const items = text.replace(/^\[|\]$/g, '').split(/[,，、\s]+/);
    return items.filter((item) => item !== '');
  }
  try {
    return parseYaml(text) as unknown;
  } catch {
    return text;
  }
}

/** Every value of the files by its path, for two readings to be compared. */
function flat(value: unknown, path: string, found: Map<string, string>): Map<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    found.set(path, textOf(value));
    return found;
  }
  for (const [name, inner] of Object.entries(value))
    flat(inner, path === '' ? name : `${path}.${name}`, found);
  return found;
}

function valuesOf({ channels, desks, schedule, profile, accounts }: Config): Map<string, string> {
  const byId = Object.fromEntries(desks.map(({ accountSettings: _, ...desk }) => [desk.id, desk]));
  const held = Object.fromEntries(accounts.map((account) => [account.id, account]));
  return flat({ channels, ...byId, accounts: held, schedule, profile }, '', new Map());
}

function changesBetween(before: Config, after: Config): SettingChange[] {
  const was = valuesOf(before);
  const is = valuesOf(after);
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((key): SettingChange[] => {
    const from = was.get(key) ?? 'null';
    const to = is.get(key) ?? 'null';
    const [part, name] = key.split('.');
    const isAtOnce = part === 'channels' && APPLIED_AT_ONCE.some((known) => known === name);
    return from === to ? [] : [{ key, from, to, countsFrom: isAtOnce ? 'now' : 'restart' }];
  });
}

/** A reading with one value of another one: what somebody wrote beside it waits for a reload. */
function withValueOf(next: Config, before: Config, meant: Key): Config {
  const copy = structuredClone(before);
  const parent = valueAt(treeOf(copy, meant), meant.path.slice(0, -1));
  const name = meant.path.at(-1);
  if (typeof parent === 'object' && parent !== null && name !== undefined)
    Object.assign(parent, { [name]: valueAt(treeOf(next, meant), meant.path) });
  return copy;
}

/** The project's settings with one edit, read from a copy: the files themselves are not touched. */
function readWith(options: ChatSettingsOptions, { file, path }: Key, value: unknown): Config {
  const { root } = options.live.config;
  const copy = mkdtempSync(join(tmpdir(), 'centaur-config-'));
  try {
    cpSync(join(root, 'config'), join(copy, 'config'), { recursive: true });
    writeSettings(join(copy, 'config', 'local', file), [{ path, value }]);
    return options.read(copy);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/**
 * Settings as a chat may see and change them: a list of keys, no secret among them. What is set is judged as a
 * whole first, then written to config/local; what may count at once is taken over.
 */
export function createChatSettings(options: ChatSettingsOptions): ChatSettings {
  const { live } = options;
  // what a played run makes of its desks stands in no file
  let files = options.read(live.config.root);

  const find = (key: string): Key => {
    const keys = keysOf(files);
    const found = keys.find((one) => one.key === key);
    if (found !== undefined) return found;
    if (Object.hasOwn(options.secrets(), key))
      return refuse('/config', key, 'no secret: they are set on the machine itself, in .env');
    return refuse(
      '/config',
      shown(key),
      suggestion(
        key,
        keys.map((one) => one.key),
      ),
    );
  };

  const judge = (key: string, text: string) => {
    const meant = find(key);
    const value = typed(text, meant.isList);
    const next = readWith(options, meant, value);
    const from = textOf(valueAt(treeOf(files, meant), meant.path));
    const to = textOf(valueAt(treeOf(next, meant), meant.path));
    // the environment and the command line outrank the files
    if (to !== textOf(value))
      refuse(`/config ${key}`, to, 'nothing that outranks the files (environment, command line)');
    const edit: SettingEdit = { path: meant.path, value };
    const change: SettingChange = { key, from, to, countsFrom: meant.countsFrom };
    return { meant, next, edit, change };
  };

  return {
    list() {
      const settings = keysOf(files).map((one): SettingLine => {
        const value = textOf(valueAt(treeOf(files, one), one.path));
        const isLocal = isSetLocally(live.config.root, one.file, one.path);
        return { key: one.key, value, isLocal, countsFrom: one.countsFrom };
      });
      const secrets = Object.entries(options.secrets()).map(([name, value]): SecretMark => {
        return { name, mark: value === undefined ? null : options.markOf(value) };
      });
      return { settings, secrets };
    },
    judge: (key, value) => judge(key, value).change,
    set(key, value) {
      const { meant, next, edit, change } = judge(key, value);
      const file = join('config', 'local', meant.file);
      writeSettings(join(live.config.root, file), [edit]);
      files = withValueOf(next, files, meant);
      if (meant.countsFrom === 'now') live.adopt(next, meant.path[0]);
      return { change, file };
    },
    reload() {
      const next = options.read(live.config.root);
      const changes = changesBetween(files, next);
      files = next;
      live.adopt(next);
      return changes;
    },
  };
}
