import { guestClaims, type TokenIssuer } from '@state-server/identity';
import type { SessionDoc, UserDoc } from '@state-server/persistence-port';
import { toUserResource } from '@state-server/platform';
import type { TokensResponse } from '@state-server/protocol';

/** What every way to sign in, and every refresh, answers with. The session is durable before this is called. */
export async function issueTokens(
  tokens: TokenIssuer,
  session: SessionDoc,
  user: UserDoc,
  refreshToken: string,
): Promise<TokensResponse> {
  const { access_token, expires_in } = await tokens.issue({
    user_id: user.id,
    session_id: session.id,
    name: user.name,
    until: Date.parse(session.expires_at),
    ...guestClaims(user),
  });
  return {
    access_token,
    refresh_token: refreshToken,
    token_type: 'Bearer',
    expires_in,
    user: toUserResource(user),
  };
}
