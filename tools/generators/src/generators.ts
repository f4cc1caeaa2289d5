import { asyncApiDocument, errorsPage, openApiDocument } from '@state-server/protocol';
import { envExample } from './env-example';
import { readInvariants } from './invariants/invariants';
import { invariantsPage } from './invariants/invariants-page';
import { limitsPage } from './limits-page';
import { findRoot } from './workspace-root';

export interface Generator {
  /** Where the file stands, from the workspace's root. */
  readonly path: string;
  /** The content before Prettier; the same in every run. */
  readonly content: () => string;
}

const json = (document: unknown): string => JSON.stringify(document);

/** Every generated file of the workspace. */
export const GENERATORS: readonly Generator[] = [
  { path: 'docs/generated/openapi.json', content: () => json(openApiDocument()) },
  { path: 'docs/generated/asyncapi.json', content: () => json(asyncApiDocument()) },
  { path: 'docs/generated/errors.md', content: errorsPage },
  { path: 'docs/generated/limits.md', content: limitsPage },
  {
    path: 'docs/generated/invariants.md',
    content: () => invariantsPage(readInvariants(findRoot(__dirname))),
  },
  { path: '.env.example', content: envExample },
];
