import type { Channel, Outgoing, OutgoingFile } from '#app/ports.ts';

const TEXT = /^text\/|^application\/(json|xml)|\+(json|xml)$/;

/** The same channel, with `hide` over all text that leaves it: cards, captions, answers, files of text. */
export function createRedactedChannel(channel: Channel, hide: (text: string) => string): Channel {
  const clean = (message: Outgoing): Outgoing => ({
    ...message,
    card: {
      lines: message.card.lines.map(hide),
      buttons: message.card.buttons.map((row) =>
        row.map(({ label, command }) => ({ label: hide(label), command })),
      ),
    },
    ...(message.file === undefined ? {} : { file: cleanFile(message.file, hide) }),
  });
  return {
    name: channel.name,
    start: (receive) => channel.start(receive),
    deliver: (message) => channel.deliver(clean(message)),
    ...(channel.probe === undefined ? {} : { probe: () => channel.probe!() }),
    ...(channel.pinned === undefined ? {} : { pinned: (chatId) => channel.pinned!(chatId) }),
    ...(channel.pin === undefined ? {} : { pin: (chatId, id) => channel.pin!(chatId, id) }),
    ...(channel.showMenu === undefined ? {} : { showMenu: (person) => channel.showMenu!(person) }),
    acknowledge: (id, text, alert) =>
      channel.acknowledge(id, text === null ? null : hide(text), alert),
    stop: () => channel.stop(),
  };
}

function cleanFile(file: OutgoingFile, hide: (text: string) => string): OutgoingFile {
  const name = hide(file.name);
  if (!TEXT.test(file.mediaType)) return { ...file, name };
  const text = Buffer.from(file.content).toString('utf8');
  return { ...file, name, content: new TextEncoder().encode(hide(text)) };
}
