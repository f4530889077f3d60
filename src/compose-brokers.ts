import { ConfigError } from '#app/errors.ts';
import type { Broker, ByHand, Clock } from '#app/ports.ts';
import { cnFeeModel, usFeeModel } from '#core/backtest/costs.ts';
import type { InstrumentId, Market } from '#core/market/instrument.ts';
import type { PaperBrokerOptions, PaperControls } from '#shell/brokers/paper.ts';
import { keysOf } from '#shell/config/accounts.ts';
import type { AccountConfig } from '#shell/config/config.ts';
import { readEnv } from '#shell/config/env.ts';

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
  /** Only the desk's own process has a simulated exchange; null elsewhere. */
  readonly simulated: SimulatedTerms | null;
};

/** A broker, and the side of it that a simulated market drives; null where the market is the world's. */
export type MadeBroker = {
  readonly broker: Broker;
  readonly exchange: PaperControls | null;
  /** The person's side where a person executes; null elsewhere. */
  readonly byHand: ByHand | null;
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
  return { broker, exchange: broker, byHand: null };
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
  return { broker, exchange: null, byHand: broker };
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
    brokerAccount: side.accountId,
    environment: account.environment,
    clock,
  });
  const broker = createIbkrBroker({
    accountId: account.id,
    environment: account.environment,
    gateway,
    clientId,
    brokerAccount: side.accountId,
    isMaster: isElsewhere,
    clock,
  });
  return { broker, exchange: null, byHand: null };
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
  const broker = createAlpacaBroker({
    accountId: id,
    environment,
    tradingUrl: side.tradingUrl,
    keys,
    clock: facts.clock,
    instruments: facts.instruments ?? [],
    onNote: facts.onNote ?? (() => {}),
  });
  return { broker, exchange: null, byHand: null };
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
