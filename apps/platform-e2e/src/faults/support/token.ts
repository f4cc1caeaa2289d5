/** The access token of a dev sign-in, for connections without the SDK. */
export async function tokenOf(origin: string, name: string): Promise<string> {
  const answer = await fetch(`${origin}/auth/dev`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ name }),
  });
  return ((await answer.json()) as { readonly access_token: string }).access_token;
}
