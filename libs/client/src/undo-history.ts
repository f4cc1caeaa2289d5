import type { OpId } from '@state-server/domain';

/**
 * What this client can take back and do again, newest last. The server keeps its own record (SYNC U2); naming the target
 * makes sure that both mean the same op.
 */
export class UndoHistory {
  private readonly done: OpId[] = [];
  private readonly undone: { readonly edit: OpId; readonly undo: OpId }[] = [];

  get canUndo(): boolean {
    return this.done.length > 0;
  }

  get canRedo(): boolean {
    return this.undone.length > 0;
  }

  edited(opId: OpId): void {
    this.done.push(opId);
    this.undone.length = 0;
  }

  /** The op that the undo with this id is to take back. */
  undo(undoOpId: OpId): OpId | undefined {
    const edit = this.done.pop();
    if (edit !== undefined) this.undone.push({ edit, undo: undoOpId });
    return edit;
  }

  /** The undo that a redo is to lift. The op it brings back can be undone again, under the redo's own id. */
  redo(redoOpId: OpId): OpId | undefined {
    const last = this.undone.pop();
    if (last) this.done.push(redoOpId);
    return last?.undo;
  }

  /** The server refused it: it never happened. */
  refused(opId: OpId): void {
    const index = this.done.lastIndexOf(opId);
    if (index >= 0) this.done.splice(index, 1);
    const undo = this.undone.findIndex((entry) => entry.undo === opId);
    if (undo >= 0) this.undone.splice(undo, 1);
  }
}
