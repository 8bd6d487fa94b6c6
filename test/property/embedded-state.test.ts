import {
  CHAINCODE,
  CUSTODY,
  PATIENCE,
  RIVERSIDE,
  SENTINEL,
  withLedger,
} from '../unit/embedded/support/consortium.js';
import { commitTogether, transaction } from '../unit/embedded/support/sending.js';
import { openLedger } from '@consent-ledger/network/internal/embedded/open-ledger';
import type { Snapshot } from '@consent-ledger/network/internal/embedded/ports';
import { expect } from 'chai';
import fc from 'fast-check';

const MEMBERS = [RIVERSIDE, SENTINEL];
const KEYS = ['a', 'ab', 'b', 'b\u0000c', 'é', '\uFFFD', '😀'] as const;

type Model = ReadonlyMap<string, string>;

interface Step {
  readonly publicWrites: readonly (readonly [string, string | null])[];
  readonly privateWrites: readonly (readonly [string, string | null])[];
  readonly hold: boolean;
}

const writes = fc.uniqueArray(fc.tuple(fc.constantFrom(...KEYS), fc.option(fc.string({ minLength: 1 }))), {
  selector: ([key]) => key,
  maxLength: 4,
});
const step: fc.Arbitrary<Step> = fc.record({
  publicWrites: writes,
  privateWrites: writes,
  hold: fc.boolean(),
});

function applied(model: Model, changes: Step['publicWrites']): Model {
  const next = new Map(model);
  for (const [key, value] of changes) {
    if (value === null) next.delete(key);
    else next.set(key, value);
  }
  return next;
}

function sorted(model: Model): [string, string][] {
  return [...model].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** Everything that can be read from a snapshot, against the model of its height. */
function compare(snapshot: Snapshot, publicModel: Model, privateModel: Model): void {
  const range = (start: string, end: string): [string, string][] =>
    Array.from(snapshot.range(CHAINCODE, start, end), ({ key, value }) => [key, value.toString()]);
  expect(range('', '')).to.deep.equal(sorted(publicModel));
  const within = sorted(publicModel).filter(
    ([key]) =>
      Buffer.compare(Buffer.from(key), Buffer.from('ab')) >= 0 &&
      Buffer.compare(Buffer.from(key), Buffer.from('😀')) < 0,
  );
  expect(range('ab', '😀')).to.deep.equal(within);
  for (const key of KEYS) {
    expect(snapshot.getState(CHAINCODE, key)?.value.toString()).to.equal(publicModel.get(key));
    expect(snapshot.getPrivate(SENTINEL, CHAINCODE, CUSTODY, key)?.value.toString()).to.equal(
      privateModel.get(key),
    );
  }
  const held = Array.from(
    snapshot.privateRange(RIVERSIDE, CHAINCODE, CUSTODY, '', ''),
    ({ key, value }): [string, string] => [key, value.toString()],
  );
  expect(held).to.deep.equal(sorted(privateModel));
}

describe('the state of the embedded ledger', function () {
  this.timeout(PATIENCE);

  it('is what the valid writes so far make it, stays frozen in snapshots, and comes back as it was', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
        await withLedger(async (ledger, consortium, folder) => {
          let [publicModel, privateModel]: [Model, Model] = [new Map(), new Map()];
          const held: { snapshot: Snapshot; models: [Model, Model] }[] = [];
          for (const { publicWrites, privateWrites, hold } of steps) {
            if (hold) held.push({ snapshot: ledger.openSnapshot(), models: [publicModel, privateModel] });
            const codes = await commitTogether(ledger, [
              transaction(ledger, consortium, { content: { writes: Object.fromEntries(publicWrites) } }),
              transaction(ledger, consortium, {
                content: { collections: { [CUSTODY]: { writes: Object.fromEntries(privateWrites) } } },
                stagedAt: MEMBERS,
              }),
              transaction(ledger, consortium, { content: { writes: { a: 'invalid' } }, by: [RIVERSIDE] }),
            ]);
            expect(codes).to.deep.equal([0, 0, 10]);
            publicModel = applied(publicModel, publicWrites);
            privateModel = applied(privateModel, privateWrites);
            const now = ledger.openSnapshot();
            compare(now, publicModel, privateModel);
            now.release();
            for (const { snapshot, models } of held) compare(snapshot, ...models);
          }
          for (const { snapshot } of held) snapshot.release();
          await ledger.close();
          const again = await openLedger(consortium.options(folder));
          const after = again.openSnapshot();
          compare(after, publicModel, privateModel);
          after.release();
          await again.close();
        });
      }),
      { numRuns: 15 },
    );
  });
});
