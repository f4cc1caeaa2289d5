import { type Answer, createdAnswer, etagHeader, okAnswer } from '@state-server/platform';
import type { CompanyResource } from '@state-server/protocol';
import type { SeenCompany } from './company-deps';

export function toCompanyResource({ company, role }: SeenCompany): CompanyResource {
  const { id, name, brane_role, members, version, created_at, updated_at } = company;
  return { id, name, brane_role, members, role, version, created_at, updated_at };
}

export function shownCompany(seen: SeenCompany): Answer {
  return okAnswer(toCompanyResource(seen), etagHeader(seen.company.version));
}

export function createdCompany(seen: SeenCompany): Answer {
  const { id, version } = seen.company;
  return createdAnswer(`/company/${id}`, toCompanyResource(seen), etagHeader(version));
}
