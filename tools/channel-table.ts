/**
 * Runs the contract suite of the Channel port and prints a table: one row a case, one column a channel. `ok`,
 * `FAILED`, or `–` for a case a channel cannot have. Exit 1 when a case failed, 2 when the run itself broke.
 */
import process from 'node:process';
import { printTable } from './broker-table.ts';

process.exitCode = printTable('test/contract/channel.test.ts');
