import { blockOf } from '../projection/position.js';
import { listOf, type AccessRow } from '../questions/access-rows.js';
import type { NamedMember } from '../questions/disclosures.js';
import { instant } from '../questions/question.js';

/** A FHIR R4 AuditEvent. */
export type AuditEvent = Readonly<Record<string, unknown>> & { readonly id: string };

const BALP = 'https://profiles.ihe.net/ITI/BALP';
const TERMINOLOGY = 'http://terminology.hl7.org/CodeSystem';
const DICOM = 'http://dicom.nema.org/resources/ontology/DCM';

/**
 * What was decided on one record, for each person whom it is about: a disclosure (IHE BALP, PrivacyDisclosure.Source) where it was permitted,
 * an authorization decision (AuthZconsent) where it was denied. A profile is named where the event has all that it asks for; that a consent was
 * decided by is among it.
 */
export function auditEventsOf(row: AccessRow, members: ReadonlyMap<string, NamedMember>): AuditEvent[] {
  const subjects = listOf(row.subjects) ?? [];
  const about = subjects.length === 0 ? [undefined] : subjects;
  return about.map((subject, index) => {
    const id = `${row.position}-${row.place}-${index}`;
    return row.outcome === 'permit'
      ? disclosure(row, id, subject, members)
      : decision(row, id, subject, members);
  });
}

/** Position and place of the access that an id is of. */
export function accessOfId(id: string): readonly [number, number] | undefined {
  const [, position, place] = /^(\d{1,16})-(\d{1,3})-\d{1,3}$/.exec(id) ?? [];
  return position === undefined || place === undefined ? undefined : [Number(position), Number(place)];
}

function disclosure(
  row: AccessRow,
  id: string,
  subject: string | undefined,
  members: ReadonlyMap<string, NamedMember>,
): AuditEvent {
  const custodian = organization(row.custodian, members);
  return {
    ...common(row, id, subject === undefined ? undefined : 'IHE.BasicAudit.PrivacyDisclosure.Source'),
    type: { system: DICOM, code: '110106', display: 'Export' },
    subtype: [
      {
        system: `${TERMINOLOGY}/iso-21089-lifecycle`,
        code: 'disclose',
        display: 'Disclose Record Lifecycle Event',
      },
    ],
    action: 'R',
    agent: [
      {
        type: concept(DICOM, '110153', 'Source Role ID'),
        who: custodian,
        requestor: false,
        network: networkOf(row.custodian, members),
      },
      {
        type: concept(DICOM, '110152', 'Destination Role ID'),
        who: organization(row.requester, members),
        requestor: false,
        network: networkOf(row.requester, members),
      },
      user(row),
    ],
    source: source(custodian),
    entity: [
      ...patient(subject),
      {
        what: recordReference(row),
        type: { system: `${TERMINOLOGY}/audit-entity-type`, code: '2', display: 'System Object' },
        role: { system: `${TERMINOLOGY}/object-role`, code: '3', display: 'Report' },
        ...(row.delivered_at !== null && {
          detail: [{ type: 'received', valueString: instant(row.delivered_at) }],
        }),
      },
      ...consents(row),
    ],
  };
}

function decision(
  row: AccessRow,
  id: string,
  subject: string | undefined,
  members: ReadonlyMap<string, NamedMember>,
): AuditEvent {
  const custodian = organization(row.custodian, members);
  const spoke = consents(row);
  const isWhole = subject !== undefined && spoke.length > 0;
  return {
    ...common(row, id, isWhole ? 'IHE.BasicAudit.AuthZconsent' : undefined),
    type: { system: DICOM, code: '110113', display: 'Security Alert' },
    subtype: [
      {
        system: `${BALP}/CodeSystem/AuthZsubType`,
        code: 'AuthZ-Consent',
        display: 'Authorization Decision using Roles and Consent',
      },
    ],
    action: 'E',
    outcomeDesc: [row.reason ?? row.code, row.exception].filter(Boolean).join('; '),
    agent: [
      {
        type: concept(DICOM, '110150', 'Application'),
        who: { display: `gateway of ${row.requester}` },
        requestor: false,
        network: networkOf(row.requester, members),
      },
      { ...user(row), requestor: true },
      {
        type: concept(`${TERMINOLOGY}/v3-RoleClass`, 'PROV', 'healthcare provider'),
        who: organization(row.requester, members),
        requestor: false,
      },
      {
        type: concept(`${TERMINOLOGY}/extra-security-role-type`, 'authserver', 'authorization server'),
        who: custodian,
        requestor: false,
      },
    ],
    source: source(custodian),
    // The profile has no place for the record but with the person whom it is about.
    entity: [
      ...patient(subject).map((one) => ({
        ...one,
        detail: [{ type: 'record', valueString: row.record }],
      })),
      ...(subject === undefined ? [{ what: recordReference(row) }] : []),
      ...spoke,
    ],
  };
}

function common(row: AccessRow, id: string, profile: string | undefined) {
  return {
    resourceType: 'AuditEvent',
    id,
    ...(profile !== undefined && { meta: { profile: [`${BALP}/StructureDefinition/${profile}`] } }),
    extension: [
      { url: 'urn:consent-ledger:fhir:block', valueInteger: blockOf(row.position) },
      { url: 'urn:consent-ledger:fhir:transaction', valueString: row.transaction_id },
      { url: 'urn:consent-ledger:fhir:event', valueString: row.event },
    ],
    recorded: instant(row.at),
    outcome: row.outcome === 'permit' ? '0' : '8',
    purposeOfEvent: (listOf(row.purposes) ?? []).map(purpose),
  };
}

/** A purpose of another system is `system|code`. */
function purpose(code: string): object {
  const bar = code.indexOf('|');
  return bar < 0
    ? concept(`${TERMINOLOGY}/v3-ActReason`, code)
    : concept(code.slice(0, bar), code.slice(bar + 1));
}

function user(row: AccessRow): object {
  const roles = listOf(row.roles) ?? [];
  return {
    type: concept(`${TERMINOLOGY}/v3-ParticipationType`, 'IRCP', 'information recipient'),
    who:
      row.user_id === null
        ? { display: 'not known any more' }
        : { identifier: { system: `urn:consent-ledger:user:${row.requester}`, value: row.user_id } },
    requestor: true,
    ...(roles.length > 0 && { role: roles.map((code) => ({ coding: [{ code }] })) }),
  };
}

function patient(subject: string | undefined): object[] {
  if (subject === undefined) return [];
  return [
    {
      what: { reference: `Patient/${subject}` },
      type: { system: `${TERMINOLOGY}/audit-entity-type`, code: '1', display: 'Person' },
      role: { system: `${TERMINOLOGY}/object-role`, code: '1', display: 'Patient' },
    },
  ];
}

function recordReference({ record }: AccessRow): object {
  return { identifier: { system: 'urn:consent-ledger:record', value: record } };
}

function consents(row: AccessRow): object[] {
  if (row.basis === null) return [];
  const entries = JSON.parse(row.basis) as { consent: string; version: number; outcome: string }[];
  return entries
    .filter(({ outcome }) => outcome !== 'nothing')
    .map(({ consent, version }) => ({
      what: { reference: `Consent/${consent}/_history/${version}` },
      type: { system: 'http://hl7.org/fhir/resource-types', code: 'Consent', display: 'Consent' },
    }));
}

function source(observer: object): object {
  return {
    observer,
    type: [{ system: `${TERMINOLOGY}/security-source-type`, code: '4', display: 'Application Server' }],
  };
}

function organization(mspId: string, members: ReadonlyMap<string, NamedMember>): object {
  const member = members.get(mspId);
  return member === undefined
    ? { display: mspId }
    : { reference: `Organization/${member.name}`, display: member.displayName };
}

function networkOf(mspId: string, members: ReadonlyMap<string, NamedMember>): object {
  return { address: members.get(mspId)?.gateway ?? mspId, type: '5' };
}

function concept(system: string, code: string, display?: string): object {
  return { coding: [{ system, code, ...(display !== undefined && { display }) }] };
}
