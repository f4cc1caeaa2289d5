import { describeBank } from './bank';
import { describeConflicts } from './conflicts';
import { describeDocuments } from './documents';
import { describeEndings } from './endings';
import { contractEnvironment, type OpenStore, type StoreFixture, type StoreTraits } from './fixture';
import { describeIntegrity } from './integrity';
import { describeLimits } from './limits';
import { describeModel } from './model';
import { describeOutcomes } from './outcomes';
import { describeProgress } from './progress';
import { describeRanges } from './ranges';
import { describeWalks } from './walks';

export { contractEnvironment, type OpenStore, type StoreFixture, type StoreTraits } from './fixture';

/** What every store promises (docs/spec/store.md); an adapter's spec only says how to open one. */
export function describeStoreContract(name: string, traits: StoreTraits, open: OpenStore): void {
  describe(`${name} keeps the store contract`, () => {
    let opened: StoreFixture | undefined;
    const fixture = (): StoreFixture => {
      if (!opened) throw new Error('the fixture is open only within a test');
      return opened;
    };
    beforeEach(async () => {
      opened = await open(contractEnvironment());
    });
    afterEach(async () => {
      await opened?.close();
      opened = undefined;
    });

    describe('documents', () => describeDocuments(fixture));
    describe('ranges', () => describeRanges(fixture));
    describe('any sequence', () => describeModel(fixture));
    describe('conflicts', () => describeConflicts(fixture, traits));
    describe('outcomes', () => describeOutcomes(fixture));
    describe('endings', () => describeEndings(fixture));
    describe('walks', () => describeWalks(fixture, traits));
    describe('progress', () => describeProgress(fixture, traits));
    describe('a bank', () => describeBank(fixture, traits));
    describe('limits', () => describeLimits(fixture, traits));
    describe('integrity', () => describeIntegrity(fixture));
  });
}
