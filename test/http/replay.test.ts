import {
  AlteredValue,
  custodiesAsOf,
  Replay,
  withConsent,
  type ChangedAccess,
  type DeliveredBlock,
  type ReplayOptions,
} from '@consent-ledger/audit';
import { compileConsent } from '@consent-ledger/chaincode/domain';
import { canonicalBytes, digestOf } from '@consent-ledger/chaincode/wire';
import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { deliveredHistory } from '../support/history.js';
import {
  ask,
  fileConsent,
  putRecord,
  registerSubject,
  treatmentConsent,
  withdraw,
} from './support/people.js';
import { PATIENCE_MS, sharedMembers, type Members } from './support/shared.js';

type Value = Record<string, unknown>;
/** Gives what is to stand in the place of a value, or undefined for what stays. */
type Forgery = (key: string, value: Value) => Value | undefined;

/** What custodian and oversight together could have put on the ledger: the hashes are those of the forged values. */
function forged(blocks: readonly DeliveredBlock[], forge: Forgery): DeliveredBlock[] {
  return blocks.map((block) => ({
    ...block,
    transactions: block.transactions.map((transaction) => {
      const writes = [...transaction.writes];
      const values = transaction.values.map((found) => {
        const instead =
          found.namespace === 'consent-ledger'
            ? forge(found.key, JSON.parse(found.value.toString('utf8')) as Value)
            : undefined;
        if (instead === undefined) return found;
        const value = canonicalBytes(instead);
        const keyHash = createHash('sha256').update(found.key).digest().toString('latin1');
        const place = writes.findIndex(
          (write) => write.collection === found.collection && write.key === keyHash,
        );
        const write = writes[place];
        if (write !== undefined)
          writes[place] = { ...write, value: createHash('sha256').update(value).digest() };
        return { ...found, value };
      });
      return { ...transaction, writes, values };
    }),
  }));
}

async function replayed(
  blocks: readonly DeliveredBlock[],
  options: Partial<ReplayOptions> = {},
): Promise<Replay> {
  const replay = new Replay({ chaincode: 'consent-ledger', ...options });
  for (const block of blocks) await replay.block(block);
  return replay;
}

async function rulesBroken(blocks: readonly DeliveredBlock[]): Promise<string[]> {
  return (await replayed(blocks)).report().findings.map(({ rule }) => rule);
}

describe('an auditor decides the whole history again', function () {
  this.timeout(PATIENCE_MS);
  let members: Members;
  let blocks: readonly DeliveredBlock[];
  let subject: string;
  let record: string;
  let consent: string;
  let withdrawnIn: number;

  before(async () => {
    members = await sharedMembers();
    const { riverside, lakeside, sentinel } = members;
    subject = await registerSubject(riverside);
    record = (await putRecord(riverside, { subject, content: Buffer.from('a result') })).id;
    expect((await ask(lakeside, riverside, [record])).status).to.equal(403);
    const filed = await fileConsent(riverside, treatmentConsent({ subject, recipient: lakeside.reference }));
    consent = String(filed.json['consent']);
    expect((await ask(lakeside, riverside, [record])).status).to.equal(200);
    const withdrawn = await withdraw(riverside, consent);
    withdrawnIn = (withdrawn.json['block'] as number | undefined) ?? 0;
    expect((await ask(lakeside, riverside, [record])).status).to.equal(403);
    blocks = await deliveredHistory(sentinel);
  });

  const isMine: Forgery = (_key, value) => (JSON.stringify(value).includes(record) ? value : undefined);

  it('finds every decision as it was logged, every request authentic, every delivery permitted', async () => {
    const all = (await replayed(blocks)).report();
    expect(all.findings).to.deep.equal([]);
    expect(all).to.deep.include({ sound: true, blocks: blocks.length });
    const mine = await replayed(blocks, {
      selects: ({ detail }) => detail?.records.some(({ subjects }) => subjects.includes(subject)) ?? false,
    });
    expect(mine.report()).to.deep.include({
      events: 3,
      permitted: 1,
      denied: 2,
      deliveries: 1,
      permitsWithoutDelivery: 0,
      sound: true,
    });
  });

  it('finds a decision that was logged otherwise than the consents say', async () => {
    const broken = forged(blocks, (key, value) => {
      if (!key.startsWith('event/') || isMine(key, value) === undefined) return undefined;
      const [first] = value['records'] as Value[];
      if (first?.['outcome'] !== 'deny') return undefined;
      return { ...value, records: [{ ...first, outcome: 'permit', code: 'permitted', version: 1 }] };
    });
    expect(await rulesBroken(broken)).to.deep.equal(['decision-differs', 'decision-differs']);
  });

  it('finds a reason that was changed together with its digest', async () => {
    const digests = new Map<string, string>();
    const changeDetails = forged(blocks, (key, value) => {
      if (!key.startsWith('details/') || isMine(key, value) === undefined) return undefined;
      const details = (value['details'] as Value[]).map((detail) => {
        const records = (detail['records'] as Value[]).map((one) => ({ ...one, reason: 'not-known' }));
        const changed = { ...detail, records };
        digests.set(String(detail['event']), digestOf(changed));
        return changed;
      });
      return { ...value, details };
    });
    expect(new Set(await rulesBroken(changeDetails))).to.deep.equal(new Set(['event-inconsistent']));
    const both = forged(changeDetails, (key, value) => {
      const details = digests.get(key);
      return details === undefined ? undefined : { ...value, details };
    });
    expect(await rulesBroken(both)).to.deep.equal([
      'decision-differs',
      'decision-differs',
      'decision-differs',
    ]);
  });

  it('finds a request that nobody signed', async () => {
    const requests = new Map<string, string>();
    const digests = new Map<string, string>();
    const details = forged(blocks, (key, value) => {
      if (!key.startsWith('details/') || isMine(key, value) === undefined) return undefined;
      const changed = (value['details'] as Value[]).map((detail) => {
        const request = String(detail['request']);
        const flipped = request.slice(0, -4) + (request.endsWith('AAAA') ? 'BBBB' : 'AAAA');
        const instead = { ...detail, request: flipped };
        requests.set(String(detail['event']), createHash('sha256').update(flipped).digest('base64url'));
        digests.set(String(detail['event']), digestOf(instead));
        return instead;
      });
      return { ...value, details: changed };
    });
    const broken = forged(details, (key, value) =>
      requests.has(key) ? { ...value, request: requests.get(key), details: digests.get(key) } : undefined,
    );
    expect(new Set(await rulesBroken(broken))).to.deep.equal(new Set(['request-not-authentic']));
  });

  it('finds a delivery whose event is gone', async () => {
    const broken = blocks.map((block) => ({
      ...block,
      transactions: block.transactions.map((transaction) => ({
        ...transaction,
        values: transaction.values.filter(
          ({ key, value }) => !(key.startsWith('event/') && value.toString('utf8').includes(record)),
        ),
      })),
    }));
    expect(await rulesBroken(broken)).to.include('delivered-without-event');
  });

  it('finds a value that the peer altered, and says in which block', async () => {
    const broken = blocks.map((block) => ({
      ...block,
      transactions: block.transactions.map((transaction) => ({
        ...transaction,
        values: transaction.values.map((one) =>
          one.key.startsWith('event/') && one.value.toString('utf8').includes(record)
            ? { ...one, value: Buffer.concat([one.value, Buffer.from(' ')]) }
            : one,
        ),
      })),
    }));
    const error = await replayed(broken).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(AlteredValue);
    expect((error as AlteredValue).block).to.be.greaterThan(0);
  });

  it('says of what was not delivered that it cannot be decided again, and calls nobody a liar for it', async () => {
    const gap = blocks.map((block) => ({
      ...block,
      transactions: block.transactions.map((transaction) => ({
        ...transaction,
        values: transaction.values.filter(
          ({ key, value }) => !(key.startsWith('descriptor/') && value.toString('utf8').includes(record)),
        ),
      })),
    }));
    const report = (await replayed(gap)).report();
    expect(new Set(report.findings.map(({ rule }) => rule))).to.deep.equal(new Set(['not-re-decidable']));
    expect(report.sound).to.equal(true);
  });

  it('shows what was on file at any block', async () => {
    const onFile = async (end: number): Promise<string[]> => {
      const { world } = await replayed(blocks.slice(0, end));
      return (await custodiesAsOf(world))
        .flatMap(({ consents }) => consents)
        .filter((one) => one.consent === consent)
        .map(({ withdrawnAt }) => (withdrawnAt === undefined ? 'in force' : 'withdrawn'));
    };
    expect(await onFile(blocks.length)).to.deep.equal(['withdrawn']);
    expect(withdrawnIn).to.be.greaterThan(0);
    expect(await onFile(withdrawnIn)).to.deep.equal(['in force']);
  });

  it('tells which accesses another consent would have changed', async () => {
    const compiled = compileConsent({
      ...treatmentConsent({ subject, recipient: members.lakeside.reference }),
      id: 'what-if',
    });
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
    const changed: ChangedAccess[] = [];
    await replayed(blocks, {
      onEvent: async (event) => {
        changed.push(...(await withConsent(event, compiled.policy)));
      },
    });
    expect(changed.map(({ logged, wouldBe }) => [logged.outcome, wouldBe.outcome])).to.deep.equal([
      ['deny', 'permit'],
      ['deny', 'permit'],
    ]);
  });
});
