import { join } from 'node:path';

/** Where everything that is written lies inside the data folder, the database's own files apart. */
export type DataFiles = {
  /** Present means killed. */
  readonly kill: string;
  /** What a running desk did about the kill file. */
  readonly killAnswer: string;
  /** Which process is the desk. */
  readonly deskMark: string;
  /** Acts that reduce risk, taken while the store was down. */
  readonly journal: string;
  readonly log: string;
  /** Users of the chat and their roles. */
  readonly users: string;
  /** Key of signed buttons. */
  readonly secret: string;
  /** Which one-time code was used last, and bans. */
  readonly codes: string;
  /** Which side each account is on. */
  readonly sides: string;
  readonly backups: string;
  /** Results of backtests that were asked for in the chat. */
  readonly backtests: string;
  /** What was measured of the desks, a file each. */
  readonly edge: string;
  /** Pictures and files the terminal was sent. */
  readonly files: string;
  /** Fonts as the drawing of pictures reads them; made anew when they are gone. */
  readonly fonts: string;
};

export function dataFilesOf(dataDir: string): DataFiles {
  return {
    kill: join(dataDir, 'KILL'),
    killAnswer: join(dataDir, 'KILL.answer'),
    deskMark: join(dataDir, 'desk.json'),
    journal: join(dataDir, 'journal.jsonl'),
    log: join(dataDir, 'logs', 'desk.log'),
    users: join(dataDir, 'users.json'),
    secret: join(dataDir, 'secret'),
    codes: join(dataDir, 'totp.json'),
    sides: join(dataDir, 'accounts.json'),
    backups: join(dataDir, 'backups'),
    backtests: join(dataDir, 'backtests'),
    edge: join(dataDir, 'edge'),
    files: join(dataDir, 'files'),
    fonts: join(dataDir, 'cache', 'fonts'),
  };
}
