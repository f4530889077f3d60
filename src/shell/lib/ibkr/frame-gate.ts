import type { IBApi } from '@stoqey/ib';

/** Largest payload of a frame. Source: the client library, taken over from the vendor's own client. */
const MAX_FRAME_BYTES = 0xff_ffff;

type Socket = { onData(data: Buffer): void };
type Inside = { readonly controller?: { readonly socket?: Socket } };

/**
 * Puts a gate before the library's decoder. The library decodes inside the socket's data handler: a
 * negative length makes it loop for ever and a field it cannot read throws where nobody can catch it.
 * Here frames are cut first, a bad length or a throw ends the connection with one line.
 * Throws when the library has no such socket any more (checked by a test, so an upgrade tells).
 */
export function guardFrames(api: IBApi, onBroken: (found: string) => void): void {
  const socket = (api as unknown as Inside).controller?.socket;
  if (socket === undefined || typeof socket.onData !== 'function')
    throw new TypeError(
      'ibkr library: found no socket to guard, expected controller.socket.onData',
    );
  const decode = socket.onData.bind(socket);
  let kept: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  let isBroken = false;
  const breakOff = (found: string): void => {
    isBroken = true;
    kept = Buffer.alloc(0);
    onBroken(found);
  };
  socket.onData = (data) => {
    if (isBroken) return;
    kept = kept.length === 0 ? data : Buffer.concat([kept, data]);
    while (kept.length >= 4) {
      const size = kept.readInt32BE(0);
      if (size <= 0 || size > MAX_FRAME_BYTES) return breakOff(`frame of ${size} bytes`);
      if (kept.length < 4 + size) return;
      const frame = kept.subarray(0, 4 + size);
      kept = kept.subarray(4 + size);
      try {
        decode(frame);
      } catch (error) {
        return breakOff(`unreadable message: ${error instanceof Error ? error.message : 'error'}`);
      }
    }
  };
}
