import {
  type Action,
  type Actor,
  type Bar,
  barTo,
  can,
  type Decision,
  type KindOf,
  type ResourceKind,
  type Resources,
} from '@state-server/domain';
import type { ErrorCode } from './error-table';
import { fail } from './fail';
import type { ErrorDetails, StateError } from './state-error';

/** How a refusal is told. */
export interface ToldAs {
  /** What there is nothing of, for whoever must not know of it; default: the code of the kind of resource. */
  readonly hidden?: ErrorCode;
  /** What the request named; told in both cases, so nothing else of the resource may stand in it. */
  readonly details?: ErrorDetails;
  /** In place of the table's sentence, for whoever may know of it. */
  readonly message?: string;
}

const HIDDEN = {
  brane: 'brane.not_found',
  company: 'company.not_found',
  prototype: 'prototype.not_found',
  user: 'user.not_found',
  server: 'auth.required',
} as const satisfies Record<ResourceKind, ErrorCode>;

/** Throws the one error that says no: 404 for whoever must not know, 403 for whoever may not (AUTHZ-2). */
export function assertCan<A extends Action>(
  actor: Actor,
  action: A,
  resource: Resources[KindOf<A>] | undefined,
  told: ToldAs = {},
): asserts resource is Resources[KindOf<A>] {
  const decision = can(actor, action, resource);
  if (decision !== 'allowed') throw refusalOf(actor, action, decision, told);
}

/** The error that a decision stands for. */
export function refusalOf(
  actor: Actor,
  action: Action,
  decision: Exclude<Decision, 'allowed'>,
  { hidden, details, message }: ToldAs = {},
): StateError {
  if (decision === 'hidden') {
    const [kind] = action.split('.') as [ResourceKind];
    return fail(hidden ?? HIDDEN[kind], details);
  }
  const bar = barTo(actor, action);
  return bar ? barred(bar) : fail('permission.denied', details, message);
}

/** Refuses whoever may never do this, before anything is looked at; so it tells nothing of what is there. */
export function assertMayEver(actor: Actor, action: Action): void {
  const bar = barTo(actor, action);
  if (bar) throw barred(bar);
}

function barred(bar: Bar): StateError {
  switch (bar.kind) {
    case 'anonymous':
      return fail('auth.required');
    case 'suspended':
      return fail('user.suspended');
    case 'guest':
      return fail('permission.denied', undefined, 'This takes an account: sign in with one.');
    case 'scope':
      return bar.scope === null
        ? fail(
            'permission.scope_missing',
            { scope: null },
            'No scope allows this: it takes a person signed in.',
          )
        : fail('permission.scope_missing', { scope: bar.scope });
  }
}
