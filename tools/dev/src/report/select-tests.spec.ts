import { selectTests } from './select-tests';

const SPECS = [
  { path: 'libs/domain/src/order.spec.ts', project: 'domain' },
  { path: 'libs/commit/src/undo.spec.ts', project: 'commit' },
  { path: 'libs/domain/src/undo.spec.ts', project: 'domain' },
];
const TESTABLE = ['commit', 'domain'];
const select = (pattern?: string): ReturnType<typeof selectTests> => selectTests(pattern, SPECS, TESTABLE);

describe('pattern of ./dev test', () => {
  it('is all projects when there is none', () => {
    expect(select()).toEqual({ projects: TESTABLE });
  });

  it('is a project of that name', () => {
    expect(select('commit')).toEqual({ projects: ['commit'] });
  });

  it('is files, when the path of any matches', () => {
    expect(select('undo')).toEqual({ projects: ['commit', 'domain'], testFile: 'undo' });
    expect(select('domain/src/order')).toEqual({ projects: ['domain'], testFile: 'domain/src/order' });
  });

  it('is the name of a test otherwise', () => {
    expect(select('(I6)')).toEqual({ projects: TESTABLE, testName: '(I6)' });
  });

  it('takes what is no regular expression as text', () => {
    expect(select('order.spec.ts(')).toEqual({ projects: TESTABLE, testName: 'order.spec.ts(' });
  });
});
