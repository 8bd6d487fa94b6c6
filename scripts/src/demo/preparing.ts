import { fileConsent, putRecord, registerSubject, withdrawConsent } from './calls.js';
import { treatmentConsent } from './consent.js';
import { readExample } from './examples.js';
import { must } from './narration.js';
import { memberReference } from '../consortium/summary.js';
import type { KeptRecord, Patient, Play } from './play.js';

const DAY_MS = 86_400_000;

/**
 * Registers a patient and keeps their records, as HL7 published them.
 * @param sensitive the one that carries its own security label; of the others the clerk states that they are normal
 */
export async function recordsComeIn(
  { cast: { custodian }, run, narrate }: Play,
  who: string,
  references: readonly string[],
  sensitive?: string,
): Promise<Patient> {
  const { displayName } = custodian.organisation;
  return narrate(
    `${who}'s records come in at ${displayName}`,
    'Each is encrypted on its way to disk, and its digest, codes and labels are put on the ledger under a pseudonym.',
    async () => {
      const { subject } = await registerSubject(custodian.as['consent-clerk']);
      const records = new Map<string, KeptRecord>();
      const lines: string[] = [];
      let last;
      for (const reference of references) {
        const example = await readExample(reference);
        const id = `${reference.replace('/', '-').toLowerCase()}.${run}`;
        const labels = reference === sensitive ? undefined : ['N'];
        last = await putRecord(custodian.as['records-clerk'], id, subject, example, labels);
        records.set(reference, { id, example });
        lines.push(
          `${reference} "${example.about}", ${example.bytes.length} bytes as published; ` +
            (labels
              ? 'the clerk states: normal (N)'
              : `its own label: ${last.facts.labels?.join(', ') ?? 'none'}`),
        );
      }
      return {
        result: { subject, records },
        asked: `records clerk: PUT /v1/records/{id}, ${references.length} FHIR resources about one patient`,
        came: `201, kept and registered; the patient is ${subject}`,
        transaction: last?.transaction,
        block: last?.block,
        lines,
      };
    },
  );
}

/** The patient lets one member have what is labelled normal, for treatment, for a year. Gives the consent's id. */
export async function consentGiven(
  { cast: { custodian }, run, narrate }: Play,
  who: string,
  patient: Patient,
  recipient: { readonly name: string; readonly displayName: string },
): Promise<string> {
  const own = recipient.name === custodian.organisation.name;
  const id = `consent-${who.toLowerCase()}.${run}`;
  return narrate(
    `${who} consents: ${recipient.displayName}${own ? ' alone' : ''}, for treatment`,
    'A FHIR R4 Consent after the IHE PCF profile, witnessed by a clerk. Endorsers at two organisations compile it themselves.',
    async () => {
      const now = Date.now();
      const resource = treatmentConsent({
        id,
        subject: patient.subject,
        custodian: memberReference(custodian.organisation),
        recipient: memberReference(recipient),
        actions: own ? ['access'] : ['access', 'disclose'],
        from: new Date(now - DAY_MS).toISOString().slice(0, 10),
        until: new Date(now + 365 * DAY_MS).toISOString().slice(0, 10),
      });
      const filed = await fileConsent(custodian.as['consent-clerk'], resource);
      must(filed.consent === id, `consent ${id}`, `${filed.consent} was filed`);
      return {
        result: id,
        asked: 'consent clerk: POST /v1/consents, permit TREAT up to label N, for one year',
        came: '201, filed',
        transaction: filed.transaction,
        block: filed.block,
      };
    },
  );
}

export async function consentWithdrawn(
  { cast: { custodian }, narrate }: Play,
  who: string,
  id: string,
): Promise<void> {
  await narrate(
    `${who} withdraws the consent`,
    'From this block on no decision can rest on it: a decision that was under way is invalidated by the ledger itself.',
    async () => {
      const { transaction, block } = await withdrawConsent(custodian.as['consent-clerk'], id);
      return {
        result: undefined,
        asked: `consent clerk: POST /v1/consents/{id}/withdrawal`,
        came: '200, withdrawn',
        transaction,
        block,
      };
    },
  );
}
