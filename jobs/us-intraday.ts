import { runJob } from './run-job.ts';

await runJob('us-intraday');
