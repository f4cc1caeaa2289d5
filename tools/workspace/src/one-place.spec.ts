import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT } from './workspace';

/** What tells rights by itself, past the table: a role in a brane, a role in the installation. */
const BY_ITSELF = /\b(?:roleIn|grantedRole)\(|\broles\??\.includes\(/;

/** Where that decides nothing that anybody may do, and what it does there. */
const NO_DECISION: Readonly<Record<string, string>> = {
  'libs/features/auth/src/account.ts': 'appoints the administrators that the settings name, once each',
  'libs/features/auth/src/guest/enter-as-guest.ts': 'what a visibility gives to nobody in particular',
  'libs/features/company/src/brane-company.http.ts': 'the role that the answer shows',
  'libs/features/guest/src/list-people.ts': 'the roles that the list shows',
  'libs/features/guest/src/moderation.ts': 'the role that a refusal names',
  'libs/features/user/src/hand-over.ts': 'who inherits',
  'libs/features/user/src/suspend-user.ts': 'whether the roles are the same as before',
  'libs/realtime/src/review-seats.ts': 'the role that a client is told',
};

/** Those who act for users: everything above the rules. */
const FOLDERS = ['apps', 'libs/features', 'libs/commit', 'libs/realtime'];

function sources(): string[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8', withFileTypes: true })
      .filter(({ name }) => name.endsWith('.ts') && !/\.spec|spec-support|\.bench\./.test(name))
      .filter(({ parentPath }) => !parentPath.includes('node_modules'))
      .map(({ parentPath, name }) => relative(ROOT, join(parentPath, name))),
  );
}

describe('who may do what', () => {
  it('is decided in one place: nobody above the table looks at roles by himself (AUTHZ-10)', () => {
    const found = sources().filter((file) => BY_ITSELF.test(readFileSync(join(ROOT, file), 'utf8')));
    const places = [...new Set(found)].sort();
    expect(places).toEqual(Object.keys(NO_DECISION).sort());
  });
});
