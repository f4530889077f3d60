/** Initial risk per share: entry − stop, positive for a long whose stop is below. */
export function riskPerShare(entryPrice: number, stopPrice: number): number {
  return entryPrice - stopPrice;
}

/** Price at a multiple of R from the entry of a long: entry + multiple × (entry − stop). */
export function priceAtR(entryPrice: number, stopPrice: number, multiple: number): number {
  return entryPrice + multiple * riskPerShare(entryPrice, stopPrice);
}

/** Result in R: money over initial risk in money, both minor units. 0 when the risk is not positive. */
export function resultInR(resultMinor: number, riskMinor: number): number {
  return riskMinor > 0 ? resultMinor / riskMinor : 0;
}
