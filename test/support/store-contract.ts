import { after, before, describe } from 'node:test';
import type { Store } from '#shell/store/store.ts';
import { backends, type OpenStore } from './store-backends.ts';

/** Declares the tests of `suite` once for every kind of store; each kind is opened once a file. */
export function forEveryStore(
  suite: (store: () => Store, kind: string, under: (epoch: number) => Store) => void,
): void {
  for (const { name, open } of backends()) {
    if (typeof open === 'string') {
      describe(`store in ${name}`, { skip: open }, () => {});
      continue;
    }
    describe(`store in ${name}`, () => {
      let opened: OpenStore | null = null;
      before(async () => {
        opened = await open();
      });
      after(async () => {
        await opened?.close();
      });
      const now = () => opened as OpenStore;
      suite(
        () => now().store,
        name,
        (epoch) => now().under(epoch),
      );
    });
  }
}
