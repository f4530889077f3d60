import type { PersonPolicy } from '#core/engine/policy.ts';
import type { AccountConfig } from './account-schema.ts';
import type { ChannelName, ChannelsFile, DeskFile, ProfileFile, ScheduleFile } from './schema.ts';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

export type { AccountConfig } from './account-schema.ts';

/** A desk's file with its account looked up. */
export type DeskConfig = DeskFile & { readonly accountSettings: AccountConfig };

/** A desk of one strategy. */
export type DeskConfigOf<S extends DeskFile['strategy']> = Extract<DeskConfig, { strategy: S }>;

/** Everything the assistant runs on, checked. Frozen for a run; `hash` names what decides. */
export type Config = {
  /** Project folder. */
  readonly root: string;
  /** Everything that is written. */
  readonly dataDir: string;
  /** A server to use in place of the embedded one. Secret. */
  readonly databaseUrl: string | null;
  /** Secret. */
  readonly telegramToken: string | null;
  /** WeCom's smart bot; null: there is none. Its secret is one. */
  readonly wecom: { readonly botId: string; readonly secret: string } | null;
  /** What the process that speaks personal WeChat shows; null: there is none. Secret. */
  readonly wechatKey: string | null;
  /** Address of a WeCom group's robot, its key included. Secret. */
  readonly wecomWebhookUrl: string | null;
  /** Address of a monitor outside that hears whether the desk lives; null: none. Secret. */
  readonly heartbeatUrl: string | null;
  /** Login at the mail server; null: it asks for none. Its password is secret. */
  readonly smtp: { readonly user: string; readonly password: string } | null;
  /** Of the one-time codes for live acts; null: no device is enrolled. Secret. */
  readonly totpSecret: string | null;
  readonly logLevel: LogLevel;
  /** Epoch milliseconds at which the launcher started, for the start-up figure. */
  readonly processStartedAt: number | null;
  readonly profile: ProfileFile & { readonly name: string };
  /** Every account of the files, also those no desk uses. */
  readonly accounts: readonly AccountConfig[];
  /** What one person may have at stake over all desks; null while one runs alone. */
  readonly person: PersonPolicy | null;
  /** Keys of brokers that are set. Secret, for the redactor only: a broker reads its own. */
  readonly brokerKeys: readonly string[];
  /** Names of the variables with brokers' keys that are set. */
  readonly keysSet: readonly string[];
  /** Desks that run, in order. */
  readonly desks: readonly DeskConfig[];
  readonly activeChannels: readonly ChannelName[];
  readonly channels: ChannelsFile;
  readonly schedule: ScheduleFile;
  /** What was left out and why, one line each, for the operator. */
  readonly notes: readonly string[];
  /** Of the desks that run with their accounts; secrets and folders are not in it. */
  readonly hash: string;
};
