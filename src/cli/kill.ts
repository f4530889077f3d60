import { setTimeout as sleep } from 'node:timers/promises';
import { handInActs, openKillTools, openSettings } from '#compose-tools';
import { EXIT, type ExitCode } from './exit-code.ts';
import { instantText, type Output } from './output.ts';

type Tools = Awaited<ReturnType<typeof openKillTools>>;

const ANSWER_WITHIN_MS = 3000;
const LOOK_EVERY_MS = 20;

/** Waits for the desk's answer to a kill at or after `at`. */
async function waitForAnswer(tools: Tools, at: number) {
  const deadline = Date.now() + ANSWER_WITHIN_MS;
  while (Date.now() < deadline) {
    const answer = tools.killFile.readAnswer(at);
    if (answer !== null) return answer;
    await sleep(LOOK_EVERY_MS);
  }
  return null;
}

/** A name nobody knows kills everything: a typing mistake must not leave a desk alive. */
async function widenIfUnknown(tools: Tools, scope: string, at: number, output: Output) {
  if (scope === 'all') return scope;
  const presence = tools.findDesk();
  if (presence.kind !== 'none' && presence.mark.desks.includes(scope)) return scope;
  try {
    const { desks } = await openSettings();
    if (desks.some((desk) => desk.id === scope || desk.account === scope)) return scope;
    output.aside(`${scope}: found no desk or account of that name, everything is killed`);
  } catch {
    output.aside(`${scope}: the settings cannot be read, everything is killed`);
  }
  tools.killFile.write({ scope: 'all', by: 'command line', at });
  return 'all';
}

function scopeNow(tools: Tools, fallback: string): string {
  const state = tools.killFile.state();
  return state.kind === 'present' ? state.note.scope : fallback;
}

/** Stage 2 goes to the desk that runs; a played day is flattened in its own terminal. */
async function flatten(tools: Tools, scope: string, at: number, output: Output): Promise<string[]> {
  const presence = tools.findDesk();
  if (presence.kind !== 'running' || presence.mark.runId !== 'live') {
    output.aside('stage 2: found no live desk that runs, expected one; nothing is sold');
    return [];
  }
  if (presence.mark.environment !== 'paper') {
    output.aside('stage 2: found a live account, expected the confirmation in the chat');
    return [];
  }
  const { desks } = presence.mark;
  const meant = desks.includes(scope) ? [scope] : desks;
  try {
    for (const deskId of meant)
      await handInActs(deskId, [{ act: 'flatten', scope: null }], at, true);
    output.line(`stage 2 handed to ${meant.join(', ')}; its progress is in the chat`);
    return [...meant];
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    output.aside(`stage 2: ${text}; send /flatten in the chat, stage 1 holds`);
    return [];
  }
}

/**
 * Stage 1 from another terminal: the file first, everything else after. Works while the desk hangs
 * and with the store down; a desk that runs sees the file within a second.
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
  await widenIfUnknown(tools, scopeGiven, at, output);
  const scope = scopeNow(tools, scopeGiven);
  output.line(`killed: ${scope}. No entry leaves any more; kill file ${tools.killPath}`);
  if (before.kind === 'present') {
    const since = instantText(before.note.at);
    output.line(`it was killed before: ${before.note.scope} by ${before.note.by} at ${since}`);
  }
  const presence = tools.findDesk();
  if (presence.kind !== 'running') {
    output.line('desk: none is running; the next start is halted until /resume');
    output.result({ killed: true, scope, desk: 'not_running', answer: null });
    return EXIT.ok;
  }
  const { pid } = presence.mark;
  const isNews = before.kind !== 'present' || before.note.scope !== scope;
  const answer = isNews ? await waitForAnswer(tools, at) : tools.killFile.readAnswer(0);
  if (answer === null) {
    output.line(
      `desk: pid ${pid} has not answered. It sends no entry past the kill file. If it hangs, ` +
        `end it (kill -9 ${pid}) and start it again: it comes back halted and asks the broker first.`,
    );
    const flattened = options.isFlatten ? await flatten(tools, scope, at, output) : [];
    output.result({ killed: true, scope, desk: 'silent', pid, answer: null, flattened });
    return EXIT.ok;
  }
  const canceled = answer.canceledOrderIds.length;
  output.line(
    `desk: pid ${pid} ${isNews ? `answered after ${Math.max(0, answer.at - at)} ms` : 'had answered'}: ${canceled} entry ` +
      `order(s) cancelled, ${answer.protectionKept} protective order(s) kept`,
  );
  const flattened = options.isFlatten ? await flatten(tools, scope, at, output) : [];
  output.result({ killed: true, scope, desk: 'answered', pid, answer, flattened });
  return EXIT.ok;
}
