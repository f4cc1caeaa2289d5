import type { Draft, EditEnvironment } from '../draft';
import type { SceneObject } from '../entities';
import { refuse, type Result } from '../refusal';
import type { PrototypeReader } from './prototype';

export function resolveUpgrade(
  _reader: PrototypeReader,
  _draft: Draft,
  _asked: { readonly object: SceneObject; readonly version: number | undefined },
  _environment: EditEnvironment,
): Result<void> {
  return refuse('op.unsupported', 'upgrade is not supported yet', { op: 'upgrade' });
}
