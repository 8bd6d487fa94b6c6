import {
  everyPage,
  openProjection,
  questionNamed,
  type AnswerRow,
  type ProjectionStore,
} from '@consent-ledger/audit';
import { canonicalBytes, instantOf, sha256 } from '@consent-ledger/chaincode/wire';
import type { MadeTransaction } from '@consent-ledger/scripts';
import { expect } from 'chai';
import { join } from 'node:path';
import { followTo } from '../../support/audit/following.js';
import { EMERGENCY_USER, jtiOf, smallHistory } from '../../support/audit/small-history.js';
import { temporaryFolder } from '../../support/temporary.js';

const HOUR = 3_600_000;
const NOW = Date.parse('2026-11-24T12:00:00.000Z');

/** As if it had been let out out of the journals of both, and logged afterwards. */
function journalled({ writes, ...transaction }: MadeTransaction, at: number): MadeTransaction {
  return {
    ...transaction,
    writes: writes.map((write) => {
      if (!write.key.startsWith('event/') || write.value === undefined) return write;
      const event = JSON.parse(Buffer.from(write.value).toString('utf8')) as object;
      const journal = { at: instantOf(at), custodian: sha256('a'), requester: sha256('b') };
      return { ...write, value: canonicalBytes({ ...event, journal }) };
    }),
  };
}

describe('an access out of an emergency journal has the time when it was let out (45 CFR 164.528)', function () {
  this.timeout(120_000);
  const work = temporaryFolder();
  let store: ProjectionStore;
  let letOut: number;
  let logged: number;

  before(async () => {
    const { chain, made, blocks, at, ledger } = await smallHistory();
    [letOut, logged] = [at(8), at(8) + 2 * HOUR];
    const access = {
      user: EMERGENCY_USER,
      records: ['record-3'],
      purpose: 'BTG',
      roles: ['emergency-physician'],
      emergency: 'unconscious',
      jti: jtiOf(8),
    };
    const block = chain.block([journalled(await made.decisions(logged, 8, 0, [access]), letOut)]);
    store = await openProjection(join(work.path, 'projection.db'));
    await followTo(store, ledger, [...blocks, block]);
  });
  after(() => store.close());

  async function answers(name: string, given: Record<string, string>): Promise<AnswerRow[]> {
    const question = questionNamed(name);
    if (question === undefined) throw new RangeError(name);
    const rows: AnswerRow[] = [];
    const parameters = question.parameters.parse(given);
    for await (const page of everyPage(question, { db: store.db, now: NOW, limit: 10 }, parameters))
      rows.push(...page.rows);
    return rows.filter((row) => !('user' in row) || row['user'] === EMERGENCY_USER);
  }
  /** From when it was let out until it was logged. */
  const meanwhile = (): Record<string, string> => ({
    subject: 'subject-2',
    since: instantOf(letOut),
    until: instantOf(logged),
  });

  it('in the accounting of disclosures, which finds it by that time', async () => {
    const rows = await answers('disclosures', meanwhile());
    expect(rows.map(({ date }) => date)).to.deep.equal([instantOf(letOut)]);
    expect(await answers('disclosures', { ...meanwhile(), since: instantOf(letOut + 1) })).to.deep.equal([]);
  });

  it('among recipients and in the subject’s history, whose order stays that of the ledger', async () => {
    const [recipient] = await answers('recipients', meanwhile());
    expect(recipient).to.include({ first: instantOf(letOut), last: instantOf(letOut) });
    const history = await answers('subject', { subject: 'subject-2' });
    const access = history.at(-1);
    expect(access).to.include({ what: 'emergency-access', at: instantOf(letOut), block: 8 });
  });

  it('while the block keeps the time of its transaction', async () => {
    const row = await store.db.selectFrom('block').select('at').where('number', '=', 8).executeTakeFirst();
    expect(row?.at).to.equal(logged);
  });
});
