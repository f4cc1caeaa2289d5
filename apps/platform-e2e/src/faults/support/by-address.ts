/** Makes a brane as if from that address; answers the body. */
export async function postBrane(
  origin: string,
  token: string,
  address: string,
  key: string,
): Promise<string> {
  const response = await fetch(`${origin}/brane`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json',
      'idempotency-key': key,
      'x-forwarded-for': address,
    },
    body: JSON.stringify({ name: key, visibility: 'private' }),
  });
  const body = await response.text();
  if (response.status !== 201) throw new Error(`${response.status}: ${body}`);
  return body;
}

/** Reads as if from that address. */
export async function getFrom(
  origin: string,
  token: string,
  address: string,
  path: string,
): Promise<unknown> {
  const headers = {
    authorization: `Bearer ${token}`,
    accept: 'application/json',
    'x-forwarded-for': address,
  };
  return (await fetch(`${origin}${path}`, { headers })).json();
}
