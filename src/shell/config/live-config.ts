import type { Config } from './config.ts';

/** Keys of channels.yaml that are asked for anew each time, so that a change counts at once. */
export const APPLIED_AT_ONCE = [
  'language',
  'operatorZone',
  'pictures',
  'order',
  'wecomWebhook',
] as const satisfies readonly (keyof Config['channels'])[];

export type LiveConfig = {
  /** What the run was started with; what counts at once is read from it as it stands now. */
  readonly config: Config;
  /** Takes over what counts at once, or one part of it; everything else waits for the next start. */
  adopt(next: Config, part?: string): void;
};

/** Settings of a run, a few of which may change while it runs. */
export function liveConfig(first: Config): LiveConfig {
  let { channels } = first;
  const config: Config = {
    ...first,
    get channels() {
      return channels;
    },
  };
  return {
    config,
    adopt(next, part) {
      const names = APPLIED_AT_ONCE.filter((name) => part === undefined || name === part);
      const taken = names.map((name) => [name, next.channels[name]] as const);
      channels = { ...channels, ...Object.fromEntries(taken) };
    },
  };
}
