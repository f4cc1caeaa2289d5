import { describeConflicts } from './conflicts';
import { describeDocuments } from './documents';
import { contractEnvironment, type OpenStore, type StoreFixture, type StoreTraits } from './fixture';
import { describeIntegrity } from './integrity';
import { describeLimits } from './limits';
import { describeModel } from './model';
import { describeOutcomes } from './outcomes';
import { describeRanges } from './ranges';

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
    describe('limits', () => describeLimits(fixture));
    describe('integrity', () => describeIntegrity(fixture));
  });
}
