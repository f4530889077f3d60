import process from 'node:process';
import { openWorkQueue, type QueueServer } from '#shell/queue/work-queue.ts';

/* A worker that takes one task, says so, and plays it for ever: `queue-child.ts SERVER NAME`. */

const [server = '', name = ''] = process.argv.slice(2);
const queue = await openWorkQueue({ server: JSON.parse(server) as QueueServer, name });
await queue.work(1, (data) => {
  process.stdout.write(`${JSON.stringify(data)}\n`);
  return Promise.withResolvers<object>().promise;
});
