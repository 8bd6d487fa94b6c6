import { Replay, type DeliveredBlock } from '@consent-ledger/audit';
import { canonicalBytes } from '@consent-ledger/chaincode/wire';
import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { deliveredHistory } from '../support/history.js';
import { newAppKey, newPasskey } from '../support/signers.js';
import {
  callAsClerk,
  callAsPortal,
  registerKey,
  signedOn,
  statementFor,
  WITNESSED,
} from './support/evidence.js';
import { fileConsent, registerSubject, treatmentConsent, withdraw } from './support/people.js';
import { PATIENCE_MS, sharedMembers } from './support/shared.js';

type Value = Record<string, unknown>;

/** What custodian and oversight together could have put on the ledger: the hashes are those of the forged values. */
function forged(
  blocks: readonly DeliveredBlock[],
  forge: (key: string, value: Value) => Value | undefined,
): DeliveredBlock[] {
  return blocks.map((block) => ({
    ...block,
    transactions: block.transactions.map((transaction) => {
      const writes = [...transaction.writes];
      const values = transaction.values.map((found) => {
        const isOurs = found.namespace === 'consent-ledger';
        const instead = isOurs
          ? forge(found.key, JSON.parse(found.value.toString('utf8')) as Value)
          : undefined;
        if (instead === undefined) return found;
        const value = canonicalBytes(instead);
        const keyHash = createHash('sha256').update(found.key).digest().toString('latin1');
        const place = writes.findIndex(
          ({ collection, key }) => collection === found.collection && key === keyHash,
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

async function rulesBroken(blocks: readonly DeliveredBlock[]): Promise<string[]> {
  const replay = new Replay({ chaincode: 'consent-ledger' });
  for (const block of blocks) await replay.block(block);
  return replay.report().findings.map(({ rule }) => rule);
}

describe('an auditor verifies again who signed, whatever custodian and oversight endorsed', function () {
  this.timeout(PATIENCE_MS);
  let blocks: readonly DeliveredBlock[];
  let subject: string;
  let consents: string[];
  let key: string;
  let delegation: string;

  before(async () => {
    const { riverside, sentinel } = await sharedMembers();
    subject = await registerSubject(riverside);
    const [app, passkey] = [newAppKey('EdDSA'), newPasskey()];
    for (const signer of [app, passkey]) await registerKey(riverside, subject, signer);
    key = passkey.kid;
    consents = [];
    for (const signer of [app, passkey]) {
      const resource = treatmentConsent({ subject });
      delete resource['id'];
      const made = await statementFor(riverside, { statement: 'consent', resource });
      const filed = await callAsPortal(riverside, '/v1/consents', {
        resource,
        evidence: signedOn(made, signer),
      });
      expect(filed.status, filed.bytes.toString()).to.equal(201);
      consents.push(String(made.consent));
    }
    const witnessed = await fileConsent(riverside, treatmentConsent({ subject }));
    consents.push(String(witnessed.json['consent']));
    const [first = ''] = consents;
    const leaving = await statementFor(sentinel, { statement: 'withdrawal', consent: first }, riverside);
    await callAsPortal(sentinel, `/v1/consents/${first}/withdrawal?custodian=${riverside.reference}`, {
      evidence: signedOn(leaving, app),
    });
    await withdraw(riverside, String(consents[2]));
    const delegate = await registerSubject(riverside);
    const terms = {
      delegate,
      relationship: 'proxy',
      scope: { acts: ['file'], scopes: ['research'] },
      period: { start: '2026-01-01T00:00:00.000Z', end: '2099-01-01T00:00:00.000Z' },
    };
    const asked = await statementFor(riverside, { statement: 'delegation', subject, ...terms });
    delegation = String(asked.delegation);
    await callAsPortal(riverside, `/v1/subjects/${subject}/delegations`, {
      delegation,
      ...terms,
      evidence: signedOn(asked, passkey),
    });
    await callAsClerk(riverside, `/v1/subjects/${subject}/keys/${key}/loss`, { evidence: WITNESSED });
    blocks = await deliveredHistory(sentinel);
  });

  it('finds nothing wrong where nothing is', async () => {
    expect(await rulesBroken(blocks)).to.deep.equal([]);
  });

  const FORGERIES: readonly [string, (key: string, value: Value) => Value | undefined][] = [
    [
      'a consent that says more than what was signed',
      (name, value) =>
        name.startsWith('consent/') && value['consent'] === consents[1]
          ? { ...value, resource: { ...(value['resource'] as Value), dateTime: '2026-01-01' } }
          : undefined,
    ],
    [
      'a witnessed consent that claims a signature of another',
      (name, value) =>
        name.startsWith('consent/') && value['consent'] === consents[2]
          ? { ...value, evidence: evidenceOf(String(consents[1])) }
          : undefined,
    ],
    [
      'a signed consent that was only witnessed',
      (name, value) =>
        name.startsWith('consent/') && value['consent'] === consents[1]
          ? { ...value, evidence: evidenceOf(String(consents[2])) }
          : undefined,
    ],
    [
      'a withdrawal that its subject did not sign',
      (name, value) =>
        name.startsWith('withdrawn/') && value['consent'] === consents[0]
          ? { ...value, reason: 'invented' }
          : undefined,
    ],
    [
      'a key that whoever registered it did not have',
      (name, value) =>
        name.startsWith('key/') && value['key'] === key
          ? {
              ...value,
              passkey: {
                ...(value['passkey'] as Value),
                relyingParty: { id: 'evil.example', origins: ['https://evil.example'] },
              },
            }
          : undefined,
    ],
    [
      'a delegation that is wider than what was signed',
      (name, value) =>
        name.startsWith('delegation/') && value['delegation'] === delegation
          ? { ...value, scope: { acts: ['file', 'withdraw'], scopes: ['research'] } }
          : undefined,
    ],
  ];

  /** Of a consent, as the ledger has it. */
  function evidenceOf(consent: string): unknown {
    for (const { transactions } of blocks)
      for (const { values } of transactions)
        for (const found of values) {
          if (!found.key.startsWith('consent/')) continue;
          const value = JSON.parse(found.value.toString('utf8')) as Value;
          if (value['consent'] === consent) return value['evidence'];
        }
    throw new RangeError('no such consent');
  }

  for (const [what, forge] of FORGERIES) {
    it(`finds ${what}`, async () => {
      expect(await rulesBroken(forged(blocks, forge))).to.include('evidence-not-authentic');
    });
  }

  it('finds a withdrawal that one organisation alone took out of the list again', async () => {
    const undone = forged(blocks, (name, value) => {
      const list = name.startsWith('withdrawal/') ? (value['withdrawals'] as Value[]) : [];
      const isSecond = value['subject'] === subject && list.length === 2;
      return isSecond ? { ...value, withdrawals: list.slice(1) } : undefined;
    });
    expect(await rulesBroken(undone)).to.deep.equal(['withdrawal-undone']);
  });
});
