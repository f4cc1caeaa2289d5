import type { StateError } from '@state-server/protocol';

/** For a person whose browser ended up here, and whom no client waits for. Nothing of it comes from the request. */
export function errorPage({ code, message }: Pick<StateError, 'code' | 'message'>): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Sign-in</title>
<h1>This sign-in did not succeed</h1>
<p>${escape(message)}</p>
<p><small>${escape(code)}</small></p>
</html>
`;
}

const escape = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
