import { setTimeout as sleep } from 'node:timers/promises';
import { openKillTargets, openKillTools, openSettings } from '#compose-tools';
import { EXIT, type ExitCode } from './exit-code.ts';
import { flattenLines, stageOneLines, strangerLines } from './kill-report.ts';
import { instantText, type Output } from './output.ts';

type Tools = Awaited<ReturnType<typeof openKillTools>>;
type KillTarget = Awaited<ReturnType<typeof openKillTargets>>[number];
type KillConnection = Awaited<ReturnType<KillTarget['connect']>>;
type KillFlatten = NonNullable<Parameters<Tools['killFile']['write']>[0]['flatten']>;
type Answer = NonNullable<ReturnType<Tools['killFile']['readAnswer']>>;

/** How long a desk that runs is waited for before the brokers are reached past it. */
const BEFORE_BROKERS_MS = 700;
const ANSWER_WITHIN_MS = 3_000;
const LOOK_EVERY_MS = 20;
/** How long the report waits for what the broker says of orders the desk did not know; they are canceled all the same. */
const STRANGERS_WITHIN_MS = 4_000;

/** What a kill knows of the accounts: none where the settings cannot be read. */
type Accounts = { readonly targets: readonly KillTarget[]; readonly problem: string | null };

/** One account reached past its desk. */
type Reached = {
  readonly accountId: string;
  readonly environment: 'paper' | 'live';
  readonly cause?: string;
  readonly stageOne?: Awaited<ReturnType<KillConnection['stageOne']>>;
  readonly stageTwo?: Awaited<ReturnType<KillConnection['stageTwo']>>;
};

/** Waits for the desk's answer to a kill at or after `since`. */
async function waitForAnswer(tools: Tools, since: number, ms: number): Promise<Answer | null> {
  const deadline = Date.now() + ms;
  for (;;) {
    const answer = tools.killFile.readAnswer(since);
    if (answer !== null || Date.now() >= deadline) return answer;
    await sleep(LOOK_EVERY_MS);
  }
}

/** The same answer once it says what became of orders the desk did not know; as it is when that takes too long. */
async function wholeOf(tools: Tools, answer: Answer): Promise<Answer> {
  const deadline = Date.now() + STRANGERS_WITHIN_MS;
  let newest = answer;
  while (newest.strangerIds === null && Date.now() < deadline) {
    await sleep(LOOK_EVERY_MS);
    newest = tools.killFile.readAnswer(answer.at) ?? newest;
  }
  return newest;
}

async function accountsOf(tools: Tools): Promise<Accounts> {
  const presence = tools.findDesk();
  const profile = presence.kind === 'none' ? {} : { profile: presence.mark.profile };
  try {
    return { targets: await openKillTargets(await openSettings(profile)), problem: null };
  } catch (error) {
    return { targets: [], problem: error instanceof Error ? error.message : String(error) };
  }
}

/** A name nobody knows kills everything: a typing mistake must not leave a desk alive. */
function widenIfUnknown(
  tools: Tools,
  scope: string,
  accounts: Accounts,
  at: number,
  output: Output,
): void {
  if (scope === 'all') return;
  const presence = tools.findDesk();
  if (presence.kind !== 'none' && presence.mark.desks.includes(scope)) return;
  if (accounts.targets.some((target) => isOf(target, scope))) return;
  if (accounts.problem === null)
    output.aside(`${scope}: found no desk or account of that name, everything is killed`);
  else output.aside(`${scope}: the settings cannot be read, everything is killed`);
  tools.killFile.write({ scope: 'all', by: 'command line', at });
}

function isOf(target: KillTarget, scope: string): boolean {
  return scope === 'all' || target.accountId === scope || target.deskIds.includes(scope);
}

function scopeNow(tools: Tools, fallback: string): string {
  const state = tools.killFile.state();
  return state.kind === 'present' ? state.note.scope : fallback;
}

type Connecting = { readonly target: KillTarget; readonly connection: Promise<KillConnection> };

/** Reaches the brokers past a desk that does not answer; each account by itself. */
async function reach(
  { target, connection }: Connecting,
  isFlatten: boolean,
  markSold: (accountId: string) => void,
): Promise<Reached> {
  const { accountId, environment } = target;
  const head = { accountId, environment };
  let stageOne: Reached['stageOne'];
  try {
    const broker = await connection;
    try {
      stageOne = await broker.stageOne();
      // a live account is asked about after stage 1 of all of them
      if (!isFlatten || environment !== 'paper') return { ...head, stageOne };
      // before the first byte: a desk that wakes up must not sell the same shares
      markSold(accountId);
      return { ...head, stageOne, stageTwo: await broker.stageTwo() };
    } finally {
      await broker.close();
    }
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    return { ...head, cause, ...(stageOne === undefined ? {} : { stageOne }) };
  }
}

function report(reached: readonly Reached[], output: Output): void {
  for (const { accountId, cause, stageOne, stageTwo } of reached) {
    if (cause !== undefined) output.line(`${accountId}: NOT reached: ${cause}`);
    if (stageOne !== undefined) for (const line of stageOneLines(stageOne)) output.line(line);
    if (stageTwo !== undefined)
      for (const line of flattenLines(accountId, stageTwo)) output.line(line);
  }
}

/** What the next desk takes into its audit: nobody else was there to write it down. */
function keepRecord(tools: Tools, at: number, scope: string, reached: readonly Reached[]): void {
  try {
    const input = { by: 'command line', scope, reached };
    tools.journal.append({ id: `kill:cli:${at}`, at, stream: 'kill:cli', input });
  } catch {
    // the journal is a record only: a full disk must not keep a kill from being reported
  }
}

/** Stage 2 through the desk that answers: at once on paper, on live accounts once their phrase was typed. */
async function handStageTwo(run: Run): Promise<readonly string[]> {
  const { tools, meant, scope, at, output } = run;
  const hand = (sold: readonly KillTarget[], flatten: KillFlatten): readonly string[] => {
    tools.killFile.write({ scope, by: 'command line', at, flatten });
    const desks = sold.flatMap((target) => target.deskIds);
    output.line(`stage 2 handed to ${desks.join(', ')}; its progress is in the chat`);
    return desks;
  };
  const paper = meant.filter((target) => target.environment === 'paper');
  const desks = paper.length === 0 ? [] : [...hand(paper, [{ scope, key: `cli:${at}` }])];
  for (const target of await confirmedOf(run)) {
    const { accountId } = target;
    desks.push(...hand([target], [{ scope: accountId, key: `cli:${at}`, isConfirmed: true }]));
  }
  if (desks.length === 0) output.aside('stage 2: nothing is sold');
  return desks;
}

/** Live accounts whose phrase was typed here, asked for one after another with what they hold. */
async function confirmedOf({ meant, output }: Run): Promise<readonly KillTarget[]> {
  const live = meant.filter(({ environment }) => environment === 'live');
  if (live.length === 0) return [];
  if (output.isJson) {
    for (const { accountId } of live) output.aside(unconfirmed(accountId));
    return [];
  }
  const { createLiveConfirm } = await import('./kill-confirm.ts');
  const confirm = createLiveConfirm();
  const agreed: KillTarget[] = [];
  try {
    for (const target of live) {
      if (await confirm.ask(target.accountId, await heldIn(target))) agreed.push(target);
      else output.aside(unconfirmed(target.accountId));
    }
  } finally {
    confirm.close();
  }
  return agreed;
}

/** What a live account holds, in words; it need not be known to be sold. */
async function heldIn(target: KillTarget): Promise<string> {
  const everything = 'everything it holds';
  if (!target.isReached) return everything;
  try {
    const broker = await target.connect();
    try {
      const held = await broker.held();
      const shares = [...(held ?? [])].filter(([, quantity]) => quantity !== 0);
      if (held !== null && shares.length === 0) return 'nothing: it holds nothing now';
      return shares.map(([name, quantity]) => `${quantity} ${name}`).join(', ') || everything;
    } finally {
      await broker.close();
    }
  } catch {
    return everything;
  }
}

/**
 * Stage 1 from another terminal: the file first, everything else after. A desk that runs sees the file
 * within a second; past one that does not answer, or does not run, the brokers are reached directly.
 * Neither the store nor a chat is needed.
 */
export async function runKill(
  scopeGiven: string,
  options: { readonly isFlatten: boolean },
  output: Output,
): Promise<ExitCode> {
  const at = Date.now();
  const tools = await openKillTools();
  const before = tools.killFile.state();
  tools.killFile.write({ scope: scopeGiven, by: 'command line', at });
  const accounts = await accountsOf(tools);
  widenIfUnknown(tools, scopeGiven, accounts, at, output);
  const scope = scopeNow(tools, scopeGiven);
  output.line(`killed: ${scope}. No entry leaves any more; kill file ${tools.killPath}`);
  if (before.kind === 'present') {
    const since = instantText(before.note.at);
    output.line(`it was killed before: ${before.note.scope} by ${before.note.by} at ${since}`);
  }
  const meant = accounts.targets.filter((target) => isOf(target, scope));
  const run = { tools, meant, scope, at, output, isFlatten: options.isFlatten };
  const presence = tools.findDesk();
  if (presence.kind !== 'running') {
    output.line('desk: none is running; the next start is halted until /resume');
    const reached = await goPast(run);
    output.result({ killed: true, scope, desk: 'not_running', answer: null, accounts: reached });
    return reached.every(isDone) ? EXIT.ok : EXIT.failed;
  }
  const { pid } = presence.mark;
  const isNews = before.kind !== 'present' || before.note.scope !== scope;
  const first = isNews
    ? await waitForAnswer(tools, at, BEFORE_BROKERS_MS)
    : tools.killFile.readAnswer(0);
  if (first !== null) return answered(run, first, pid, isNews);
  const [past, late] = await Promise.all([
    goPast(run),
    waitForAnswer(tools, at, ANSWER_WITHIN_MS - BEFORE_BROKERS_MS),
  ]);
  if (late !== null)
    output.line(`desk: pid ${pid} answered late, after ${Math.max(0, late.at - at)} ms`);
  else
    output.line(
      `desk: pid ${pid} has not answered. It sends no entry past the kill file. If it hangs, ` +
        `end it (kill -9 ${pid}) and start it again: it comes back halted and asks the broker first.`,
    );
  output.result({ killed: true, scope, desk: 'silent', pid, answer: late, accounts: past });
  return past.every(isDone) ? EXIT.ok : EXIT.failed;
}

type Run = {
  readonly tools: Tools;
  readonly meant: readonly KillTarget[];
  readonly scope: string;
  readonly at: number;
  readonly output: Output;
  readonly isFlatten: boolean;
};

function isDone({ cause, stageOne, stageTwo }: Reached): boolean {
  const isOut = cause === undefined && (stageOne?.standing.length ?? 0) === 0;
  return isOut && (stageTwo?.left.length ?? 0) === 0;
}

async function answered(run: Run, first: Answer, pid: number, isNews: boolean): Promise<ExitCode> {
  const { tools, scope, at, output, isFlatten } = run;
  const when = isNews ? `answered after ${Math.max(0, first.at - at)} ms` : 'had answered';
  // stage 2 does not wait for a report
  const flattened = isFlatten ? await handStageTwo(run) : [];
  const answer = await wholeOf(tools, first);
  output.line(
    `desk: pid ${pid} ${when}: ${answer.canceledOrderIds.length} entry order(s) cancelled, ` +
      `${answer.protectionKept} protective order(s) kept`,
  );
  for (const line of strangerLines(answer.strangerIds)) output.line(line);
  output.result({ killed: true, scope, desk: 'answered', pid, answer, flattened });
  return EXIT.ok;
}

/** Reaches the brokers of all accounts that are meant and can be reached from here. */
async function goPast(run: Run): Promise<readonly Reached[]> {
  const { tools, meant, scope, at, output, isFlatten } = run;
  for (const { accountId, isReached } of meant)
    if (!isReached)
      output.aside(`${accountId}: reached through its desk only, the kill file holds it`);
  const markSold = (accountId: string): void => {
    const sold = [{ scope: accountId, key: `${accountId}:${at}` }];
    tools.killFile.write({ scope, by: 'command line', at, sold });
  };
  const reached = await Promise.all(
    meant
      .filter((target) => target.isReached)
      .map((target) => reach({ target, connection: target.connect() }, isFlatten, markSold)),
  );
  report(reached, output);
  const sold = isFlatten ? await sellLive(run, markSold) : [];
  report(sold, output);
  const all = reached.map((one) => merged(one, sold));
  if (all.length > 0) keepRecord(tools, at, scope, all);
  return all;
}

/** Stage 2 at the live accounts whose phrase was typed here. */
async function sellLive(
  run: Run,
  markSold: (accountId: string) => void,
): Promise<readonly Reached[]> {
  const meant = run.meant.filter((target) => target.isReached);
  const agreed = await confirmedOf({ ...run, meant });
  return await Promise.all(
    agreed.map(async ({ accountId, environment, connect }): Promise<Reached> => {
      const head = { accountId, environment };
      try {
        const broker = await connect();
        try {
          // before the first byte: a desk that wakes up must not sell the same shares
          markSold(accountId);
          return { ...head, stageTwo: await broker.stageTwo() };
        } finally {
          await broker.close();
        }
      } catch (error) {
        return { ...head, cause: error instanceof Error ? error.message : String(error) };
      }
    }),
  );
}

/** Both stages of an account as one. */
function merged(one: Reached, later: readonly Reached[]): Reached {
  const found = later.find(
    ({ accountId, environment }) => accountId === one.accountId && environment === one.environment,
  );
  return found === undefined ? one : { ...one, ...found };
}

function unconfirmed(accountId: string): string {
  return `stage 2: found no phrase for ${accountId}, a live account, expected it typed here or /flatten in the chat; nothing of it is sold`;
}
