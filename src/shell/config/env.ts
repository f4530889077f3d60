import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { parseEnv } from 'node:util';
import { ConfigError } from '#app/errors.ts';

/*
 * The environment, .env included. Apart from the loader and without a package, because a kill from
 * the command line needs the data folder and nothing else, at once, even when a file is broken.
 */

export type Env = Readonly<Record<string, string | undefined>>;

/** The process's variables over those of the project's .env. Throws ConfigError. */
export function readEnv(root: string): Env {
  const path = join(root, '.env');
  if (!existsSync(path)) return process.env;
  try {
    return { ...parseEnv(readFileSync(path, 'utf8')), ...process.env };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigError(
      `.env: found a file that cannot be read (${code}), expected one this user can read`,
      {
        code: 'config_invalid',
        retryable: false,
        cause: error,
      },
    );
  }
}

/** A variable that is set to something; white space around it is dropped. */
export function given(env: Env, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === '' ? undefined : value;
}

/** A variable that holds a list separated by commas. */
export function listFrom(env: Env, name: string): string[] | undefined {
  return given(env, name)
    ?.split(',')
    .map((item) => item.trim());
}

/** Folder of everything that is written. */
export function findDataDir(options: {
  readonly root: string;
  readonly env?: Env;
  readonly dataDir?: string | undefined;
}): string {
  const env = options.env ?? readEnv(options.root);
  const folder = options.dataDir ?? given(env, 'CENTAUR_DATA_DIR');
  return folder === undefined ? join(options.root, 'data') : resolve(folder);
}
