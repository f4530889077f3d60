import { symbolOf } from '#core/market/instrument.ts';
import type { Picture } from '#core/pictures/picture.ts';
import type { Notice } from '#core/replies/notice.ts';
import { fileNameOf, fileRow, keepFile } from './chat-file.ts';
import type { ChatTarget } from './fan-out.ts';
import type { Access, Clock, FileStore, NewOutboxRow, Pictures } from './ports.ts';
import type { Speaker } from './reply-rows.ts';

export type PictureDeps = {
  readonly runId: string;
  readonly clock: Clock;
  readonly access: Pick<Access, 'languageOf'>;
  readonly files: FileStore;
  readonly speaker: Speaker;
  readonly pictures: Pictures;
};

export type PictureLetter = {
  readonly picture: Picture;
  readonly kind: string;
  /** Unique a picture; the chat is added. */
  readonly key: string;
  readonly expiresAt: number | null;
  readonly replyTo: string | null;
};

function captionOf(picture: Picture): Extract<Notice, { kind: 'chart_caption' }> {
  const kind = 'chart_caption';
  switch (picture.kind) {
    case 'intraday': {
      const { instrument, session, code, deskId } = picture;
      const subject = symbolOf(instrument);
      return { kind, of: 'intraday', subject, deskId, tradingDay: session.tradingDay, mark: code };
    }
    case 'gates': {
      const { deskId, tradingDay, checkpoint } = picture;
      return { kind, of: 'gates', subject: deskId, deskId, tradingDay, mark: checkpoint };
    }
    case 'curves': {
      const { subject, equity, trades } = picture;
      const tradingDay = equity.at(-1)?.tradingDay ?? trades.at(-1)?.tradingDay ?? '';
      return { kind, of: 'curves', subject, deskId: subject, tradingDay, mark: null };
    }
  }
}

/**
 * Draws a picture once a language and answers the rows that send it, one a chat; none where it could not be
 * drawn. Throws StoreError.
 */
export async function pictureRows(
  { picture, kind, key, expiresAt, replyTo }: PictureLetter,
  chats: readonly ChatTarget[],
  deps: PictureDeps,
): Promise<NewOutboxRow[]> {
  const { runId, clock, access, files, speaker, pictures } = deps;
  const caption = captionOf(picture);
  const { subject, tradingDay, mark } = caption;
  const languageOf = ({ channel, chatId }: ChatTarget) => access.languageOf(channel, chatId);
  const rows: NewOutboxRow[] = [];
  for (const [language, spoken] of Map.groupBy(chats, languageOf)) {
    const content = await pictures.draw(picture, language);
    if (content === null) continue;
    const at = clock.now();
    const name = fileNameOf(
      subject,
      tradingDay,
      ...(mark === null ? [] : [mark]),
      `${language}.png`,
    );
    const photo = { kind: 'photo', name, mediaType: 'image/png', content } as const;
    const file = await keepFile(photo, files, at);
    for (const chat of spoken) {
      const { channel, chatId } = chat;
      const dedupeKey = `${runId}:${key}:${channel}:${chatId}`;
      const card = speaker.notice(caption, channel, chatId);
      const row = { runId, kind, dedupeKey, file, caption: card, replyTo, at, expiresAt };
      rows.push(fileRow(row, chat));
    }
  }
  return rows;
}
