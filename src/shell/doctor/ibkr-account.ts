import type { IbkrCheck } from './ibkr-gateway.ts';
import { type Finding, failed, ok, warning } from './machine.ts';

/** One line of what the gateway said of an account, with its cure. */
export function checkIbkr(
  name: string,
  { host, port }: { readonly host: string; readonly port: number },
  answer: IbkrCheck,
): Finding {
  const found = `${name}, ${host}:${port}`;
  switch (answer.kind) {
    case 'unreachable':
      return failed(
        'broker',
        `${found}: ${answer.problem}`,
        `start TWS or IB Gateway and log in; allow socket clients on port ${port} in its API settings`,
      );
    case 'wrong_account':
      return failed(
        'broker',
        `${found}: ${answer.problem}`,
        'log in with the account of config/accounts.yaml, or correct accountId, port or environment there',
      );
    case 'valid': {
      const said = `${found}, the account is there, server version ${answer.serverVersion}`;
      if (answer.hasServers) return ok('broker', said);
      return warning('broker', `${said}, without the vendor's servers`, 'wait, or log in again');
    }
  }
}
