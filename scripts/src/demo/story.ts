import { refused, released, type Question } from './asking.js';
import { logLines, readLog } from './audit.js';
import { memberReference } from '../consortium/summary.js';
import type { Play } from './play.js';
import { consentGiven, consentWithdrawn, recordsComeIn } from './preparing.js';

/** Published examples about two patients. `Condition/f202` carries HL7's own sensitivity label, TBOO (taboo). */
const ROEL = ['Observation/f202', 'DiagnosticReport/f201', 'Procedure/f201', 'Condition/f202'];
const SENSITIVE = 'Condition/f202';
const PIETER = ['Observation/f001'];

/** From the first record to the auditor's list. Throws a StepFailure at the first step that comes out otherwise. */
export async function playStory(play: Play): Promise<void> {
  const { custodian, requester, sponsor } = play.cast;
  const otherHospital = asker(requester, 'practitioner');
  const [home, away] = [custodian.organisation.displayName, requester.organisation.displayName];

  const roel = await recordsComeIn(play, 'Roel', ROEL, SENSITIVE);
  const pieter = await recordsComeIn(play, 'Pieter', PIETER);
  const temperature = { patient: roel, reference: 'Observation/f202', by: otherHospital, purpose: 'TREAT' };

  await refused(play, {
    ...temperature,
    title: `${away} asks, and is refused`,
    why: `No consent is on file, and ${home} lets nothing out without one.`,
    reason: 'no-consent',
  });
  const consent = await consentGiven(play, 'Roel', roel, requester.organisation);
  await released(play, {
    ...temperature,
    title: `${away} asks again, and has the record`,
    why: 'The consent permits it. The key was sent only after the decision stood in a block, on both peers.',
    reason: 'permitted-by-consent',
  });
  await refused(play, {
    ...temperature,
    reference: SENSITIVE,
    title: 'A record labelled beyond the consent is withheld',
    why: 'The consent goes up to normal confidentiality; this record carries a sensitivity label.',
    reason: 'not-covered-by-consent',
  });
  await refused(play, {
    ...temperature,
    by: asker(sponsor, 'researcher'),
    purpose: 'HRESCH',
    title: `${sponsor.organisation.displayName} asks for research, and is refused`,
    why: 'Consent to treatment is no consent to research.',
    reason: 'no-consent',
  });

  await consentGiven(play, 'Pieter', pieter, custodian.organisation);
  const glucose = { patient: pieter, reference: 'Observation/f001', purpose: 'TREAT' };
  await refused(play, {
    ...glucose,
    by: otherHospital,
    title: `${away} asks for Pieter's record, and is refused`,
    why: `Pieter consented to ${home} alone. ${away} is told no more than without any consent.`,
    reason: 'not-covered-by-consent',
  });
  await released(play, {
    ...glucose,
    by: asker(custodian, 'practitioner'),
    title: `${home}'s own practitioner reads it`,
    why: 'The own staff goes through the same decision and the same log.',
    reason: 'permitted-by-consent',
  });

  await consentWithdrawn(play, 'Roel', consent);
  await refused(play, {
    ...temperature,
    title: `${away} asks once more, and is refused`,
    why: 'The same request as the one that was permitted; the consent is withdrawn.',
    reason: 'consent-withdrawn',
  });
  await audited(play, [roel.subject, pieter.subject]);
}

function asker<User extends string>(
  {
    organisation,
    as,
  }: { organisation: Question['by']['organisation']; as: Readonly<Record<User, Question['by']['client']>> },
  user: User,
): Question['by'] {
  return { organisation, user, client: as[user] };
}

async function audited({ cast, narrate, decisions }: Play, subjects: readonly string[]): Promise<void> {
  const { custodian, auditor } = cast;
  await narrate(
    `${auditor.organisation.displayName} reads the log on its own peer`,
    'Every decision is there with what it rested on, permits and refusals alike, and nothing else.',
    async () => {
      const events = await readLog(
        auditor.as.auditor,
        memberReference(custodian.organisation),
        subjects,
        decisions,
      );
      return {
        result: undefined,
        asked: `auditor: GET /v1/access-events of ${custodian.organisation.displayName} about both patients`,
        came: `200, ${events.length} decisions, just those that were asked above`,
        lines: logLines(events),
      };
    },
  );
}
