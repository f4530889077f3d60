import type { EventTable } from '#core/gates/event-window.ts';
import type { CalendarTable } from '#core/market/calendar.ts';
import type { Calendars } from '#shell/calendars/load.ts';
import type { Config } from '#shell/config/config.ts';
import type { Log } from '#shell/lib/log.ts';
import type { KillSwitch } from './compose-kill.ts';
import type { DeskStore } from './compose-store.ts';

/** Run id of the live book; demo and replay have ids of their own. */
export const LIVE_RUN = 'live';

export type LiveDeps = {
  readonly root: string;
  readonly config: Config;
  /** The settings of a project folder, read as this process was started. */
  readonly readSettings: (root: string) => Config;
  readonly deskStore: DeskStore;
  readonly calendar: CalendarTable;
  /** Trading days of every market, for the timetable. */
  readonly calendars: Calendars;
  /** Scheduled events of the United States, for questions about the days ahead. */
  readonly events: EventTable;
  readonly codeVersion: string;
  readonly killSwitch: KillSwitch;
  readonly log: Log;
  readonly isJson: boolean;
  readonly onInterrupt: () => void;
  /** Aborted when the assistant is to end. */
  readonly signal: AbortSignal;
  readonly onReady: () => void;
};
