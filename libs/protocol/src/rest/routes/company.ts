import type { ErrorCode } from '../../errors/error-table';
import {
  company,
  companyParams,
  createCompanyRequest,
  putBraneCompanyRequest,
  updateCompanyRequest,
} from '../company-resources';
import { pageOf, pageQuery } from '../page';
import { braneParams } from '../requests';
import { brane } from '../resources';
import type { RouteTable } from '../route';
import { COMMIT_ERRORS } from './brane-edits';

/** What any change of a company may answer. */
export const COMPANY_WRITE_ERRORS = [
  'company.not_found',
  'permission.denied',
  'commit.conflict',
  'commit.outcome_unknown',
] as const satisfies readonly ErrorCode[];

const one = { area: 'company', path: '/company/{id}', auth: 'bearer', params: companyParams } as const;
const ofBrane = { area: 'brane', path: '/brane/{id}/company', auth: 'bearer', params: braneParams } as const;

export const companyRoutes = {
  'company.create': {
    id: 'company.create',
    access: 'server.create_company',
    method: 'POST',
    path: '/company',
    area: 'company',
    summary: 'Make a company; you are its owner.',
    auth: 'bearer',
    request: createCompanyRequest,
    response: { status: 201, schema: company },
    errors: [
      'id.taken',
      'user.not_found',
      'permission.denied',
      'company.too_many',
      'commit.conflict',
      'commit.outcome_unknown',
    ],
    idempotency: 'honoured',
    etag: 'sent',
  },
  'company.list': {
    id: 'company.list',
    access: 'server.list_companies',
    method: 'GET',
    path: '/company',
    area: 'company',
    summary: 'The companies that you are a member of. A page may be short and still lead on.',
    auth: 'bearer',
    query: pageQuery,
    response: { status: 200, schema: pageOf(company) },
    errors: ['cursor.invalid'],
    idempotency: 'none',
  },
  'company.get': {
    ...one,
    id: 'company.get',
    access: 'company.view',
    method: 'GET',
    summary: 'A company, for its members.',
    response: { status: 200, schema: company },
    errors: ['company.not_found'],
    idempotency: 'none',
    etag: 'sent',
  },
  'company.update': {
    ...one,
    id: 'company.update',
    access: 'company.configure',
    method: 'PATCH',
    summary: 'Change its name, or what its members are in its branes. Owners and administrators.',
    request: updateCompanyRequest,
    response: { status: 200, schema: company },
    errors: COMPANY_WRITE_ERRORS,
    idempotency: 'honoured',
    etag: 'honoured',
  },
  'company.delete': {
    ...one,
    id: 'company.delete',
    access: 'company.delete',
    method: 'DELETE',
    summary:
      'Delete a company, for good: nobody is anything by it any more, and its branes become those of the owner who asks, one after the other. Owners only.',
    response: { status: 204 },
    errors: COMPANY_WRITE_ERRORS,
    idempotency: 'honoured',
    etag: 'honoured',
  },
  'company.branes': {
    id: 'company.branes',
    access: 'company.view',
    method: 'GET',
    path: '/company/{id}/branes',
    area: 'company',
    summary: 'The branes of a company, for its members.',
    auth: 'bearer',
    params: companyParams,
    query: pageQuery,
    response: { status: 200, schema: pageOf(brane) },
    errors: ['company.not_found', 'cursor.invalid'],
    idempotency: 'none',
  },
  'brane.set_company': {
    ...ofBrane,
    id: 'brane.set_company',
    access: ['brane.delete', 'company.own_branes'],
    method: 'PUT',
    summary:
      'Give a brane to a company. Its owner may, who runs the company; from another company, who runs both. Its owners are what the company makes them, or editors.',
    request: putBraneCompanyRequest,
    response: { status: 200, schema: brane },
    errors: [...COMMIT_ERRORS, 'company.not_found', 'company.changed'],
    idempotency: 'honoured',
  },
  'brane.leave_company': {
    ...ofBrane,
    id: 'brane.leave_company',
    access: 'brane.delete',
    method: 'DELETE',
    summary: 'Take a brane out of its company: it is yours. Who runs the company may.',
    response: { status: 200, schema: brane },
    errors: [...COMMIT_ERRORS, 'company.not_found', 'company.changed'],
    idempotency: 'honoured',
  },
} as const satisfies RouteTable;
