import { auditBy } from '@state-server/audit';
import { withReadErrors } from '@state-server/commit';
import type { CompanyAction, CompanyId } from '@state-server/domain';
import { callerOf } from '@state-server/identity';
import {
  type Answer,
  type RestReply,
  type RestRequest,
  respond,
  runKeyed,
  wantedVersions,
} from '@state-server/platform';
import type { RouteId } from '@state-server/protocol';
import type { Transaction } from '@state-server/persistence-port';
import type { CompanyDeps, CompanyWriter } from './company-deps';
import { assertCompanyRight, companyFor } from './write-company';

export interface CompanyRequest {
  readonly route: RouteId;
  readonly company_id: CompanyId;
  /** What one must be allowed to; undefined: what the change itself decides, also of who has left. */
  readonly action: CompanyAction | undefined;
  readonly body?: unknown;
}

/** What the doors of a company share: who asks, under which key, and what he may. */
export async function runCompany<T>(
  deps: CompanyDeps,
  { route, company_id, action, body }: CompanyRequest,
  http: { readonly request: RestRequest; readonly reply: RestReply },
  change: (
    writer: CompanyWriter & { also(tx: Transaction, written: T): Promise<void>; newId(name: string): string },
  ) => Promise<T>,
  encode: (written: T) => Answer,
): Promise<void> {
  const { request, reply } = http;
  const caller = callerOf(request);
  const { user_id } = caller;
  const versions = wantedVersions(request);
  const answer = await runKeyed(
    deps,
    route,
    request,
    { user_id, body },
    {
      authorise: async () => {
        if (action === undefined) return;
        const read = deps.store.read({ label: 'company.authorise' }, (tx) =>
          companyFor(tx, company_id, user_id),
        );
        const { role } = await withReadErrors(read);
        assertCompanyRight(role, action);
      },
      execute: async (claim) => {
        const written = await change({
          ...{ user_id, company_id, op_id: claim.op_id, operation_id: claim.newId('operation') },
          from: auditBy(request, caller),
          ...(versions && { if_versions: versions }),
          also: (tx, result) => claim.record(tx, encode(result), false),
          newId: (name) => claim.newId(name),
        });
        return { answer: encode(written), replayed: false };
      },
    },
  );
  respond(reply, answer);
}
