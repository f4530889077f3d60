import type { CardButton } from '#app/ports.ts';
import type { Notice } from '#core/replies/notice.ts';
import type { Catalogue } from './text/catalogue.ts';

/** What a person may tap under a notice. */
export function noticeButtons(notice: Notice, text: Catalogue): CardButton[][] {
  const b = text.buttons;
  switch (notice.kind) {
    case 'second_confirm': {
      const no = { label: b.no, command: `/no ${notice.nonce}` };
      return [
        notice.phrase === null ? [{ label: b.yes, command: `/yes ${notice.nonce}` }, no] : [no],
      ];
    }
    case 'kill_menu':
      return [
        [
          { label: b.kill, command: '/kill' },
          { label: b.flatten, command: '/flatten' },
        ],
      ];
    case 'exit_list':
      return notice.positions.slice(0, 12).map((held) => {
        const symbol = held.instrument.slice(0, held.instrument.lastIndexOf('.'));
        return [{ label: `${b.exit} ${symbol}`, command: `/exit ${symbol}` }];
      });
    case 'which_ticket':
      return notice.candidates
        .slice(0, 10)
        .map((ticket) => [
          { label: ticket.code, command: `/${notice.command} ${ticket.code} v${ticket.version}` },
        ]);
    case 'which_desk':
      return notice.desks
        .slice(0, 8)
        .map((desk) => [{ label: desk, command: `/${notice.command} ${desk}` }]);
    case 'not_understood':
      return [
        [
          { label: b.help, command: '/help' },
          { label: b.status, command: '/status' },
        ],
      ];
    default:
      return [];
  }
}
