import type { Item, Plan } from './plan.ts';

/**
 * Leaves out items of a plan as long as it still fails, in halves first and then one by one (delta
 * debugging, Zeller). Deterministic: the same plan and the same answers give the same rest. `fails` plays a
 * plan and tells whether the same invariant is broken.
 */
export async function shrink(plan: Plan, fails: (plan: Plan) => Promise<boolean>): Promise<Plan> {
  let items = plan.items;
  for (let size = Math.ceil(items.length / 2); size >= 1; ) {
    const before = items.length;
    items = await without(items, size, (rest) => fails({ ...plan, items: rest }));
    const isStuck = items.length === before;
    if (isStuck && size === 1) break;
    size = isStuck
      ? Math.max(1, Math.floor(size / 2))
      : Math.min(size, Math.ceil(items.length / 2));
    if (items.length === 0) break;
  }
  return { ...plan, items };
}

/** Tries to leave out each run of `size` items, from the last to the first. */
async function without(
  items: readonly Item[],
  size: number,
  fails: (rest: readonly Item[]) => Promise<boolean>,
): Promise<readonly Item[]> {
  let rest = items;
  for (let end = rest.length; end > 0; end -= size) {
    const from = Math.max(0, end - size);
    const fewer = [...rest.slice(0, from), ...rest.slice(end)];
    if (await fails(fewer)) rest = fewer;
  }
  return rest;
}
