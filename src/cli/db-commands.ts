import type { Command } from 'commander';
import type { Runner } from './command.ts';
import { jsonOption } from './command.ts';
import { createOutput } from './output.ts';

type Flags = { json: boolean; yes?: boolean };

/** `centaur db …`: the store itself. */
export function addDbCommands(program: Command, run: Runner): void {
  const db = program
    .command('db')
    .description('the store: schema, backup and restore')
    .addHelpText(
      'after',
      '\nExamples:\n  $ centaur db status\n  $ centaur db backup\n  $ centaur db restore data/backups/2026-11-20T210000Z',
    );
  db.command('migrate')
    .description('bring the schema to this code, after a backup')
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  $ centaur db migrate')
    .action((flags: Flags) =>
      run(async () => (await import('./db.ts')).runMigrate(createOutput(flags.json))),
    );
  db.command('status')
    .description('where the store is and which migrations it has; fails when one is missing')
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  $ centaur db status --json')
    .action((flags: Flags) =>
      run(async () => (await import('./db.ts')).runDbStatus(createOutput(flags.json))),
    );
  db.command('reset')
    .description('empty the store, after a backup; refused while a desk runs')
    .option('--yes', 'yes, remove everything', false)
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  $ centaur db reset --yes')
    .action((flags: Flags) =>
      run(async () =>
        (await import('./db.ts')).runReset(flags.yes === true, createOutput(flags.json)),
      ),
    );
  db.command('rebuild')
    .description('fold accounts, positions, trades, signals and orders anew from the log')
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  $ centaur db rebuild')
    .action((flags: Flags) =>
      run(async () => (await import('./db.ts')).runRebuild(createOutput(flags.json))),
    );
  db.command('backup')
    .description('copy every table as of one moment')
    .argument('[folder]', 'where to; default a folder named by the time under data/backups')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  $ centaur db backup\n  $ centaur db backup /mnt/usb/centaur',
    )
    .action((folder: string | undefined, flags: Flags) =>
      run(async () => (await import('./db.ts')).runBackup(folder, createOutput(flags.json))),
    );
  db.command('restore')
    .description('load a backup into an empty store; refused while a desk runs')
    .argument('<folder>', 'a folder that db backup made')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  $ centaur db reset --yes && centaur db restore data/backups/2026-11-20T210000Z',
    )
    .action((folder: string, flags: Flags) =>
      run(async () => (await import('./db.ts')).runRestore(folder, createOutput(flags.json))),
    );
}
