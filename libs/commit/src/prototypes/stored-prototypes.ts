import type {
  PrototypeFacts,
  PrototypeId,
  PrototypeReader,
  PrototypeTree,
  PrototypeVersion,
} from '@state-server/domain';
import type { Transaction } from '@state-server/persistence-port';
import { NotLoaded, type PrototypeWant } from '../not-loaded';
import type { VersionCache } from './version-cache';

/**
 * Prototypes as one transaction sees them. Versions come from the cache of the process, which needs no guard: they never
 * change. Flags are read in the transaction and guarded, so that nothing is made of what is deleted in the same moment.
 */
export class StoredPrototypes implements PrototypeReader {
  private readonly known = new Map<PrototypeId, PrototypeFacts | undefined>();
  /** Not there in this snapshot. */
  private readonly absent = new Set<string>();

  constructor(
    private readonly tx: Transaction,
    private readonly cache: VersionCache,
  ) {}

  facts(id: PrototypeId): PrototypeFacts | undefined {
    if (!this.known.has(id)) throw new NotLoaded({ kind: 'prototype', id });
    return this.known.get(id);
  }

  version(id: PrototypeId, version: number): PrototypeVersion | undefined {
    const found = this.cache.version(id, version);
    if (found || this.absent.has(`${id}/${version}`)) return found;
    throw new NotLoaded({ kind: 'prototype_version', id, version });
  }

  tree(id: PrototypeId, version: number): PrototypeTree | undefined {
    const found = this.cache.tree(id, version);
    if (found || this.absent.has(`${id}/${version}`)) return found;
    throw new NotLoaded({ kind: 'prototype_tree', id, version });
  }

  async load(want: PrototypeWant): Promise<void> {
    const { id } = want;
    switch (want.kind) {
      case 'prototype':
        this.tx.guard('prototypes', [id]);
        this.known.set(id, await this.tx.get('prototypes', [id]));
        return;
      case 'prototype_version': {
        const doc = await this.tx.get('prototype_versions', [id, want.version]);
        if (doc) this.cache.learnVersion(id, doc);
        else this.absent.add(`${id}/${want.version}`);
        return;
      }
      case 'prototype_tree': {
        const doc = await this.tx.get('prototype_trees', [id, want.version]);
        if (doc) this.cache.learnTree(id, want.version, doc.tree);
        else this.absent.add(`${id}/${want.version}`);
        return;
      }
      default:
        return want satisfies never;
    }
  }
}
