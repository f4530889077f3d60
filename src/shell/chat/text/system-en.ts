import { HEALTH_EN } from './health-lines.ts';
import type { PulseWords } from './pulse-words.ts';
import { FAULTS_EN } from './source-faults.ts';
import type { SystemWords } from './system-lines.ts';

/** The English of what is said about the process. */
export function systemEn(pulse: () => PulseWords): SystemWords {
  return {
    health: HEALTH_EN,
    pulse,
    parts: {
      decide: 'Decide',
      positions: 'Positions and orders',
      look: 'Look',
      reports: 'Reports and research',
      desk: 'The desk',
      chat: 'This chat',
      people: 'People',
    },
    menuTitle: (role) => `☰ What you may say, as ${role}`,
    menuEnd: '/help COMMAND says what it does',
    facts: {
      version: 'version',
      node: 'Node',
      profile: 'profile',
      desks: 'desks',
      config: 'settings that decide',
      run: 'run',
      store: 'database',
      migrations: 'migrations applied',
      uptimeMs: 'running for',
      system: 'system',
    },
    values: {
      ...FAULTS_EN,
      embedded: 'its own',
      server: 'a server',
      simulated: 'simulated market',
      recorded: 'recorded days',
      none: 'no source',
    },
    sourceStates: {
      well: 'answers',
      failing: 'fails',
      silent: 'nothing heard yet',
      unasked: 'not asked yet',
    },
    noSources: 'No source of data is in use.',
    answered: (at) => `last ${at}`,
    failedAt: (at) => `failed ${at}`,
    nothingDegraded: '✓ Nothing is degraded.',
    noModel: 'No language model is in use: config/llm.yaml.',
    modelSpent: (m, waited) => [
      `${m.model} · ${m.asked} of ${m.mostPerDay} answers of the day (UTC) asked for, since the start`,
      `thrown away ${m.thrownAway} · failed ${m.failed} · waited ${waited} · tokens ${m.tokensIn} in, ${m.tokensOut} out`,
    ],
    modelCost: (amount) => `${amount} at the prices of config/llm.yaml`,
    noPrices: 'no prices are set: why.prices of config/llm.yaml',
    noEntries: 'no new entries',
    gateRests: (deskId, checkpoint) =>
      `${deskId} · the gate of ${checkpoint} rests on less than its first sources`,
    countsFrom: { now: 'counts at once', restart: 'counts from the next start' },
    local: 'your own',
    isSet: (mark) => `set, fingerprint ${mark}`,
    notSet: 'not set',
    configTitle: '⚙ Settings of the desk',
    configEnd:
      '/config set KEY VALUE changes one (owner, second confirmation) · /reload reads all files again',
    noSetting: 'No such setting may be seen here. /config lists those that may.',
    noAudit: 'Nothing is written down yet.',
    auditEnd: (before) => `older: /audit before ${before}`,
    noTrades: 'No round trip is recorded yet.',
    noDays: 'No day is recorded in that time.',
    dayCount: (days) => (days === 1 ? '1 day' : `${days} days`),
    tradeCount: (trades) => (trades === 1 ? '1 trade' : `${trades} trades`),
    fees: (money) => `fees ${money}`,
    typeRow: (of, trades, wins, mean, median, worst) =>
      `${of}: ${trades} ${trades === 1 ? 'trade' : 'trades'}, ${wins} won · mean ${mean} · median ${median} · worst ${worst}`,
    exportEmpty: (what) => `Nothing to export: no ${what} in that time.`,
    exports: { trades: 'trades', proposals: 'proposals', days: 'days', audit: 'audit rows' },
    zoneSet: (zone, now) =>
      `✓ Times of this chat are ${zone}'s first, the market's in brackets: ${now}. Times you type stay the market's.`,
    zoneOff: "✓ Times of this chat are the market's again.",
    configSet: (what, file, from) => `✓ ${what} · ${from} · ${file}`,
    configRefused: '. Nothing was changed.',
    reloaded: (count) => `✓ Settings read again: ${count} changed`,
    nothingChanged: '✓ Settings read again: nothing changed.',
    jobRefused: (job) => `✕ ${job} is no job that may be run from a chat. Nothing done.`,
    jobEarly: (job, due) =>
      `✕ ${job} is due ${due}; before that it would know too little. Nothing done.`,
    jobsKnown: (names) => `may be run: ${names}`,
    notFromHere: '✕ This run has no jobs: days are played here. Nothing done.',
    busy: (command) => `✕ ${command} is under way already. Nothing done twice.`,
    begun: (what) => `… ${what} has begun; you hear when it is over`,
    jobDone: (job, took) => `✓ ${job}: done in ${took}`,
    backupDone: (tables, rows, took) => `✓ Backup: ${tables} tables, ${rows} rows, ${took}`,
    checksDone: (bad, all, took) =>
      bad === 0
        ? `✓ Self-test: all ${all} checks passed, ${took}`
        : `⚠ Self-test: ${bad} of ${all} checks need a look, ${took}`,
    cure: 'do:',
    failed: (what) => `${what} failed`,
    colon: ': ',
  };
}
