import type { PrototypeDoc, PrototypeVersionDoc } from '@state-server/persistence-port';
import {
  type Answer,
  createdAnswer,
  etagHeader,
  okAnswer,
  stateSeqHeader,
  toPrototypeResource,
} from '@state-server/platform';
import type { PrototypeVersionResource, PrototypeVersionSummary } from '@state-server/protocol';
import type { NewInstance } from './instantiate-prototype';
import type { PublishedVersion } from './publish-version';

/** A version on the wire, without its tree. */
export function toVersionSummary({ migrations, ...rest }: PrototypeVersionDoc): PrototypeVersionSummary {
  return { ...rest, migrations: [...migrations] };
}

export function toVersion({ facts, tree }: PublishedVersion): PrototypeVersionResource {
  // The domain's maps and lists are the wire's, but for being read-only.
  const { nodes, members } = tree as Pick<PrototypeVersionResource, 'nodes' | 'members'>;
  return { ...toVersionSummary(facts), nodes, members };
}

export function made(doc: PrototypeDoc): Answer {
  return createdAnswer(`/prototype/${doc.id}`, toPrototypeResource(doc), etagHeader(doc.version));
}

export function changed(doc: PrototypeDoc): Answer {
  return okAnswer(toPrototypeResource(doc), etagHeader(doc.version));
}

export function published(version: PublishedVersion): Answer {
  const { prototype_id, version: number } = version.facts;
  return createdAnswer(`/prototype/${prototype_id}/versions/${number}`, toVersion(version));
}

export function instanceMade({ object, position }: NewInstance): Answer {
  const headers = { ...etagHeader(object.version), ...stateSeqHeader(position) };
  return createdAnswer(`/object/${object.id}`, object, headers);
}
