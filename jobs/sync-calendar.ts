import { runJob } from './run-job.ts';

await runJob('sync-calendar');
