/** Far above any order id, because errors name a request and an order by the same kind of number. */
export const FIRST_REQUEST_ID = 1_000_000_000;
const HIGHEST_PORT = 65_535;

/** True for what can be the id of an order: they stay below those of requests. */
export function isOrderId(id: number): boolean {
  return Number.isSafeInteger(id) && id >= 1 && id < FIRST_REQUEST_ID;
}

/** The port that a notice names; null when it names none that can be. */
export function portIn(text: string): number | null {
  const port = Number(/\b\d{4,5}\b/.exec(text)?.[0] ?? Number.NaN);
  return port <= HIGHEST_PORT ? port : null;
}
