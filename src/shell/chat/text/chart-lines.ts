import type { Notice, NoticeKind } from '#core/replies/notice.ts';
import type { Of } from './catalogue.ts';

/** What stands under a picture: it names the ticket or the checkpoint that is meant. */
export function captionLines(
  { of, subject, deskId, tradingDay, mark }: Of<Notice, Extract<NoticeKind, 'chart_caption'>>,
  gate: string,
): string[] {
  const what = of === 'gates' ? `${gate} ${mark ?? ''}`.trim() : subject;
  const parts = [
    what,
    ...(of === 'intraday' && mark !== null ? [mark] : []),
    deskId,
    ...(tradingDay === '' ? [] : [tradingDay]),
  ];
  return [`▤ ${[...new Set(parts)].join(' · ')}`];
}
