/** What Telegram says of a token. `unreachable` says nothing about the token. */
export type TokenAnswer =
  | { readonly kind: 'valid'; readonly username: string; readonly serverTimeAt: number | null }
  | { readonly kind: 'refused' }
  | { readonly kind: 'unreachable'; readonly problem: string };

const SHAPE = /^\d{6,12}:[A-Za-z0-9_-]{30,}$/;
const TIMEOUT_MS = 4000;

/** True when the text looks as BotFather writes a token: digits, a colon, 30 characters or more. */
export function hasTokenShape(token: string): boolean {
  return SHAPE.test(token);
}

function describe(error: unknown): string {
  const cause = error instanceof Error ? (error.cause as { code?: string } | undefined) : undefined;
  if (error instanceof Error && error.name === 'TimeoutError')
    return `no answer in ${TIMEOUT_MS} ms`;
  return cause?.code ?? 'no connection';
}

/** Asks `getMe`. Never throws; the token is in no text of the answer. */
export async function askTelegram(apiRoot: string, token: string): Promise<TokenAnswer> {
  try {
    const response = await fetch(`${apiRoot}/bot${token}/getMe`, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const serverTimeAt = Date.parse(response.headers.get('date') ?? '');
    const body = (await response.json()) as { ok?: boolean; result?: { username?: string } };
    if (body.ok === true) {
      return {
        kind: 'valid',
        username: body.result?.username ?? '?',
        serverTimeAt: Number.isNaN(serverTimeAt) ? null : serverTimeAt,
      };
    }
    if (response.status === 401 || response.status === 404) return { kind: 'refused' };
    return { kind: 'unreachable', problem: `status ${response.status}` };
  } catch (error) {
    return { kind: 'unreachable', problem: describe(error) };
  }
}
