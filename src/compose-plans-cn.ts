import { pulseSlots } from '#app/pulse-plans.ts';
import type { Calendars } from '#shell/calendars/load.ts';
import type { Config, DeskConfig, DeskConfigOf } from '#shell/config/config.ts';
import { sectorPulseParamsOf } from '#shell/config/sector-pulse.ts';
import { type JobPlan, plansOf } from '#shell/scheduler/timetable.ts';

type PulseDesk = DeskConfigOf<'sector-pulse'>;

function isPulse(desk: DeskConfig): desk is PulseDesk {
  return desk.strategy === 'sector-pulse';
}

/** Checkpoints of a desk, also the one that only sells. */
export function checkpointsOf(desk: PulseDesk): string[] {
  const { checkpoints, sellOnly } = sectorPulseParamsOf(desk).clock;
  return [...checkpoints, ...(sellOnly === null ? [] : [sellOnly])];
}

/** The timetable of a profile: its file, and what follows from the settings of its desks. */
export function timetableOf(config: Config, calendars: Calendars): JobPlan[] {
  const pulseDesks = config.desks.filter(isPulse);
  const hasPulse = pulseDesks.length > 0;
  const hasOthers = pulseDesks.length < config.desks.length;
  const ofFile = plansOf(config.schedule.jobs, calendars).filter(({ job }) =>
    job.startsWith('cn-') ? hasPulse : !job.startsWith('us-') || hasOthers,
  );
  const slots = hasPulse ? pulseSlots(pulseDesks.flatMap(checkpointsOf)) : [];
  const ofDesks = slots.map(
    ({ job, time, graceMs }): JobPlan => ({
      job,
      calendar: calendars.CN,
      rule: { kind: 'wall_time', time },
      graceMs,
    }),
  );
  return [...ofFile, ...ofDesks];
}
