import type { DecisionContext, Evidence, Question, RecordFacts } from '@consent-ledger/chaincode/domain';
import { purposeIs, sensitivityIs } from './code-systems.js';
import type { FhirConcept, FhirConsent, FhirPeriod, FhirProvision } from './fhir-consent.js';

/*
 * The rules of consent a second time, written from docs/consent.md and read from FHIR JSON on every question:
 * plain and slow, nothing compiled, nothing shared with chaincode/src/domain. It says which reasons a right
 * answer may give and which consents its basis may name.
 */

export interface Filed {
  readonly fhir: FhirConsent;
  readonly evidence: Evidence;
  readonly withdrawnAt?: number;
}

export interface Expected {
  readonly outcome: 'permit' | 'deny';
  /** Where several parts deny, the reason may be that of any of them. */
  readonly reasons: ReadonlySet<string>;
  /** Consents in force that said what was decided. */
  readonly said: ReadonlySet<string>;
  readonly obligations: readonly string[];
}

type Kind = 'permit' | 'deny';

interface Part {
  readonly question: Question;
  readonly at: number;
  readonly purpose: string;
  readonly action: string;
  readonly subject: string | undefined;
}

/** A provision with the kind and the elements that its dialect gives it. */
interface Node {
  readonly kind: Kind;
  readonly stated: FhirProvision;
  /** How labels and data period read, where that is not as its kind. */
  readonly labelReading: Kind;
  readonly dataPeriodReading: Kind;
  readonly inside: readonly Node[];
}

interface Read {
  readonly base: Kind;
  readonly coverage: FhirProvision;
  readonly period: FhirPeriod | undefined;
  readonly research: boolean;
  readonly subject: string;
  readonly exceptions: readonly Node[];
}

interface Said {
  readonly outcome: Kind;
  /** Ends of the periods on the way. */
  readonly ends: readonly number[];
  readonly forbidsBreakGlass: boolean;
}

// ---- dates -------------------------------------------------------------------------------------------------

const startOf = (text: string): number => Date.parse(text);

function endOf(text: string): number {
  const date = new Date(text);
  if (/^\d{4}$/.test(text)) return Date.UTC(date.getUTCFullYear() + 1, 0, 1);
  if (/^\d{4}-\d{2}$/.test(text)) return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return date.getTime() + 86_400_000;
  return date.getTime() + (text.includes('.') ? 1 : 1000);
}

function holds(period: FhirPeriod | undefined, at: number): boolean {
  if (period?.start !== undefined && at < startOf(period.start)) return false;
  return period?.end === undefined || at < endOf(period.end);
}

// ---- reading the three dialects ----------------------------------------------------------------------------

const plain = (reference: string): string => reference.replace(/\/_history\/.*$/, '');
const codes = (concepts: readonly FhirConcept[]): string[] =>
  concepts.flatMap(({ coding }) => coding.map(({ code }) => code));

function without(stated: FhirProvision, ...keys: readonly string[]): FhirProvision {
  return Object.fromEntries(Object.entries(stated).filter(([key]) => !keys.includes(key)));
}

function read(fhir: FhirConsent): Read {
  if ('decision' in fhir) {
    const level = (provisions: readonly FhirProvision[], kind: Kind): Node[] =>
      provisions.map((stated) => ({
        kind,
        stated,
        labelReading: kind,
        dataPeriodReading: kind,
        inside: level(stated.provision ?? [], kind === 'permit' ? 'deny' : 'permit'),
      }));
    return {
      base: fhir.decision,
      coverage: {},
      period: fhir.period,
      research: (fhir.category ?? []).some((one) => codes([one]).includes('research')),
      subject: plain(fhir.subject.reference),
      exceptions: level(fhir.provision ?? [], fhir.decision === 'permit' ? 'deny' : 'permit'),
    };
  }
  const root = fhir.provision ?? {};
  const common = {
    period: root.period,
    research: codes([fhir.scope]).includes('research'),
    subject: plain(fhir.patient.reference),
  };
  if (root.type === undefined) {
    const level = (provisions: readonly FhirProvision[]): Node[] =>
      provisions.map((stated) => ({
        kind: stated.type ?? 'deny',
        stated,
        labelReading: stated.type ?? 'deny',
        dataPeriodReading: stated.type ?? 'deny',
        inside: level(stated.provision ?? []),
      }));
    const rule = fhir.policyRule === undefined ? [] : codes([fhir.policyRule]);
    return {
      ...common,
      base: rule.some((code) => code.startsWith('OPTIN')) ? 'permit' : 'deny',
      coverage: {},
      exceptions: level(root.provision ?? []),
    };
  }
  const { type: base, provision = [] } = root;
  const coverage = without(root, 'type', 'period', 'provision');
  return {
    ...common,
    base,
    coverage,
    exceptions: provision.map((stated): Node => {
      const kind = stated.type ?? 'deny';
      if (kind === 'deny') {
        return { kind, stated, labelReading: kind, dataPeriodReading: kind, inside: [] };
      }
      return {
        kind,
        stated: { ...coverage, ...stated },
        labelReading: stated.securityLabel === undefined ? base : kind,
        dataPeriodReading: stated.dataPeriod === undefined ? base : kind,
        inside: [],
      };
    }),
  };
}

// ---- matching ----------------------------------------------------------------------------------------------

/** Does every element match, if what is unknown does (`unknown` true) or does not? */
function matches(
  stated: FhirProvision,
  labelReading: Kind,
  dataPeriodReading: Kind,
  unknown: boolean,
  part: Part,
): boolean {
  const { question } = part;
  const record: RecordFacts = question.record ?? {};
  const ofRole = (...roles: string[]): string[] =>
    (stated.actor ?? [])
      .filter(({ role }) =>
        role === undefined ? roles.includes('') : codes([role]).some((r) => roles.includes(r)),
      )
      .map(({ reference }) => plain(reference.reference));
  const among = (wanted: readonly string[], have: readonly string[] | undefined): boolean =>
    have === undefined ? unknown : have.some((one) => wanted.includes(plain(one)));

  const recipients = ofRole('', 'IRCP', 'PRCP');
  const people = recipients.filter((one) => !/(^|\/)Organization\//.test(one));
  if (
    recipients.length > 0 &&
    !recipients.includes(plain(question.requester.member)) &&
    !(people.length > 0 && among(people, question.requester.references))
  ) {
    return false;
  }
  const custodians = ofRole('CST');
  const custodian = question.custodian === undefined ? undefined : [question.custodian];
  if (custodians.length > 0 && !among(custodians, custodian)) return false;
  const authors = ofRole('AUT');
  if (authors.length > 0 && !among(authors, record.author)) return false;

  if (stated.action !== undefined && !codes(stated.action).includes(part.action)) return false;

  for (const element of [stated.class, stated.documentType, stated.resourceType]) {
    if (element === undefined) continue;
    const fits = element.some(({ system, code }) => {
      if (/^http:\/\/hl7\.org\/fhir\/(resource|fhir)-types$/.test(system)) {
        return record.resourceType === undefined ? unknown : record.resourceType === code;
      }
      return record.classes === undefined
        ? unknown
        : record.classes.some((one) => one.system === system && one.code === code);
    });
    if (!fits) return false;
  }

  if (stated.code !== undefined) {
    const wanted = stated.code.flatMap(({ coding }) => coding);
    const fits =
      record.codes === undefined
        ? unknown
        : record.codes.some((have) =>
            wanted.some((want) => want.system === have.system && want.code === have.code),
          );
    if (!fits) return false;
  }

  if (stated.dataPeriod !== undefined) {
    const { authored } = record;
    if (authored === undefined) {
      if (!unknown) return false;
    } else {
      const { start, end } = typeof authored === 'string' ? { start: authored, end: authored } : authored;
      const from = start === undefined ? -Infinity : startOf(start);
      const until = end === undefined ? Infinity : endOf(end);
      const first = stated.dataPeriod.start === undefined ? -Infinity : startOf(stated.dataPeriod.start);
      const last = stated.dataPeriod.end === undefined ? Infinity : endOf(stated.dataPeriod.end);
      const fits =
        dataPeriodReading === 'permit' ? from >= first && until <= last : from < last && first < until;
      if (!fits) return false;
    }
  }

  if (stated.data !== undefined) {
    const itself = record.reference === undefined ? undefined : [record.reference];
    const fits = stated.data.some(({ meaning, reference }) => {
      const wanted = [plain(reference.reference)];
      if (meaning === 'authoredby') return among(wanted, record.author);
      if (meaning === 'instance') return among(wanted, itself);
      const below = among(wanted, itself) || among(wanted, record.refersTo);
      return meaning === 'dependents' ? below : below || among(wanted, record.referredToBy);
    });
    if (!fits) return false;
  }

  if (stated.securityLabel !== undefined) {
    const fits =
      record.labels === undefined
        ? unknown
        : labelsMatch(
            stated.securityLabel.map(({ code }) => code),
            record.labels,
            labelReading,
          );
    if (!fits) return false;
  }
  return true;
}

// ---- labels ------------------------------------------------------------------------------------------------

const LEVELS = ['U', 'L', 'M', 'N', 'R', 'V'];
const PART_2 = '42CFRPart2';
const isLevel = (label: string): boolean => LEVELS.includes(label);
const related = [
  (code: string): boolean => code === 'ETH' || code === PART_2 || sensitivityIs(code, 'SUD'),
  (code: string): boolean => ['MH', 'PSY', 'PSYTHPN'].includes(code) || sensitivityIs(code, 'BH'),
];
/** Every sensitivity that occurs in a rule of relation; enough to ask whether S holds one of a group. */
const groupMembers = [
  ['ETH', PART_2, 'SUD', 'ETHUD', 'OPIOIDUD'],
  ['MH', 'PSY', 'PSYTHPN', 'BH', 'COGN', 'DVD', 'EMOTDIS'],
];

function levelOf(labels: readonly string[]): number {
  const levels = labels.filter(isLevel).map((label) => LEVELS.indexOf(label));
  if (levels.length > 0) return Math.max(...levels);
  return LEVELS.indexOf(labels.length > 0 ? 'R' : 'N');
}

const within = (label: string, named: readonly string[]): boolean =>
  named.some((code) => (code === PART_2 ? label === PART_2 : sensitivityIs(label, code)));

function outside(label: string, named: readonly string[]): boolean {
  if (label === PART_2 && ['SUD', 'ETHUD', 'OPIOIDUD'].some((code) => within(code, named))) return false;
  return !within(label, named);
}

function labelsMatch(stated: readonly string[], labels: readonly string[], reading: Kind): boolean {
  const c = stated.filter(isLevel).map((label) => LEVELS.indexOf(label));
  const s = stated.filter((label) => !isLevel(label));
  const level = levelOf(labels);
  const sensitive = labels.filter((label) => !isLevel(label));
  if (reading === 'deny') {
    if (c.length > 0 && level >= Math.min(...c)) return true;
    return sensitive.some(
      (label) =>
        within(label, s) ||
        related.some(
          (inGroup, index) =>
            inGroup(label) && (groupMembers[index] ?? []).some((member) => within(member, s)),
        ),
    );
  }
  const low = c.length > 0 && level <= Math.max(...c);
  if (s.length === 0) return low;
  if (sensitive.some((label) => outside(label, s))) return false;
  const focused = sensitive.some((label) => within(label, s)) && level <= LEVELS.indexOf('R');
  return low || focused;
}

// ---- what one consent says ---------------------------------------------------------------------------------

const purposesOf = (stated: FhirProvision): string[] | undefined =>
  stated.purpose?.map(({ system, code }) => (system.endsWith('/v3-ActReason') ? code : `${system}|${code}`));
const covers = (named: readonly string[], asked: string): boolean =>
  named.some((code) => purposeIs(asked, code));
const listsAsDeny = (kind: Kind, stated: FhirProvision, purpose: string): boolean =>
  kind === 'deny' && purposesOf(stated)?.includes(purpose) === true;
const listsBreakGlass = (kind: Kind, stated: FhirProvision): boolean => listsAsDeny(kind, stated, 'BTG');

/** Break-glass apart, which depends on what else is on the way. */
function purposeFits(kind: Kind, stated: FhirProvision, asked: string): boolean {
  const named = purposesOf(stated);
  if (kind === 'permit' && (asked === 'CLINTRL' || asked === 'POPHLTH')) {
    return named?.includes(asked) === true;
  }
  return named === undefined || covers(named, asked);
}

function sayingOf(consent: Read, part: Part): Said | undefined {
  const { purpose, at } = part;
  const research = purpose === 'CLINTRL' || purposeIs(purpose, 'HRESCH');
  if (consent.research && !research) return undefined;
  const rootForbids = listsBreakGlass(consent.base, consent.coverage);
  const ownEnd = consent.period?.end === undefined ? [] : [endOf(consent.period.end)];

  /** May the last on this way speak? All on it must match, read for its kind. */
  const speaks = (way: readonly Node[]): boolean => {
    const last = way.at(-1);
    if (last === undefined) return false;
    return way.every((node, index) => {
      if (!holds(node.stated.period, at)) return false;
      // A permit that does not name it is still on the way to a deny that lists it.
      const leadsToDeny = way.slice(index + 1).some((one) => listsAsDeny(one.kind, one.stated, purpose));
      if (!purposeFits(leadsToDeny ? 'deny' : node.kind, node.stated, purpose)) return false;
      if (purpose === 'BTG' && node.kind === 'permit') {
        const others = way.filter((_, other) => other !== index);
        if (!rootForbids && !others.some((one) => listsBreakGlass(one.kind, one.stated))) return false;
      }
      return matches(node.stated, node.labelReading, node.dataPeriodReading, last.kind === 'deny', part);
    });
  };
  const hear = (way: readonly Node[]): readonly Said[] => {
    const last = way.at(-1);
    if (last === undefined) return [];
    const inside = last.inside.flatMap((node) => hear([...way, node]));
    const denies = inside.filter(({ outcome }) => outcome === 'deny');
    if (denies.length > 0) return denies;
    if (inside.length > 0) return inside;
    if (!speaks(way)) return [];
    const ends = way.flatMap(({ stated }) =>
      stated.period?.end === undefined ? [] : [endOf(stated.period.end)],
    );
    return [
      {
        outcome: last.kind,
        ends: [...ownEnd, ...ends],
        forbidsBreakGlass:
          last.kind === 'deny' && (rootForbids || way.some((one) => listsBreakGlass(one.kind, one.stated))),
      },
    ];
  };
  const heard = consent.exceptions.flatMap((node) => hear([node]));
  const denies = heard.filter(({ outcome }) => outcome === 'deny');
  if (denies.length > 0) {
    return { outcome: 'deny', ends: [], forbidsBreakGlass: denies.some((one) => one.forbidsBreakGlass) };
  }
  if (heard[0] !== undefined) return heard[0];
  if (purpose === 'BTG' && consent.base === 'permit') return undefined;
  if (!purposeFits(consent.base, consent.coverage, purpose)) return undefined;
  if (!matches(consent.coverage, consent.base, consent.base, consent.base === 'deny', part)) return undefined;
  return { outcome: consent.base, ends: ownEnd, forbidsBreakGlass: rootForbids };
}

// ---- which are in force ------------------------------------------------------------------------------------

const wasActive = ({ fhir }: Filed): boolean => ['active', 'inactive'].includes(fhir.status);

function namedBy({ fhir }: Filed): readonly string[] {
  return (fhir.extension ?? [])
    .filter(({ url }) => url === 'urn:consent-ledger:fhir:supersedes')
    .map(({ valueReference }) => plain(valueReference.reference));
}

/** Does it supersede the other, itself or through one that it supersedes? */
function supersedes(one: Filed, other: Filed, all: readonly Filed[]): boolean {
  if (!wasActive(one)) return false;
  return all.some(
    (named) =>
      named !== one &&
      namedBy(one).includes(`Consent/${named.fhir.id}`) &&
      read(named.fhir).subject === read(one.fhir).subject &&
      (named === other || supersedes(named, other, all)),
  );
}

function isInForce(filed: Filed, all: readonly Filed[], at: number): boolean {
  const consent = read(filed.fhir);
  if (filed.fhir.status !== 'active' || !holds(consent.period, at)) return false;
  if (filed.withdrawnAt !== undefined && at >= filed.withdrawnAt) return false;
  const by = all.filter((other) => supersedes(other, filed, all));
  return consent.base === 'permit' ? by.length === 0 : !by.some((other) => isInForce(other, all, at));
}

// ---- what all of them say ----------------------------------------------------------------------------------

interface Decided {
  readonly outcome: Kind;
  readonly reason: string;
  readonly said: readonly string[];
  readonly ends: readonly number[];
  readonly review?: number;
}

function known(
  list: readonly { readonly reference: string; readonly status: string }[] | undefined,
  reference: string | undefined,
): boolean {
  if (list === undefined || reference === undefined) return true;
  return list.some((one) => plain(one.reference) === plain(reference) && one.status === 'active');
}

function decidePart(part: Part, all: readonly Filed[], context: DecisionContext): Decided {
  const { question, purpose, at, subject } = part;
  const record: RecordFacts = question.record ?? {};
  const { labels } = record;
  const sensitive = labels?.filter((label) => !isLevel(label)) ?? [];
  const member = plain(question.requester.member);
  const mine = all.filter(({ fhir }) => read(fhir).subject === subject);
  const heard = mine
    .filter((filed) => isInForce(filed, mine, at))
    .map((filed) => ({ filed, consent: read(filed.fhir), said: sayingOf(read(filed.fhir), part) }));
  const sayers = (kind: Kind): typeof heard => heard.filter(({ said }) => said?.outcome === kind);
  const ids = (list: typeof heard): string[] => list.map(({ filed }) => filed.fhir.id);
  const permit = (reason: string, ends: readonly number[] = [], review?: number): Decided => ({
    outcome: 'permit',
    reason,
    said: ids(sayers('permit')),
    ends,
    ...(review === undefined ? {} : { review }),
  });
  const deny = (reason: string): Decided => ({
    outcome: 'deny',
    reason,
    said: ids(sayers('deny')),
    ends: [],
  });

  if (!known(context.members, member)) return deny('member-not-active');
  if (!known(context.subjects, subject) || !known(context.records, record.reference))
    return deny('not-known');

  for (const basis of (context.legalBases ?? []).filter(({ id }) => id === question.legalBasis)) {
    const isAboutThis =
      basis.status === 'active' &&
      holds(basis.period, at) &&
      plain(basis.requester) === member &&
      (purpose === 'BTG' ? basis.purposes.includes('BTG') : covers(basis.purposes, purpose)) &&
      (basis.subject === undefined || (subject !== undefined && plain(basis.subject) === subject));
    if (!isAboutThis || labels === undefined) continue;
    const named = basis.labels ?? [];
    const substance = sensitive.some((label) => related[0]?.(label) === true);
    const cited = (basis.cites ?? []).some((cite) =>
      ['2.51', '2.61', '2.62', '2.63', '2.64', '2.65', '2.66', '2.67'].includes(cite.replace('42 CFR ', '')),
    );
    if (named.length === 0 && sensitive.length === 0) return permit('legal-basis');
    if (
      named.length > 0 &&
      sensitive.length > 0 &&
      sensitive.every((label) => !outside(label, named)) &&
      (!substance || cited)
    )
      return permit('legal-basis');
  }

  if (purpose === 'BTG') {
    if (sayers('deny').some(({ said }) => said?.forbidsBreakGlass)) return deny('break-glass-forbidden');
    const role = (question.requester.roles ?? []).some((one) => context.emergencyRoles?.includes(one));
    if (question.emergency === undefined || !role) return deny('break-glass-incomplete');
    return permit('break-glass', [], at + (context.reviewHours ?? 72) * 3_600_000);
  }

  if (covers(context.agreementPurposes ?? [], purpose) && question.custodian !== question.requester.member) {
    const agreed = (context.agreements ?? []).some(
      ({ parties, purposes, period, status }) =>
        status === 'active' &&
        holds(period, at) &&
        covers(purposes, purpose) &&
        [question.requester.member, question.custodian].every(
          (one) => one !== undefined && parties.includes(one),
        ),
    );
    if (!agreed) return deny('agreement-missing');
  }

  if (sayers('deny').length > 0) return deny('denied-by-consent');

  const permits = sayers('permit');
  if (permits.length > 0) {
    const good = covers(context.signedOnlyPurposes ?? [], purpose)
      ? permits.filter(({ filed }) => filed.evidence === 'signed')
      : permits;
    if (good.length === 0) return deny('evidence-insufficient');
    return permit(
      'permitted-by-consent',
      good.flatMap(({ said }) => said?.ends ?? []),
    );
  }

  const research = purpose === 'CLINTRL' || purposeIs(purpose, 'HRESCH');
  const granted = heard.some(
    ({ consent }) =>
      consent.base === 'permit' &&
      consent.research === research &&
      (consent.coverage.purpose === undefined ||
        purposeFits('permit', consent.coverage, purpose) ||
        consent.exceptions.some(
          ({ kind, stated }) =>
            kind === 'permit' &&
            holds(stated.period, at) &&
            stated.purpose !== undefined &&
            purposeFits('permit', stated, purpose),
        )),
  );
  if (granted) return deny('not-covered-by-consent');

  const implied = context.impliedPolicy ?? 'deny';
  const harmless = labels !== undefined && sensitive.length === 0 && levelOf(labels) <= LEVELS.indexOf('N');
  if (harmless) {
    const basic =
      covers(['TREAT', 'HPAYMT', 'HOPERAT'], purpose) && !['CLINTRL', 'POPHLTH'].includes(purpose);
    if (implied === 'basic-normal' && basic) return permit('permitted-by-implied-policy');
    if (implied === 'all-normal' && !research) return permit('permitted-by-implied-policy');
  }

  const over = mine.filter(
    (filed) =>
      !mine.some((other) => supersedes(other, filed, mine)) &&
      sayingOf(read(filed.fhir), part)?.outcome === 'permit',
  );
  const withdrawn = over.some(
    ({ fhir, withdrawnAt }) =>
      fhir.status === 'inactive' ||
      (fhir.status === 'active' && withdrawnAt !== undefined && at >= withdrawnAt),
  );
  if (withdrawn) return deny('consent-withdrawn');
  const expired = over.some(({ fhir }) => {
    const end = read(fhir).period?.end;
    return fhir.status === 'active' && end !== undefined && at >= endOf(end);
  });
  return deny(expired ? 'consent-expired' : 'no-consent');
}

/** What the text says that a valid question must be answered. */
export function expectedAnswer(
  question: Question,
  all: readonly Filed[],
  context: DecisionContext,
): Expected {
  const named = question.subjects?.map(plain) ?? all.map(({ fhir }) => read(fhir).subject);
  const subjects: (string | undefined)[] = named.length > 0 ? [...new Set(named)] : [undefined];
  const parts = question.purpose.flatMap((purpose) =>
    (question.actions ?? ['access']).flatMap((action) =>
      subjects.map((subject) =>
        decidePart({ question, at: startOf(question.at), purpose, action, subject }, all, context),
      ),
    ),
  );
  const denies = parts.filter(({ outcome }) => outcome === 'deny');
  const telling = denies.length > 0 ? denies : parts;
  const labels = question.record?.labels;
  const iso = (instant: number): string => new Date(instant).toISOString();
  const ends = parts.flatMap((one) => one.ends);
  const reviews = parts.flatMap(({ review }) => (review === undefined ? [] : [review]));
  return {
    outcome: denies.length > 0 ? 'deny' : 'permit',
    reasons: new Set(telling.map(({ reason }) => reason)),
    said: new Set(telling.flatMap(({ said }) => said)),
    obligations:
      denies.length > 0
        ? []
        : [
            ...(labels?.some((label) => related[0]?.(label)) !== false ? ['prohibit-redisclosure'] : []),
            ...(ends.length > 0 ? [`expires-at ${iso(Math.min(...ends))}`] : []),
            ...(reviews.length > 0 ? [`review-by ${iso(Math.min(...reviews))}`] : []),
          ],
  };
}
