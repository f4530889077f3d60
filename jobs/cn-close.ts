import { runJob } from './run-job.ts';

await runJob('cn-close');
