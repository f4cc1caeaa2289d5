/** From where an act came. */
export interface AuditOrigin {
  /** IP address of the client, as far as the trusted proxies tell. */
  readonly address?: string;
  readonly user_agent?: string;
  readonly request_id?: string;
}

/** What is looked at of a request; a RestRequest of libs/platform fits. */
export interface OriginalRequest {
  readonly id: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

const MAX_AGENT_CHARS = 200;
const MAX_ID_CHARS = 128;

/** Where a request came from, to be recorded with what it does. */
export function originOf(request: OriginalRequest): AuditOrigin {
  const address = 'ip' in request && typeof request.ip === 'string' ? request.ip : undefined;
  const header = request.headers['user-agent'];
  const agent = typeof header === 'string' ? header : header?.[0];
  return {
    ...(address === undefined ? {} : { address }),
    ...(agent === undefined ? {} : { user_agent: agent.slice(0, MAX_AGENT_CHARS) }),
    request_id: request.id.slice(0, MAX_ID_CHARS),
  };
}
