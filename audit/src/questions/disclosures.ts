import { purposesCover } from '@consent-ledger/chaincode/domain';
import { z } from '@consent-ledger/chaincode/wire';
import type { Kysely } from 'kysely';
import type { Tables } from '../projection/tables.js';
import { accessRows, cursorOf, listOf, type AccessRow } from './access-rows.js';
import { custodian, member, readCursor, since, subject, until } from './parameters.js';
import { instant, pageOf, question, type AnswerRow } from './question.js';

const YEARS = 6;

/**
 * 45 CFR 164.528(b)(2): for each disclosure its date, who received it and, where known, their address, a brief description of
 * what was disclosed, and its purpose. Every permit counts, since the key may have left whether a receipt came or not. Those for
 * treatment, payment and operations need not be accounted for (164.528(a)(1)(i)); here they are unless `required` says otherwise.
 */
export const disclosures = question({
  name: 'disclosures',
  summary: 'Accounting of disclosures of six years (45 CFR 164.528): date, recipient, description, purpose.',
  parameters: z.strictObject({
    subject,
    custodian,
    member,
    since,
    until,
    required: z
      .enum(['true', 'false'])
      .optional()
      .describe('leave out treatment, payment and operations, which need not be accounted for'),
  }),
  columns: [
    'date',
    'subject',
    'recipient',
    'address',
    'user',
    'description',
    'purpose',
    'custodian',
    'received',
  ],
  ask: async ({ db, now, limit, cursor }, { required, since: from, ...filter }) => {
    const found = await accessRows(
      db,
      { ...filter, outcome: 'permit', since: from ?? yearsBefore(now) },
      readCursor(cursor),
      limit + 1,
    );
    const page = pageOf(found, limit, cursorOf, () => ({}));
    const shown = found.slice(0, limit).filter((row) => required !== 'true' || !isExempt(row));
    const [members, descriptors] = [await membersOf(db), await descriptorsOf(db, shown)];
    return {
      ...page,
      rows: shown.flatMap((row) => disclosuresOf(row, members, descriptors, filter.subject)),
    };
  },
});

export interface NamedMember {
  readonly name: string;
  readonly displayName: string;
  readonly gateway: string;
}

/** Each member as it stands. */
export async function membersOf(db: Kysely<Tables>): Promise<ReadonlyMap<string, NamedMember>> {
  const rows = await db.selectFrom('member').selectAll().orderBy('position').execute();
  return new Map(
    rows.map(({ msp_id, name, display_name: displayName, gateway }) => [
      msp_id,
      { name, displayName, gateway },
    ]),
  );
}

interface Described {
  readonly media_type: string;
  readonly facts: string;
}

/** What records were in the versions that were released; by record and version. */
async function descriptorsOf(
  db: Kysely<Tables>,
  rows: readonly AccessRow[],
): Promise<ReadonlyMap<string, Described>> {
  const records = [...new Set(rows.map(({ record }) => record))];
  if (records.length === 0) return new Map();
  const found = await db
    .selectFrom('descriptor')
    .select(['custodian', 'record', 'version', 'media_type', 'facts'])
    .where('record', 'in', records)
    .execute();
  return new Map(found.map((one) => [`${one.custodian} ${one.record} ${one.version}`, one]));
}

/** One for each person whom the record is about, or for the one who is asked about. */
function disclosuresOf(
  row: AccessRow,
  members: ReadonlyMap<string, NamedMember>,
  descriptors: ReadonlyMap<string, Described>,
  asked: string | undefined,
): AnswerRow[] {
  const recipient = members.get(row.requester);
  const subjects = asked === undefined ? (listOf(row.subjects) ?? [null]) : [asked];
  const described = descriptors.get(`${row.custodian} ${row.record} ${row.released ?? 0}`);
  return subjects.map((one) => ({
    date: instant(row.at),
    subject: one,
    recipient: recipient?.displayName ?? row.requester,
    address: recipient?.gateway ?? null,
    user: row.user_id,
    description: descriptionOf(row, described),
    purpose: purposeOf(row),
    custodian: members.get(row.custodian)?.displayName ?? row.custodian,
    received: row.delivered_at === null ? null : instant(row.delivered_at),
    record: row.record,
    event: row.event,
    transaction: row.transaction_id,
  }));
}

function descriptionOf({ record, released }: AccessRow, described: Described | undefined): string {
  const which = `record ${record}, version ${released ?? 1}`;
  if (described === undefined) return `${which} (its description was erased, or is not there yet)`;
  const { resourceType, codes = [] } = JSON.parse(described.facts) as {
    resourceType?: string;
    codes?: { system: string; code: string }[];
  };
  const coded = codes.map(({ system, code }) => `${shortSystem(system)} ${code}`).join(', ');
  return `${resourceType ?? described.media_type}${coded === '' ? '' : ` (${coded})`}; ${which}`;
}

function shortSystem(system: string): string {
  const names: Readonly<Record<string, string>> = {
    'http://loinc.org': 'LOINC',
    'http://snomed.info/sct': 'SNOMED CT',
    'http://hl7.org/fhir/sid/icd-10-cm': 'ICD-10-CM',
    'http://hl7.org/fhir/sid/icd-10': 'ICD-10',
    'http://www.nlm.nih.gov/research/umls/rxnorm': 'RxNorm',
  };
  return names[system] ?? system;
}

function purposeOf({ purposes, emergency, legal_basis: legalBasis }: AccessRow): string | null {
  const stated = listOf(purposes);
  if (stated === null) return null;
  const why = [
    ...stated,
    ...(emergency === null ? [] : ['emergency']),
    ...(legalBasis === null ? [] : [`required or permitted by law (${legalBasis})`]),
  ];
  return why.join(', ');
}

function isExempt({ purposes }: AccessRow): boolean {
  const stated = listOf(purposes);
  return stated?.every((purpose) => purposesCover(['TREAT', 'HPAYMT', 'HOPERAT'], purpose)) ?? false;
}

/** Where the accounting begins unless told otherwise: 45 CFR 164.528(a)(3). */
export function yearsBefore(now: number): number {
  const date = new Date(now);
  date.setUTCFullYear(date.getUTCFullYear() - YEARS);
  return date.getTime();
}
