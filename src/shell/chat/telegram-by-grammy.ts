import { Api, GrammyError, InputFile } from 'grammy';
import { type BotApi, BotApiError, type BotApiOptions, BotFile } from './telegram-api.ts';

type Raw = Readonly<Record<string, (payload: unknown, signal: AbortSignal) => Promise<unknown>>>;

/** Calls by grammY. */
export function createBotApi(options: BotApiOptions): BotApi {
  const { token, apiRoot, agent, timeoutSeconds } = options;
  const api = new Api(token, {
    timeoutSeconds,
    ...(apiRoot === undefined ? {} : { apiRoot }),
    baseFetchConfig: { compress: true, agent },
  });
  const raw = api.raw as unknown as Raw;
  return {
    async call(method, payload, signal) {
      const sent = Object.entries(payload).map(([name, value]) => [
        name,
        value instanceof BotFile ? new InputFile(value.content, value.name) : value,
      ]);
      try {
        return await raw[method]!(Object.fromEntries(sent), signal);
      } catch (error) {
        if (!(error instanceof GrammyError)) throw error;
        const { error_code: status, description, parameters } = error;
        throw new BotApiError(status, description, parameters.retry_after ?? null);
      }
    },
  };
}
