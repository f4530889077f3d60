import type { Strike } from './life.ts';
import type { ChannelName, Item, Plan, Site } from './plan.ts';

type Of<K extends Item['kind']> = Extract<Item, { kind: K }>;
type Numbered = { readonly nth: number };

/** Items by a name and then by their number. */
class ByNumber<T extends Numbered> {
  readonly #items = new Map<string, T[]>();
  readonly #counts = new Map<string, number>();

  add(name: string, item: T): void {
    const list = this.#items.get(name);
    if (list === undefined) this.#items.set(name, [item]);
    else list.push(item);
  }

  /** Counts one more of `name`; answers the item set for that number. */
  next(name: string): T | null {
    const list = this.#items.get(name);
    if (list === undefined) return null;
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    return list.find((item) => item.nth === count) ?? null;
  }
}

/** What a plan holds for the nth call, report, fill and so on of a session. */
export class Faults {
  readonly #deaths = new ByNumber<Of<'die'>>();
  readonly #store = new ByNumber<Of<'store'>>();
  readonly #broker = new ByNumber<Of<'broker'>>();
  readonly #reports = new ByNumber<Of<'report'>>();
  readonly #channel = new ByNumber<Of<'channel'>>();
  readonly #partials = new Map<number, number>();
  readonly #races = new ByNumber<Of<'race'>>();

  #isOver = false;

  constructor(plan: Plan) {
    for (const item of plan.items) {
      if (item.kind === 'die') this.#deaths.add(item.site, item);
      if (item.kind === 'store') this.#store.add(item.site, item);
      if (item.kind === 'broker') this.#broker.add(item.call, item);
      if (item.kind === 'report') this.#reports.add('report', item);
      if (item.kind === 'channel') this.#channel.add(item.channel, item);
      if (item.kind === 'partial') this.#partials.set(item.nth, item.ratio);
      if (item.kind === 'race') this.#races.add('race', item);
    }
  }

  /** From here on nothing strikes any more. */
  end(): void {
    this.#isOver = true;
  }

  death(site: Site): { readonly strike: Strike; readonly downMs: number } | null {
    const item = this.#isOver ? null : this.#deaths.next(site);
    return item === null ? null : { strike: item.moment, downMs: item.downMs };
  }

  store(site: Site): Of<'store'> | null {
    return this.#isOver ? null : this.#store.next(site);
  }

  broker(call: Of<'broker'>['call']): Of<'broker'> | null {
    return this.#isOver ? null : this.#broker.next(call);
  }

  report(): Of<'report'> | null {
    return this.#isOver ? null : this.#reports.next('report');
  }

  channel(name: ChannelName): Of<'channel'> | null {
    return this.#isOver ? null : this.#channel.next(name);
  }

  partOfEntry(nth: number): number {
    return this.#partials.get(nth) ?? 1;
  }

  isRace(): boolean {
    return this.#races.next('race') !== null;
  }
}
