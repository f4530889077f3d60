import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { closest, distance } from 'fastest-levenshtein';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { ConfigError } from '#app/errors.ts';

type Tree = Record<string, unknown>;
type Issue = z.core.$ZodIssue;
type SchemaNode = {
  readonly properties?: Record<string, SchemaNode>;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly const?: unknown;
};

const SHOWN_CHARACTERS = 60;

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Throws the one line that a file, the environment or an argument is refused with. */
export function refuse(place: string, found: string, expected: string): never {
  throw new ConfigError(`${place}: found ${found}, expected ${expected}`, {
    code: 'config_invalid',
    retryable: false,
  });
}

/** The value as written, on one line, without control characters. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const json = JSON.stringify(value) ?? String(value);
  return json.length > SHOWN_CHARACTERS ? `${json.slice(0, SHOWN_CHARACTERS)}…` : json;
}

function parseTree(root: string, file: string): Tree {
  let source: string;
  try {
    source = readFileSync(join(root, file), 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') refuse(file, 'no such file', 'a YAML file');
    return refuse(file, `a file that cannot be read (${code})`, 'a readable YAML file');
  }
  const document = parseDocument(source, { prettyErrors: true });
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) {
    const line = problem.linePos?.[0].line;
    const what = problem.message.split(' at line ')[0]?.split('\n')[0] ?? problem.code;
    refuse(`${file}${line === undefined ? '' : `: line ${line}`}`, what, 'valid YAML');
  }
  const tree: unknown = document.toJS({ maxAliasCount: 20 });
  return isTree(tree) ? tree : refuse(file, shown(tree), 'keys with values');
}

/** Objects are merged key by key, everything else is replaced. */
export function mergeTrees(base: Tree, over: Tree): Tree {
  const merged: Tree = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const before = merged[key];
    merged[key] = isTree(before) && isTree(value) ? mergeTrees(before, value) : value;
  }
  return merged;
}

function valueAt(tree: unknown, path: readonly PropertyKey[]): unknown {
  let value: unknown = tree;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

/** The shapes a value may have; of kinds told apart by a key, the kind that it says it is. */
function shapesOf(node: SchemaNode, value: unknown): SchemaNode[] {
  const isOfKind = (shape: SchemaNode): boolean =>
    Object.entries(shape.properties ?? {}).every(
      ([key, { const: kind }]) => kind === undefined || valueAt(value, [key]) === kind,
    );
  return [node, ...(node.anyOf ?? []), ...(node.oneOf ?? []).filter(isOfKind)];
}

function keysAt(schema: z.ZodType, tree: unknown, path: readonly PropertyKey[]): string[] {
  const root = z.toJSONSchema(schema, { unrepresentable: 'any' }) as SchemaNode;
  let nodes: SchemaNode[] = [root];
  for (const [depth, key] of path.entries()) {
    const value = valueAt(tree, path.slice(0, depth));
    nodes = nodes
      .flatMap((node) => shapesOf(node, value))
      .flatMap((node) => (typeof key === 'number' ? node.items : node.properties?.[String(key)]))
      .filter((node) => node !== undefined);
  }
  const value = valueAt(tree, path);
  return nodes
    .flatMap((node) => shapesOf(node, value))
    .flatMap((node) => Object.keys(node.properties ?? {}));
}

function nearest(key: string, known: readonly string[]): string {
  if (known.length === 0) return 'no other keys here';
  const best = closest(key, [...known]);
  const limit = Math.max(3, Math.ceil(best.length / 2));
  return distance(key.toLowerCase(), best.toLowerCase()) <= limit
    ? best
    : `one of ${known.join(', ')}`;
}

/** An unknown key first: it tells more than the missing key it was meant to be. */
function firstIssue(issues: readonly Issue[]): Issue {
  return issues.find((issue) => issue.code === 'unrecognized_keys') ?? issues[0]!;
}

/** The innermost issue; of a union, that of the shape with the fewest complaints. */
function deepest(issue: Issue): Issue {
  if (issue.code !== 'invalid_union') return issue;
  const [best] = [...issue.errors].sort((a, b) => a.length - b.length);
  if (best === undefined || best.length === 0) return issue;
  const inner = firstIssue(best);
  if (inner.path.length === 0 && inner.code !== 'unrecognized_keys') return issue;
  return deepest({ ...inner, path: [...issue.path, ...inner.path] });
}

function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((key, index) =>
      typeof key === 'number' ? `[${key + 1}]` : `${index === 0 ? '' : '.'}${String(key)}`,
    )
    .join('');
}

/** A file of the project and what config/local says over it. */
export type Layers = { readonly base: string; readonly local: string };

function placeOf(root: string, layers: Layers, path: readonly PropertyKey[]): string {
  const local = existsSync(join(root, layers.local)) ? parseTree(root, layers.local) : undefined;
  const isLocal = valueAt(local, path) !== undefined || !existsSync(join(root, layers.base));
  const where = pathText(path);
  return `${isLocal ? layers.local : layers.base}${where === '' ? '' : `: ${where}`}`;
}

function refuseIssue(
  found: { readonly issue: Issue; readonly tree: unknown; readonly schema: z.ZodType },
  place: (path: readonly PropertyKey[]) => string,
): never {
  const issue = deepest(found.issue);
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    const isSection = valueAt(found.tree, path) as Tree;
    const known = keysAt(found.schema, found.tree, path).filter((name) => !(name in isSection));
    return refuse(place([...path, key]), 'an unknown key', nearest(key, known));
  }
  const value = valueAt(found.tree, path);
  const isPlain = issue.message.startsWith('Invalid') || issue.message.startsWith('Too');
  const expected = isPlain ? 'a section of keys with values' : issue.message;
  return refuse(place(path), value === undefined ? 'nothing' : shown(value), expected);
}

/** Checks a value that did not come from a file; `place` names where it came from. */
export function checkValue<T extends z.ZodType>(
  schema: T,
  value: unknown,
  place: string,
): z.infer<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  return refuseIssue({ issue: firstIssue(result.error.issues), tree: value, schema }, (path) => {
    const where = pathText(path);
    return where === '' ? place : `${place}: ${where}`;
  });
}

/** Reads a file and its local layer, merged and checked. Throws ConfigError with one line. */
export function readConfigFile<T extends z.ZodType>(
  root: string,
  file: string,
  schema: T,
): z.infer<T> {
  const layers = { base: `config/${file}`, local: `config/local/${file}` };
  const hasLocal = existsSync(join(root, layers.local));
  const hasBase = existsSync(join(root, layers.base));
  const base = hasBase || !hasLocal ? parseTree(root, layers.base) : {};
  const tree = hasLocal ? mergeTrees(base, parseTree(root, layers.local)) : base;
  const result = schema.safeParse(tree);
  if (result.success) return result.data;
  const issue = firstIssue(result.error.issues);
  return refuseIssue({ issue, tree, schema }, (path) => placeOf(root, layers, path));
}

/** Names (without `.yaml`) of the files of a folder under config/ and config/local/, sorted. */
export function listConfigNames(root: string, folder: string): string[] {
  const names = new Set<string>();
  for (const parent of ['config', 'config/local']) {
    const path = join(root, parent, folder);
    if (!existsSync(path)) continue;
    for (const file of readdirSync(path)) {
      if (file.endsWith('.yaml')) names.add(file.slice(0, -'.yaml'.length));
    }
  }
  return [...names].sort();
}

/** What to say for a name that is none of `known`: the nearest, or all of them. */
export function suggestion(name: string, known: readonly string[]): string {
  return nearest(name, known);
}

/** True when config/local says something of a key. A file that cannot be read says nothing. */
export function isSetLocally(root: string, file: string, path: readonly string[]): boolean {
  const local = `config/local/${file}`;
  if (!existsSync(join(root, local))) return false;
  try {
    return valueAt(parseTree(root, local), path) !== undefined;
  } catch {
    return false;
  }
}
