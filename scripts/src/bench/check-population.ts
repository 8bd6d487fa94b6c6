import { createHash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { compileConsent, type CompiledPolicy } from '@consent-ledger/chaincode/domain';
import {
  canonicalBytes,
  CUSTODY_KEY,
  custody,
  custodyCollection,
  decodeBase64Url,
  privateKey,
  type DescriptorFacts,
  type PrivateKind,
} from '@consent-ledger/chaincode/wire';
import { PrivateFolder } from '@consent-ledger/gateway/internal/adapters/sqlite/folding';
import { foldValues, hex } from './fold-values.js';
import { pickerFor, type Pick } from './picker.js';

/** A subject with consents on file and one record. */
export interface CheckedPerson {
  readonly subject: string;
  readonly record: string;
  readonly facts: DescriptorFacts;
  readonly policies: readonly CompiledPolicy[];
}

const AT = '2026-01-01T00:00:00.000Z';
const SALT = Buffer.alloc(16, 1).toString('base64url');
const FOLDED_AT_ONCE = 2_000;

/**
 * Puts subjects with consents and records into the projection of a gateway that does not run, as it would have folded
 * them from blocks: by its own folding, under the custody's own keys. To file so many through the ledger would take hours.
 */
export function fillProjection(file: string, custodian: string, people: readonly CheckedPerson[]): void {
  const database = new DatabaseSync(file);
  const collection = custodyCollection(custodian);
  const pepper = pepperOf(database, collection);
  const folder = new PrivateFolder(database, [collection]);
  for (let from = 0; from < people.length; from += FOLDED_AT_ONCE) {
    const values = people
      .slice(from, from + FOLDED_AT_ONCE)
      .flatMap((person) => valuesOf(person))
      .map(({ kind, id, value }) => ({
        collection,
        key: privateKey(kind, pepper, id),
        value: canonicalBytes({ ...value, v: 1, salt: SALT }),
      }));
    foldValues(database, folder, values, { index: from, id: `bench-${from}` });
  }
  database.close();
}

function pepperOf(database: DatabaseSync, collection: string): Uint8Array {
  const row = database
    .prepare('SELECT value FROM private_value WHERE collection = ? AND key_hash = ?')
    .get(collection, hex(CUSTODY_KEY)) as { value: Uint8Array };
  const pepper = decodeBase64Url(custody.parse(JSON.parse(Buffer.from(row.value).toString('utf8'))).pepper);
  if (pepper === undefined) throw new Error('the custody has no pepper');
  return pepper;
}

function valuesOf({ subject, record, facts, policies }: CheckedPerson): {
  kind: PrivateKind;
  id: string;
  value: object;
}[] {
  return [
    {
      kind: 'policies',
      id: subject,
      value: {
        subject,
        consents: policies.map((policy) => ({
          consent: policy.id,
          version: 1,
          evidence: 'witnessed',
          policy,
        })),
      },
    },
    {
      kind: 'descriptor',
      id: record,
      value: {
        record,
        version: 1,
        subjects: [subject],
        digest: digest(record),
        ciphertext: { digest: digest(subject), bytes: 4_096 },
        mediaType: 'application/fhir+json',
        facts,
        status: 'active',
        registeredAt: AT,
      },
    },
  ];
}

/** So many people with five consents of three provisions each; no two runs differ. */
export function checkedPeople(count: number): readonly CheckedPerson[] {
  return Array.from({ length: count }, (_, index) => {
    const subject = digest(`subject ${index}`)
      .slice(0, 32)
      .replaceAll(/[^A-Za-z0-9]/g, '-');
    const pick = pickerFor(index);
    return {
      subject,
      record: `record-${index}`,
      facts: {
        reference: `Observation/${index}`,
        resourceType: 'Observation',
        classes: [],
        codes: [{ system: 'http://loinc.org', code: '718-7' }],
        labels: [pick(['N', 'N', 'R', 'L'])],
        authored: '2024-05-01T08:00:00Z',
        author: [`Practitioner/${pick(PRACTITIONERS)}`],
        refersTo: [],
        referredToBy: [],
      },
      policies: Array.from({ length: 5 }, (_none, nth) =>
        compiled(consentOf(subject, `${index}-${nth}`, pick)),
      ),
    };
  });
}

const V3 = 'http://terminology.hl7.org/CodeSystem';
export const MEMBERS = ['riverside', 'lakeside', 'novacure', 'sentinel'] as const;
export const PRACTITIONERS = Array.from({ length: 40 }, (_, index) => `p${index}`);
export const PURPOSES = ['TREAT', 'ETREAT', 'HPAYMT', 'HOPERAT', 'PUBHLTH'] as const;

/** One in ten denies; the others permit one member one purpose, less one practitioner, and more to another. */
function consentOf(subject: string, id: string, pick: Pick): object {
  const purpose = { system: `${V3}/v3-ActReason`, code: pick(PURPOSES) };
  const actor = (reference: string): object => ({
    role: { coding: [{ system: `${V3}/v3-ParticipationType`, code: 'IRCP' }] },
    reference: { reference },
  });
  const member = actor(`Organization/${pick(MEMBERS)}`);
  const label = (code: string): object => ({ system: `${V3}/v3-Confidentiality`, code });
  const denies = pick([true, ...Array<boolean>(9).fill(false)]);
  return {
    resourceType: 'Consent',
    id,
    status: 'active',
    scope: { coding: [{ system: `${V3}/consentscope`, code: 'patient-privacy' }] },
    category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
    patient: { reference: `Patient/${subject}` },
    provision: {
      type: denies ? 'deny' : 'permit',
      actor: [member],
      purpose: [purpose],
      securityLabel: [label(denies ? 'R' : 'N')],
      provision: [
        { type: denies ? 'permit' : 'deny', actor: [actor(`Practitioner/${pick(PRACTITIONERS)}`)] },
        {
          type: 'permit',
          actor: [actor(`Practitioner/${pick(PRACTITIONERS)}`)],
          securityLabel: [label('R')],
        },
      ],
    },
  };
}

function compiled(consent: object): CompiledPolicy {
  const result = compileConsent(consent);
  if (!result.ok)
    throw new Error(`a consent of the benchmark is refused: ${JSON.stringify(result.problems)}`);
  return result.policy;
}

function digest(content: string): string {
  return createHash('sha256').update(content).digest('base64url');
}
