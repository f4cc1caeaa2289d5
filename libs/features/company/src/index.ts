export { BraneCompanyHttp } from './brane-company.http';
export { COMPANY_DEPS, type CompanyDeps } from './company-deps';
export { CompanyPeopleHttp } from './company-people.http';
export { CompanyHttp } from './company.http';
export { InvitationHttp } from './invitation.http';
export { reachCompanyKind } from './reach-company.operation';
