import { asOpId } from '@state-server/domain';
import { UndoHistory } from './undo-history';

const id = asOpId;

describe('the undo history', () => {
  it('takes back the newest first and does it again in reverse (U2, SDK-7)', () => {
    const history = new UndoHistory();
    history.edited(id('one'));
    history.edited(id('two'));
    expect(history.undo(id('undo-two'))).toBe('two');
    expect(history.undo(id('undo-one'))).toBe('one');
    expect(history.undo(id('nothing'))).toBeUndefined();
    expect(history.redo(id('redo-one'))).toBe('undo-one');
    expect(history.redo(id('redo-two'))).toBe('undo-two');
    expect(history.canRedo).toBe(false);
  });

  it('can take a redo back again, under the id of the redo', () => {
    const history = new UndoHistory();
    history.edited(id('edit'));
    history.undo(id('undo'));
    history.redo(id('redo'));
    expect(history.undo(id('undo again'))).toBe('redo');
  });

  it('forgets what could be done again once something new is done', () => {
    const history = new UndoHistory();
    history.edited(id('old'));
    history.undo(id('undo'));
    history.edited(id('new'));
    expect(history.canRedo).toBe(false);
  });

  it('forgets an edit or an undo that the server refused', () => {
    const history = new UndoHistory();
    history.edited(id('fine'));
    history.edited(id('refused'));
    history.refused(id('refused'));
    expect(history.undo(id('undo'))).toBe('fine');
    history.refused(id('undo'));
    expect(history.canRedo).toBe(false);
  });
});
