import { ConfigError } from '#app/errors.ts';
import type { Broker, ByHand, Clock } from '#app/ports.ts';
import { restartable } from '#app/restartable-broker.ts';
import { cnFeeModel, usFeeModel } from '#core/backtest/costs.ts';
import type { InstrumentId, Market } from '#core/market/instrument.ts';
import type { Session } from '#core/market/session.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { PaperBrokerOptions, PaperControls } from '#shell/brokers/paper.ts';
import { type BrokerKeys, keysOf } from '#shell/config/accounts.ts';
import type { AccountConfig } from '#shell/config/config.ts';
import { readEnv } from '#shell/config/env.ts';
import type { AlpacaCallLine } from '#shell/lib/alpaca/rest.ts';
import type { IbkrGateway } from '#shell/lib/ibkr/gateway.ts';
import type { AccountData } from './compose-live-data.ts';

/** What the built-in simulated broker needs beside its account. */
export type SimulatedTerms = { readonly seed: number; readonly slippageBps: number };

export type BrokerFacts = {
  readonly clock: Clock;
  /** The project's folder: keys are read from its environment when a broker is made. */
  readonly root: string;
  /** Symbols the desk trades, looked up once at the start; left out elsewhere. */
  readonly instruments?: readonly InstrumentId[];
  /** Takes what is worth a line in the log and nothing more. */
  readonly onNote?: (line: string) => void;
  /** Takes every call to a broker that is asked over HTTP. */
  readonly onCall?: (line: AlpacaCallLine) => void;
  /** The regular session of a day, to read the broker's prices by; left out, none are read. */
  readonly sessionOf?: (day: TradingDay) => Session | null;
  /** True for a desk that took over from a process that may be frozen; left out elsewhere. */
  readonly hasTakenOver?: boolean;
  /** Only the desk's own process has a simulated exchange; null elsewhere. */
  readonly simulated: SimulatedTerms | null;
};

/** A broker, and the side of it that a simulated market drives; null where the market is the world's. */
export type MadeBroker = {
  readonly broker: Broker;
  readonly exchange: PaperControls | null;
  /** The person's side where a person executes; null elsewhere. */
  readonly byHand: ByHand | null;
  /** Prices as the broker gives them; null where it gives none, or nobody asked for them. */
  readonly data: AccountData | null;
};

const PAPER_LATENCY_MS = 80;
const MINOR_PER_UNIT = 100;
/** A usual one: 0.025 % of the turnover, at least 5 yuan an order. */
const CN_COMMISSION = { rate: 0.00025, minimumMinor: 500 };

/**
 * True when another process can reach the account too, e.g. a kill while the desk hangs. The
 * simulated exchange lives in the desk's process, and a person is reached by chat.
 */
export function isReachedDirectly(account: AccountConfig): boolean {
  return account.broker === 'alpaca' || account.broker === 'ibkr';
}

/** Rules and fees of the simulated exchange of a market. */
export function simulatedVenue(market: Market): Pick<PaperBrokerOptions, 'feesModel' | 'venue'> {
  return market === 'CN'
    ? { feesModel: cnFeeModel(CN_COMMISSION), venue: 'cn' }
    : { feesModel: usFeeModel('alpaca') };
}

async function makePaper(
  account: Extract<AccountConfig, { broker: 'paper' }>,
  facts: BrokerFacts,
): Promise<MadeBroker> {
  const { clock, simulated } = facts;
  if (simulated === null) {
    throw new ConfigError(
      `${account.id}: found a simulated broker, which lives in the desk's process, expected a broker that can be reached from elsewhere`,
      { code: 'in_process_broker', retryable: false },
    );
  }
  const { createPaperBroker } = await import('#shell/brokers/paper.ts');
  const broker = createPaperBroker({
    accountId: account.id,
    environment: 'paper',
    clock,
    cashMinor: Math.round(account.cash * MINOR_PER_UNIT),
    latencyMs: PAPER_LATENCY_MS,
    ...simulatedVenue(account.market),
    seed: simulated.seed,
    matchBy: 'ticks',
    slippageBps: simulated.slippageBps,
  });
  return { broker, exchange: broker, byHand: null, data: null };
}

async function makeManual(
  account: Extract<AccountConfig, { broker: 'manual' }>,
  facts: BrokerFacts,
): Promise<MadeBroker> {
  const { createManualBroker } = await import('#shell/brokers/manual.ts');
  const broker = createManualBroker({
    accountId: account.id,
    environment: account.environment,
    clock: facts.clock,
    sellableAfterDays: account.market === 'CN' ? 1 : 0,
  });
  return { broker, exchange: null, byHand: broker, data: null };
}

async function makeIbkr(
  account: Extract<AccountConfig, { broker: 'ibkr' }>,
  facts: BrokerFacts,
): Promise<MadeBroker> {
  const side = account[account.environment];
  const isElsewhere = facts.simulated === null;
  const clientId = isElsewhere ? side?.masterClientId : side?.clientId;
  if (side === null || clientId === undefined || clientId === null) {
    const key = isElsewhere ? 'masterClientId' : 'clientId';
    throw new ConfigError(
      `config/accounts.yaml: ${account.id}.${account.environment}.${key}: found none, expected the client id to connect as`,
      { code: 'no_client_id', retryable: false },
    );
  }
  const [{ createIbkrBroker }, { IbkrGateway }] = await Promise.all([
    import('#shell/brokers/ibkr/ibkr.ts'),
    import('#shell/lib/ibkr/gateway.ts'),
  ]);
  const { clock } = facts;
  const gateway = new IbkrGateway({
    host: side.host,
    port: side.port,
    clientId,
    standInId: isElsewhere ? null : side.masterClientId,
    hasTakenOver: facts.hasTakenOver ?? false,
    brokerAccount: side.accountId,
    environment: account.environment,
    clock,
    ...(facts.onNote === undefined ? {} : { onNote: facts.onNote }),
  });
  const data = await ibkrData(account, facts, gateway);
  const broker = createIbkrBroker({
    accountId: account.id,
    environment: account.environment,
    gateway,
    brokerAccount: side.accountId,
    isMaster: isElsewhere,
    clock,
    ...(facts.onNote === undefined ? {} : { onNote: facts.onNote }),
  });
  return { broker, exchange: null, byHand: null, data };
}

/** Prices over the broker's own connection; before it starts, since they listen on every one. */
async function ibkrData(
  account: Extract<AccountConfig, { broker: 'ibkr' }>,
  facts: BrokerFacts,
  gateway: IbkrGateway,
): Promise<AccountData | null> {
  const { clock, sessionOf } = facts;
  if (sessionOf === undefined) return null;
  const [{ createIbkrFeed }, { IbkrHistory }] = await Promise.all([
    import('#shell/feeds/us/ibkr.ts'),
    import('#shell/feeds/us/ibkr-history.ts'),
  ]);
  const history = new IbkrHistory({ gateway, clock, sessionOf });
  const { marketData } = account;
  return { history, feed: createIbkrFeed({ gateway, history, clock, marketData }) };
}

async function alpacaData(
  account: Extract<AccountConfig, { broker: 'alpaca' }>,
  facts: BrokerFacts,
  keys: BrokerKeys,
): Promise<AccountData | null> {
  const { clock, sessionOf } = facts;
  if (sessionOf === undefined) return null;
  const [{ createAlpacaFeed }, { createAlpacaHistory }] = await Promise.all([
    import('#shell/feeds/us/alpaca.ts'),
    import('#shell/feeds/us/alpaca-history.ts'),
  ]);
  const { feed, dataUrl, dataStreamUrl } = account;
  const onNote = facts.onNote ?? (() => {});
  const onCall = facts.onCall ?? (() => {});
  const common = { feed, dataUrl, keys, clock, onCall, onNote };
  return {
    feed: createAlpacaFeed({ ...common, dataStreamUrl }),
    history: createAlpacaHistory({ ...common, sessionOf }),
  };
}

async function makeAlpaca(
  account: Extract<AccountConfig, { broker: 'alpaca' }>,
  facts: BrokerFacts,
): Promise<MadeBroker> {
  const { id, environment } = account;
  const side = account[environment];
  const keys = keysOf(account, environment, readEnv(facts.root));
  if (side === null || keys === null) {
    throw new ConfigError(
      `config/accounts.yaml: ${id}.${environment}: found none, expected the settings of this side`,
      { code: 'no_side', retryable: false },
    );
  }
  const { createAlpacaBroker } = await import('#shell/brokers/alpaca/alpaca.ts');
  const { tradingUrl } = side;
  const { clock, instruments = [], onCall = () => {}, onNote = () => {} } = facts;
  const common = { accountId: id, environment, tradingUrl, keys, clock };
  const options = { ...common, instruments, onCall, onNote };
  const broker = restartable(() => createAlpacaBroker(options));
  return { broker, exchange: null, byHand: null, data: await alpacaData(account, facts, keys) };
}

/** Builds the broker of an account, not yet started. Loads only the adapter it uses. Throws ConfigError. */
export function makeBroker(account: AccountConfig, facts: BrokerFacts): Promise<MadeBroker> {
  switch (account.broker) {
    case 'paper':
      return makePaper(account, facts);
    case 'ibkr':
      return makeIbkr(account, facts);
    case 'manual':
      return makeManual(account, facts);
    case 'alpaca':
      return makeAlpaca(account, facts);
  }
}
