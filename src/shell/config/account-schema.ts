import { z } from 'zod';
import { count, money, name, oneOf, section, text } from './fields.ts';

/*
 * Shape of config/accounts.yaml. An account that can be switched between paper and live says both
 * sides; a side that is null is not offered. Keys stay in the environment, only the names under
 * which they are found there stand here.
 */

const environment = oneOf(['paper', 'live']);

const common = {
  id: name('an account id'),
  market: oneOf(['US', 'CN']),
  currency: oneOf(['USD', 'CNY']),
};

const startingCash = { cash: money(1_000_000_000, 100) };

function address(what: string, schemes: readonly string[]) {
  const starts = schemes.map((scheme) => `${scheme}://`).join(' or ');
  const pattern = new RegExp(`^(${schemes.join('|')})://[^\\s/]+[^\\s]*[^\\s/]$`);
  return text(`${what} that starts with ${starts} and ends without a slash`, pattern);
}

/** The name of variables without their ending: ALPACA_PAPER of ALPACA_PAPER_KEY_ID. */
const credentials = text(
  'the name of its keys without _KEY_ID and _SECRET_KEY, in capitals',
  /^[A-Z][A-Z0-9_]{0,39}$/,
);

const alpacaSide = section({
  credentials,
  tradingUrl: address('an address', ['https', 'http']),
}).nullable();

const ibkrSide = section({
  host: text('a host name or an address', /^[A-Za-z0-9.:-]{1,253}$/),
  port: count(65_535),
  clientId: count(999_999, 0),
  /** The Master API client id of TWS or Gateway, for a kill from another process. */
  masterClientId: count(999_999, 0).nullable(),
  accountId: text(
    'an account number of Interactive Brokers, e.g. U1234567',
    /^[A-Z]{1,3}[0-9]{3,12}$/,
  ),
}).nullable();

const paper = section({
  ...common,
  broker: z.literal('paper'),
  environment: oneOf(['paper']),
  ...startingCash,
});

const manual = section({
  ...common,
  broker: z.literal('manual'),
  environment,
  ...startingCash,
});

const alpaca = section({
  ...common,
  broker: z.literal('alpaca'),
  environment,
  /** `sip` is the whole tape and is paid for; `iex` is a small part of it. */
  feed: oneOf(['iex', 'sip']),
  dataUrl: address('an address', ['https', 'http']),
  dataStreamUrl: address('an address', ['wss', 'ws']),
  paper: alpacaSide,
  live: alpacaSide,
});

const ibkr = section({
  ...common,
  broker: z.literal('ibkr'),
  environment,
  /** `delayed` is free and 15 minutes late: good for looking on, no entry is decided on it. */
  marketData: oneOf(['live', 'delayed']),
  /** Market data lines of the login, 100 unless more were bought; a symbol takes two. */
  marketDataLines: count(10_000).default(100),
  paper: ibkrSide,
  live: ibkrSide,
});

/** One account; which keys it has depends on its broker. */
export const account = z.discriminatedUnion('broker', [paper, manual, alpaca, ibkr], {
  error: 'a broker: one of paper, manual, alpaca, ibkr',
});

export type AccountConfig = z.infer<typeof account>;
/** How an account of Alpaca is reached in one environment. */
export type AlpacaSide = NonNullable<z.infer<typeof alpacaSide>>;
/** How an account of Interactive Brokers is reached in one environment. */
export type IbkrSide = NonNullable<z.infer<typeof ibkrSide>>;
