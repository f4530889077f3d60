import type { openSetupTools } from '#compose-tools';
import type { Questions } from './ask.ts';
import type { SetupText } from './setup-text.ts';

type Tools = Pick<Awaited<ReturnType<typeof openSetupTools>>, 'newTotpSecret' | 'checkCode'>;

/**
 * Enrols a device for one-time codes, if it is wanted: shows the secret once, on the terminal, and keeps
 * it only after a code of the device was right. Answers the secret, null where nothing changes.
 */
export async function enrolCodes(
  questions: Questions,
  tools: Tools,
  text: SetupText,
  terminal: { readonly hasSecret: boolean; show(lines: string): void; now(): number },
): Promise<string | null> {
  const question = terminal.hasSecret ? text.codesAgain : text.codes;
  const wanted = await questions.ask(question, 'n', (given) =>
    /^[yn]$/i.test(given) ? null : text.yesNo,
  );
  if (wanted.toLowerCase() === 'n') return null;
  const { secret, uri, picture } = tools.newTotpSecret();
  terminal.show(`${text.scan}\n${picture}\n${uri}\n`);
  await questions.ask(text.code, '', (given) => {
    const answer = tools.checkCode(secret, given.replaceAll(' ', ''), terminal.now());
    if (answer.kind === 'right') return null;
    return answer.kind === 'clock_off'
      ? text.codeSkew(Math.abs(answer.offMs) / 1_000)
      : text.codeWrong;
  });
  return secret;
}
