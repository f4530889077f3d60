import type { openSetupTools } from '#compose-tools';
import type { Questions } from './ask.ts';
import type { Output } from './output.ts';
import type { SetupText } from './setup-text.ts';

type Tools = Awaited<ReturnType<typeof openSetupTools>>;
type Account = ReturnType<Tools['accountsOf']>[number];

/** Which account the desk trades on. */
export async function askAccount(
  questions: Questions,
  accounts: readonly Account[],
  text: SetupText,
  current: string,
): Promise<Account | undefined> {
  const known = accounts.map((account) => account.id).join(', ');
  const answer = await questions.ask(text.account(known), current, (given) =>
    accounts.some((account) => account.id === given) ? null : text.oneOf(known),
  );
  return accounts.find((account) => account.id === answer);
}

/** Keys of the account by the names of their variables; what is set already is kept. Throws for keys that are refused. */
export async function askKeys(
  questions: Questions,
  tools: Tools,
  text: SetupText,
  account: Account,
  isSet: (name: string) => boolean,
  output: Output,
): Promise<Record<string, string>> {
  if (account.broker === 'ibkr') output.aside(text.gateway('config/local/accounts.yaml'));
  const given: Record<string, string> = {};
  for (const name of tools.keyNamesOf(account)) {
    const kept = isSet(name) ? '****' : '';
    const answer = await questions.ask(text.key(name), kept, (value) =>
      /\s/.test(value) || value === '' ? text.keyShape : null,
    );
    if (answer !== '****') given[name] = answer;
  }
  const [keyId, secretKey] = Object.values(given);
  if (keyId === undefined || secretKey === undefined) return given;
  const answer = await tools.askBroker(account, { keyId, secretKey });
  if (answer === null) return given;
  if (answer.kind === 'refused') throw new Error(`setup: ${text.keysRefused(account.id)}`);
  output.aside(
    answer.kind === 'unreachable'
      ? text.keysUnchecked(account.id, answer.problem)
      : text.keysValid(account.id),
  );
  return given;
}
