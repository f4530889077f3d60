import type { Axes } from '#core/engine/message.ts';
import type { Format } from './format.ts';
import type { Catalogue } from './text/catalogue.ts';

/** The side, the desk and its three axes in one line: real money is named before anything else. */
export function axesLine(axes: Axes, text: Catalogue, f: Format, at: number): string {
  const only = (axes.safeModeOf ?? []).slice(0, 4).map((instrument) => f.symbol(instrument));
  const calm = axes.isUnattested === true ? text.healthUnattested : text.healthOk;
  const health = axes.isSafeMode ? [text.healthSafeMode, ...only].join(' ') : calm;
  const phases = new Set(axes.phases.map((entry) => entry.phase));
  const phaseWords =
    phases.size <= 1
      ? [...phases].map((phase) => text.phases[phase])
      : axes.phases
          .slice(0, 8)
          .map((entry) => `${f.symbol(entry.instrument)} ${text.phases[entry.phase]}`);
  const mark = axes.environment === 'live' ? text.liveMark : '';
  return [
    mark,
    axes.deskId,
    text.permissions[axes.permission],
    health,
    phaseWords.join(', '),
    f.time(at),
  ]
    .filter((part) => part !== '')
    .join(' · ');
}
