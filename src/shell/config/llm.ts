import { z } from 'zod';
import { type Env, given } from './env.ts';
import { count, flag, pricePerMillion, seconds, section, text } from './fields.ts';
import { readConfigFile, refuse } from './read-file.ts';

/** Where the key of the language model stands. */
export const LLM_KEY = 'LLM_API_KEY';

/** config/llm.yaml */
export const llmFile = section({
  why: section({
    isEnabled: flag(),
    baseUrl: text('a URL that starts with http:// or https://', /^https?:\/\/[^\s]+$/),
    model: text('a model of the endpoint', /^[\w./:-]{1,80}$/),
    timeoutSeconds: seconds(120),
    maxTokens: count(8000),
    mostPerDay: count(10_000),
    prices: section({
      inputPerMillion: pricePerMillion(10_000),
      outputPerMillion: pricePerMillion(10_000),
      currency: text('three letters', /^[A-Z]{3}$/),
    }).optional(),
    body: z.record(z.string(), z.unknown(), { error: 'fields of the request, or {}' }),
  }),
});

export type LlmWhy = z.infer<typeof llmFile>['why'];

/** Settings of /why in words with the key; null: it is off. Throws ConfigError. */
export function readWhyInWords(
  root: string,
  env: Env,
): { readonly settings: LlmWhy; readonly key: string } | null {
  const { why: settings } = readConfigFile(root, 'llm.yaml', llmFile);
  if (!settings.isEnabled) return null;
  const key = given(env, LLM_KEY);
  if (key === undefined)
    return refuse(LLM_KEY, 'nothing', 'the key that why.isEnabled of config/llm.yaml needs');
  return { settings, key };
}
