import type { MatchAnswer, MatchBody } from '@consent-ledger/chaincode/wire/http';
import {
  requireEnough,
  heldDemographics,
  replaceDemographics,
  type DemographicsOptions,
} from '../../usecases/matching/demographics.js';
import { matchPersonAt, type MatchOptions } from '../../usecases/matching/match-person.js';
import { Refusal } from '../../usecases/refusal.js';
import type { HandlersOf } from '../handlers.js';
import { knownToCustodian } from '../operations/records.js';
import { replyWith } from './consent-resource.js';
import { matchParametersOf } from './match-parameters.js';
import { requireJson, requireVersionOf } from './negotiate.js';

/** System of a reference to a person who was found: `person` of a search. */
const PERSON_SYSTEM = 'urn:consent-ledger:fhir:person';
const MATCH_GRADE = 'http://hl7.org/fhir/StructureDefinition/match-grade';

/** A member's users find somebody at another member, or in their own house. */
export function matchHandlers(options: MatchOptions): HandlersOf<'fhirMatch'> {
  return {
    fhirMatch: async ({ body, request, user, signal }) => {
      requireJson('r4', undefined, request.headers.accept);
      requireVersionOf('r4', request.headers['content-type']);
      const { patient, onlyCertainMatches, custodian, purpose, emergency } = matchParametersOf(body);
      requireEnough(patient, 'Patient');
      const asked = options.members.byReference(custodian);
      if (asked?.kind !== 'hospital') throw new Refusal('custodian-unknown');
      const by = {
        custodian: asked.mspId,
        purpose,
        emergency: emergency === undefined ? undefined : { reason: emergency },
      };
      const matching = matchPersonAt({ patient, onlyCertainMatches }, by, user, signal, options);
      const match = await matching.catch((error: unknown) => {
        throw knownToCustodian(error, purpose);
      });
      return replyWith('r4', bundleOf(match, custodian));
    },
  };
}

/** Other members' gateways. */
export function answerMatchHandlers(answers: {
  answer(body: MatchBody): Promise<MatchAnswer>;
}): HandlersOf<'answerMatch'> {
  return { answerMatch: async ({ body }) => ({ body: await answers.answer(body) }) };
}

export function demographicsHandlers(
  options: DemographicsOptions,
): HandlersOf<'putDemographics' | 'getDemographics'> {
  return {
    putDemographics: async ({ params, body }) => ({
      body: await replaceDemographics(params.id, body.patient, options),
    }),
    getDemographics: async ({ params }) => ({ body: await heldDemographics(params.id, options) }),
  };
}

/** One entry or none. Of the person it says nothing but how to refer to them: what is known of them stays with the custodian. */
function bundleOf(match: Awaited<ReturnType<typeof matchPersonAt>>, custodian: string): object {
  const bundle = { resourceType: 'Bundle', type: 'searchset', total: match === undefined ? 0 : 1 };
  if (match === undefined) return bundle;
  const resource = {
    resourceType: 'Patient',
    identifier: [
      {
        use: 'temp',
        system: PERSON_SYSTEM,
        value: match.person,
        period: { end: match.expiresAt },
        assigner: { reference: custodian },
      },
    ],
    managingOrganization: { reference: custodian },
  };
  const extension = [{ url: MATCH_GRADE, valueCode: match.grade }];
  return { ...bundle, entry: [{ resource, search: { extension, mode: 'match', score: match.score } }] };
}
