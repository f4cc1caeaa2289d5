/**
 * The closed list of what is recorded. An action is added together with the code that records it: a check of the workspace
 * refuses one that nobody records.
 */
export const AUDIT_ACTIONS = {
  'auth.signed_in': 'Somebody signed in: a session was opened.',
  'auth.signed_out': 'Somebody ended his own session.',
  'auth.refresh_reused':
    'A refresh token was used a second time: its session was ended, one of the two is a thief.',
  'auth.session_revoked': 'A session was ended from elsewhere.',
  'auth.sessions_revoked': 'All sessions of a user were ended.',
  'auth.token_revoked': 'One access token was revoked.',
  'auth.identity_linked': 'A further way to sign in was added to an account.',
  'auth.identity_unlinked': 'A way to sign in was taken from an account.',

  'user.suspended': 'An administrator suspended a user.',
  'user.unsuspended': 'An administrator lifted a suspension.',
  'user.roles_set': 'The roles of a user in the installation changed.',
  'user.deleted': 'Somebody deleted his account.',

  'brane.member_set': 'Somebody became a member of a brane, or got another role in it.',
  'brane.member_removed': 'A member left a brane or was put out.',
  'brane.visibility_set': 'It changed who may see a brane.',
  'brane.deleted': 'A brane was marked as deleted.',
  'brane.restored': 'A deleted brane was brought back.',

  'link.created': 'A share link into a brane was made.',
  'link.revoked': 'A share link was revoked.',
  'guest.joined': 'A guest came by a share link: a guest session was opened.',
  'guest.converted': 'A guest became an account.',
  'moderation.kicked': 'Somebody was put out of a brane; he may come back.',
  'moderation.banned': 'Somebody was banned from a brane.',
  'moderation.unbanned': 'A ban was lifted.',
  'moderation.muted': 'Somebody may only look in a brane.',
  'moderation.unmuted': 'A mute was lifted.',

  'company.created': 'A company was made.',
  'company.updated': 'A company was changed.',
  'company.deleted': 'A company was deleted.',
  'company.member_set': 'Somebody became a member of a company, or got another role in it.',
  'company.member_removed': 'A member left a company or was put out.',
  'company.invited': 'Somebody was invited into a company.',
  'company.invitation_revoked': 'An invitation was withdrawn.',
  'company.invitation_accepted': 'An invitation was accepted.',
  'company.transferred': 'A company was handed to another owner.',
  'company.brane_set': 'A brane was put into a company or taken out of it.',

  'service.created': 'A service account was made.',
  'service.deleted': 'A service account was deleted, with its keys.',
  'service.key_created': 'A key of a service account was made.',
  'service.key_revoked': 'A key of a service account was revoked.',

  'keys.rotated': 'The key that signs access tokens was exchanged.',
} as const satisfies Readonly<Record<string, string>>;

export type AuditAction = keyof typeof AUDIT_ACTIONS;

export function isAuditAction(name: string): name is AuditAction {
  return Object.hasOwn(AUDIT_ACTIONS, name);
}
