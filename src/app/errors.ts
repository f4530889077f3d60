/**
 * Failures: the world did not cooperate. Answers (the domain says no) are values and never come
 * from here; bugs are `InvariantError`. A message is one lower-case line that names the place, what
 * was found and what was expected; it never holds a token, an account number or a prompt.
 */
export type FailureOptions = {
  /** Stable snake_case code, e.g. `timeout`, `version_conflict`, `disk_full`. */
  readonly code: string;
  /** True only when the same call may succeed later and is safe to repeat. */
  readonly retryable: boolean;
  /** Figures for the log; never secrets. */
  readonly context?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
};

/** The parent of every failure an adapter throws. */
export class Failure extends Error {
  readonly code: string;
  readonly retryable: boolean;
  readonly context: Readonly<Record<string, unknown>>;

  constructor(message: string, options: FailureOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = options.code;
    this.retryable = options.retryable;
    this.context = options.context ?? {};
  }
}

/** A data source failed. */
export class FeedError extends Failure {}
/** A broker failed; the fate of what was sent is unknown unless `code` says otherwise. */
export class BrokerError extends Failure {}
/** The store failed; nothing of the failed transaction was kept. */
export class StoreError extends Failure {}
/** A chat channel failed to deliver. */
export class ChannelError extends Failure {}
/** Configuration, a file or an argument is not usable. Exit code 2. */
export class ConfigError extends Failure {}
/** A command was refused by a gate or lock. Exit code 3. */
export class RefusedError extends Failure {}
