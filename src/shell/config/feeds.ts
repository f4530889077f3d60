import { type Env, given } from './env.ts';
import type { FeedSourceName, FeedsFile } from './feeds-schema.ts';
import { feedsFile } from './feeds-schema.ts';
import { readConfigFile, refuse, shown, suggestion } from './read-file.ts';

const FILE = 'config/feeds.yaml';
/** Where the token of Tushare stands. */
export const TUSHARE_TOKEN = 'TUSHARE_TOKEN';

/** Sources of Chinese market data as they are used: the profile chosen, with its token. */
export type FeedsConfig = FeedsFile & {
  readonly profile: FeedsFile['profiles'][string];
  readonly profileName: string;
  /** Secret; null: not set, and no order names tushare. */
  readonly tushareToken: string | null;
};

/** Sources that any order of a profile names. */
export function sourcesOf(profile: FeedsFile['profiles'][string]): FeedSourceName[] {
  return [...new Set(Object.values(profile.order).flat())];
}

/**
 * Reads config/feeds.yaml; CENTAUR_FEEDS names another profile than the file. A profile that needs the
 * token of Tushare is refused without it. Throws ConfigError.
 */
export function readFeeds(root: string, env: Env): FeedsConfig {
  const file = readConfigFile(root, 'feeds.yaml', feedsFile);
  const fromEnv = given(env, 'CENTAUR_FEEDS');
  const profileName = fromEnv ?? file.use;
  const known = Object.keys(file.profiles);
  const place = fromEnv === undefined ? `${FILE}: use` : 'CENTAUR_FEEDS';
  const profile =
    file.profiles[profileName] ?? refuse(place, shown(profileName), suggestion(profileName, known));
  const { breaker } = file;
  if (breaker.maxOpenSeconds < breaker.openSeconds) {
    const expected = `at least openSeconds, ${breaker.openSeconds}`;
    refuse(`${FILE}: breaker.maxOpenSeconds`, String(breaker.maxOpenSeconds), expected);
  }
  const tushareToken = given(env, TUSHARE_TOKEN) ?? null;
  if (tushareToken === null && sourcesOf(profile).includes('tushare')) {
    refuse(TUSHARE_TOKEN, 'nothing', `the token that the feeds profile ${profileName} needs`);
  }
  return { ...file, profile, profileName, tushareToken };
}
