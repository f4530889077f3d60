import { listBooks } from '#app/read-book.ts';
import { openKillTools, openSettings, openStore } from '#compose-tools';

type Settings = Awaited<ReturnType<typeof openSettings>>;
type OpenedStore = Awaited<ReturnType<typeof openStore>>['store'];
type Books = Awaited<ReturnType<typeof listBooks>>;

export type Opened = {
  readonly settings: Settings;
  readonly store: OpenedStore;
  /** Books of the run that is meant, one a desk; empty when there is none. */
  readonly books: Books;
  readonly allBooks: Books;
};

/** Opens the store and finds the run that is meant: named, running, or written last. */
export async function withBooks<T>(
  runGiven: string | undefined,
  use: (opened: Opened) => Promise<T>,
): Promise<T> {
  const settings = await openSettings();
  const desk = (await openKillTools()).findDesk();
  const { store, close } = await openStore(settings, 'cli');
  try {
    const allBooks = await listBooks(store.events);
    const running = desk.kind === 'running' ? desk.mark.runId : null;
    const isMeant = (runId: string): boolean =>
      runGiven === undefined
        ? running !== null && (runId === running || runId.startsWith(`${running}-`))
        : runId === runGiven;
    const found = allBooks.find((book) => isMeant(book.runId));
    const run = found ?? (runGiven === undefined ? allBooks[0] : undefined);
    const books = allBooks.filter((book) => book.runId === run?.runId);
    return await use({ settings, store, books, allBooks });
  } finally {
    await close();
  }
}
