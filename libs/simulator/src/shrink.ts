import type { Violation } from './kernel/violation';
import type { Kind, Plan } from './plan';
import { type Outcome, simulate } from './simulate';

/** Runs that shrinking may take. */
const MAX_RUNS = 80;

/**
 * A smaller plan that still fails: fewer steps first, then fewer kinds of fault and deed, fewer gateways, fewer clients. What
 * it breaks may be another invariant than before; mostly it is the same mistake.
 */
export async function shrink(
  failed: Outcome & { readonly violation: Violation },
  onRun: (runs: number, plan: Plan) => void = () => undefined,
): Promise<Outcome & { readonly violation: Violation }> {
  let best = failed;
  let runs = 0;
  const tries = async (plan: Plan): Promise<boolean> => {
    if (runs >= MAX_RUNS) return false;
    runs += 1;
    const outcome = await simulate(plan);
    if (!outcome.violation) return false;
    best = { ...outcome, violation: outcome.violation };
    onRun(runs, plan);
    return true;
  };
  for (let before = runs; ; before = runs) {
    const { plan } = best;
    await fewerSteps(plan, tries);
    await fewerKinds(best.plan, tries);
    if (best.plan.clients > 1) await tries({ ...best.plan, clients: best.plan.clients - 1 });
    if (best.plan.gateways > 1) await tries({ ...best.plan, gateways: best.plan.gateways - 1 });
    const isSmaller = best.plan !== plan;
    if (!isSmaller || runs >= MAX_RUNS || runs === before) return best;
  }
}

type Tries = (plan: Plan) => Promise<boolean>;

/** Bisects: a run with fewer steps is the beginning of the longer one, but its end is another. */
async function fewerSteps(plan: Plan, tries: Tries): Promise<void> {
  let low = 0;
  let high = plan.steps;
  while (high - low > Math.max(1, high / 10)) {
    const steps = Math.floor((low + high) / 2);
    if (await tries({ ...plan, steps })) high = steps;
    else low = steps;
  }
}

/** Takes away half of the kinds, then fewer at a time. */
async function fewerKinds(plan: Plan, tries: Tries): Promise<void> {
  let kinds: readonly Kind[] = [...plan.kinds];
  for (let size = Math.ceil(kinds.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < kinds.length;) {
      const fewer = [...kinds.slice(0, at), ...kinds.slice(at + size)];
      if (await tries({ ...plan, kinds: new Set(fewer) })) kinds = fewer;
      else at += size;
    }
  }
}
