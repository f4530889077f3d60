import { spawn } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';

const ARGS = ['--seeds', '200'];
/** How fast it went is a figure of the machine. */
const RATE = /, \d+ sessions a minute$/;

/** The summary of the simulation over the first two hundred seeds. */
export async function simulation(): Promise<readonly string[]> {
  const program = join(import.meta.dirname, '..', 'simulate.ts');
  const child = spawn(process.execPath, ['--no-maglev', program, ...ARGS], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = [`$ npm run simulate -- ${ARGS.join(' ')}`];
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line.replace(RATE, ''));
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) lines.push(`ended with code ${code}`);
  return lines;
}
