import { randomUUID } from 'node:crypto';
import { confidentialityCodes } from '@consent-ledger/chaincode/domain';
import {
  CONSENT_CONSULT,
  SUBJECT_SYSTEM,
  type CdsCards,
  type ConsentDecision,
} from '@consent-ledger/chaincode/wire/http';
import type { ConsentIndex } from '../../ports/consent-index.js';
import type { Checks } from '../../usecases/checks.js';
import { decisionOf, type Consulted } from '../../usecases/consult.js';
import type { CustodyView } from '../../usecases/custody-view.js';
import { explainAnswer } from '../../usecases/explain-answer.js';
import type { LabelLimits } from '../../usecases/label-limits.js';
import { pseudonymOf } from '../../usecases/request-object.js';
import type { HandlersOf } from '../handlers.js';
import { baseOf } from '../fhir/entering.js';
import { questionsOf } from './questions.js';

export interface CdsOptions {
  readonly checks: Checks;
  readonly consents: ConsentIndex;
  readonly custody: CustodyView;
  readonly pseudonymKey: Uint8Array;
  /** Address of this gateway. */
  readonly address: string;
  readonly label: string;
}

type Card = CdsCards['cards'][number];
type CardObligation = Card['extension']['obligations'][number];

/** Indicators as the hook's definition has them. */
const INDICATORS: Readonly<Record<ConsentDecision, Card['indicator']>> = {
  CONSENT_PERMIT: 'info',
  CONSENT_DENY: 'critical',
  NO_CONSENT: 'warning',
};

const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
const CONFIDENTIALITY = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality';
const OBLIGATION_SYSTEM = 'urn:consent-ledger:obligation';

/** CDS Hooks (2.0): an EHR consults before it shows. */
export function cdsHandlers(options: CdsOptions): HandlersOf<'cdsDiscovery' | 'cdsConsult'> {
  const { checks, custody, pseudonymKey } = options;
  return {
    cdsDiscovery: () => Promise.resolve({ body: { services: [SERVICE] } }),
    cdsConsult: async ({ body, user }) => {
      const questions = questionsOf(body, custody.custody.organization);
      const consulted = await checks.consult(questions, pseudonymOf(user.subject, pseudonymKey));
      return { body: { cards: [cardOf(consulted, options)] } };
    },
  };
}

const SERVICE = {
  hook: CONSENT_CONSULT,
  id: CONSENT_CONSULT,
  title: 'Patient consent consult',
  description: 'Whether the consents of a patient permit something, and what must be left out',
  usageRequirements: `The patient is identified by its pseudonym here (system ${SUBJECT_SYSTEM}); a purpose of use is needed. Every call is logged.`,
};

function cardOf(
  { answer, limits, height, rules }: Consulted & { readonly height: number; readonly rules: string },
  options: CdsOptions,
): Card {
  const { outcome, reason, explanation } = explainAnswer(answer);
  const decision = decisionOf(answer.reason);
  const basedOn = addressOf(answer.basis[0], options);
  return {
    uuid: randomUUID(),
    summary: decision,
    detail: explanation,
    indicator: INDICATORS[decision],
    source: { label: options.label, url: options.address },
    extension: {
      decision,
      obligations: [...redactions(limits), ...answer.obligations.map(obligationOf)],
      ...(basedOn === undefined ? {} : { basedOn }),
      outcome,
      reason,
      height,
      rules,
    },
  };
}

/** REDACT of v3 ActCode, as the hook's definition parameterises it. */
function redactions(limits: LabelLimits | undefined): CardObligation[] {
  if (limits === undefined) return [];
  const id = { system: ACT_CODE, code: 'REDACT' };
  return [
    { id, parameters: { exceptAnyOfCodes: limits.only.map(codingOf) } },
    ...(limits.never.length === 0 ? [] : [{ id, parameters: { codes: limits.never.map(codingOf) } }]),
  ];
}

function codingOf(label: string): { system: string; code: string } {
  return { system: confidentialityCodes.includes(label) ? CONFIDENTIALITY : ACT_CODE, code: label };
}

function obligationOf(obligation: Consulted['answer']['obligations'][number]): CardObligation {
  const id = { system: OBLIGATION_SYSTEM, code: obligation.code };
  return 'at' in obligation ? { id, parameters: { at: obligation.at } } : { id };
}

function addressOf(
  entry: Consulted['answer']['basis'][number] | undefined,
  { consents, custody, address }: CdsOptions,
): string | undefined {
  const found = entry === undefined ? undefined : consents.find(custody.collection, entry.consent);
  if (entry === undefined || found === undefined) return undefined;
  return `${baseOf(found.release, { address })}/Consent/${entry.consent}/_history/${entry.version}`;
}
