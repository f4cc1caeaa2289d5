import {
  company,
  companyInvitation,
  companyInvitationParams,
  companyMember,
  companyMemberParams,
  companyParams,
  invitationTokenParams,
  inviteRequest,
  putCompanyMemberRequest,
} from '../company-resources';
import { pageOf, pageQuery } from '../page';
import type { RouteTable } from '../route';
import { COMPANY_WRITE_ERRORS } from './company';

const shared = { area: 'company', auth: 'bearer' } as const;
const member = { ...shared, path: '/company/{id}/members/{user_id}', params: companyMemberParams } as const;
const invitations = { ...shared, path: '/company/{id}/invitations', params: companyParams } as const;

export const companyPeopleRoutes = {
  'company.members': {
    ...shared,
    id: 'company.members',
    access: 'company.view',
    method: 'GET',
    path: '/company/{id}/members',
    summary: 'Who is what in a company, for its members.',
    params: companyParams,
    query: pageQuery,
    response: { status: 200, schema: pageOf(companyMember) },
    errors: ['company.not_found', 'cursor.invalid'],
    idempotency: 'none',
  },
  'company.get_member': {
    ...member,
    id: 'company.get_member',
    access: 'company.view',
    method: 'GET',
    summary: 'One member, for members.',
    response: { status: 200, schema: companyMember },
    errors: ['company.not_found', 'company.member_unknown'],
    idempotency: 'none',
  },
  'company.put_member': {
    ...member,
    id: 'company.put_member',
    access: 'company.manage_members',
    method: 'PUT',
    summary:
      'Make somebody a member, or change the role. Owners; administrators as far as no owner is concerned.',
    request: putCompanyMemberRequest,
    response: { status: 200, schema: companyMember },
    errors: [
      ...COMPANY_WRITE_ERRORS,
      'user.not_found',
      'company.last_owner',
      'company.full',
      'company.too_many',
    ],
    idempotency: 'honoured',
  },
  'company.delete_member': {
    ...member,
    id: 'company.delete_member',
    access: 'company.leave',
    method: 'DELETE',
    summary:
      'Put a member out, or leave. He has lost what the company gave him with the answer, as far as he writes, and a moment later in all its branes.',
    response: { status: 204 },
    errors: [...COMPANY_WRITE_ERRORS, 'company.member_unknown', 'company.last_owner'],
    idempotency: 'honoured',
  },
  'company.invite': {
    ...invitations,
    id: 'company.invite',
    access: 'company.manage_members',
    method: 'POST',
    summary:
      'Invite whoever has this e-mail address: a link goes there, which is good once, for him alone, and for so many days. Owners; administrators for other roles than owner.',
    request: inviteRequest,
    response: { status: 201, schema: companyInvitation },
    errors: [...COMPANY_WRITE_ERRORS, 'field.invalid', 'company.full'],
    idempotency: 'honoured',
  },
  'company.invitations': {
    ...invitations,
    id: 'company.invitations',
    access: 'company.manage_members',
    method: 'GET',
    summary: 'Invitations that wait. Owners and administrators.',
    query: pageQuery,
    response: { status: 200, schema: pageOf(companyInvitation) },
    errors: ['company.not_found', 'permission.denied', 'cursor.invalid'],
    idempotency: 'none',
  },
  'company.revoke_invitation': {
    ...shared,
    id: 'company.revoke_invitation',
    access: 'company.manage_members',
    method: 'DELETE',
    path: '/company/{id}/invitations/{invitation_id}',
    summary: 'Withdraw an invitation. Owners and administrators.',
    params: companyInvitationParams,
    response: { status: 204 },
    errors: [...COMPANY_WRITE_ERRORS, 'invitation.not_found'],
    idempotency: 'honoured',
  },
  'company.accept_invitation': {
    ...shared,
    id: 'company.accept_invitation',
    access: 'server.create_company',
    method: 'POST',
    path: '/company/invitations/{token}/accept',
    summary: 'Become a member: with the token of the e-mail, signed in with the address that it was sent to.',
    params: invitationTokenParams,
    response: { status: 200, schema: company },
    errors: [
      'invitation.not_found',
      'invitation.not_yours',
      'user.not_found',
      'permission.denied',
      'company.full',
      'company.too_many',
      'commit.conflict',
      'commit.outcome_unknown',
    ],
    idempotency: 'honoured',
  },
} as const satisfies RouteTable;
