import type { PrototypeId, UserId } from '../ids';
import { ok, refuse, type Result } from '../refusal';
import type { PrototypeFacts, PrototypeReader, PrototypeTree, PrototypeVersion } from './prototype';

/** A version with all that it is made of. */
export interface Content {
  readonly version: PrototypeVersion;
  readonly tree: PrototypeTree;
}

/** One that may be used. */
export interface Usable extends Content {
  readonly facts: PrototypeFacts;
}

/** Whether the user may know that the prototype is there: its owner always, everybody while it is public. */
export function maySee(
  facts: Pick<PrototypeFacts, 'owner_id' | 'is_public'>,
  userId: UserId | null,
): boolean {
  return facts.is_public || facts.owner_id === userId;
}

export function prototypeNotFound(id: PrototypeId): Result<never> {
  return refuse('prototype.not_found', `there is no prototype ${id}`, { prototype_id: id });
}

/** The prototype, when this user may make new instances of it. */
function usableFacts(reader: PrototypeReader, id: PrototypeId, userId: UserId): Result<PrototypeFacts> {
  const facts = reader.facts(id);
  if (!facts || !maySee(facts, userId)) return prototypeNotFound(id);
  if (!facts.is_deleted) return ok(facts);
  return refuse('prototype.deleted', `the prototype ${id} was deleted`, { prototype_id: id });
}

/**
 * The version that a new instance is made of: the one that is named, else the latest. Of a deprecated prototype only its
 * owner gets the latest: whoever still wants it has to say which.
 */
export function usableVersion(
  reader: PrototypeReader,
  id: PrototypeId,
  wanted: number | undefined,
  userId: UserId,
): Result<Usable> {
  const found = usableFacts(reader, id, userId);
  if (!found.ok) return found;
  const facts = found.value;
  if (facts.latest_version === undefined) {
    return refuse('prototype.unpublished', `the prototype ${id} has no version yet`, { prototype_id: id });
  }
  if (wanted === undefined && facts.is_deprecated && facts.owner_id !== userId) {
    return refuse('prototype.deprecated', `the prototype ${id} is deprecated: name a version of it`, {
      prototype_id: id,
      latest_version: facts.latest_version,
    });
  }
  const content = contentOf(reader, facts.id, wanted ?? facts.latest_version);
  return content.ok ? ok({ facts, ...content.value }) : content;
}

/** For a place in a group: whoever may use the group may use what its owner could put into it. */
export function checkMember(
  reader: PrototypeReader,
  id: PrototypeId,
  users: { readonly actor: UserId; readonly groupOwner: UserId },
): Result<unknown> {
  const isGroupOwners = reader.facts(id)?.owner_id === users.groupOwner;
  return usableFacts(reader, id, isGroupOwners ? users.groupOwner : users.actor);
}

export function contentOf(reader: PrototypeReader, id: PrototypeId, number: number): Result<Content> {
  const version = reader.version(id, number);
  const tree = version && reader.tree(id, number);
  if (version && tree) return ok({ version, tree });
  return refuse('prototype.version_not_found', `${id} has no version ${number}`, {
    prototype_id: id,
    version: number,
  });
}
