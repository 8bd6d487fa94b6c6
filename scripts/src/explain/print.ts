import {
  reasons,
  type Answer,
  type TracedConsent,
  type TracedElement,
  type TracedPart,
  type TracedProvision,
} from '@consent-ledger/chaincode/domain';
import type { Change } from './case.js';
import type { Found } from './search.js';

/** Sets of changes that are shown; there may be hundreds that do as well. */
const SHOWN = 12;

/** An answer, how it comes about, and what would change it, in lines for a person. */
export function explanation(answer: Answer, parts: readonly TracedPart[], found: Found): readonly string[] {
  return [
    ...verdict(answer),
    ...parts.flatMap((part) => ['', ...partLines(part)]),
    '',
    ...otherwise(answer, found),
  ];
}

function verdict({ outcome, reason, obligations }: Answer): string[] {
  const { rule, logged, unmet, exception } = reasons[reason];
  return [
    `${outcome === 'permit' ? 'Permitted' : 'Denied'}: ${reason} (rule ${rule} of docs/consent.md).`,
    logged,
    ...(unmet === undefined ? [] : [`It would need ${unmet}.`]),
    ...(exception === undefined ? [] : [`It falls under ${exception.cites} (${exception.name}).`]),
    ...obligations.map((obligation) => `Obligation: ${Object.values(obligation).join(' · ')}`),
  ];
}

function partLines({ purpose, action, subject, outcome, reason, consents }: TracedPart): string[] {
  const { rule } = reasons[reason];
  return [
    `${purpose}, ${action}, ${subject ?? 'no subject'}: ${outcome}, ${reason}`,
    ...RULES.slice(0, rule).map(([passed, decides], index) =>
      index + 1 === rule ? `  ${rule}. ${decides}: this decides.` : `  ${index + 1}. ${passed}: goes on.`,
    ),
    ...consents.flatMap(consentLines),
  ];
}

/** The rules in their order: what holds where one is passed, and what it is about where it decides. */
const RULES: readonly (readonly [passed: string, decides: string])[] = [
  [
    'Member, subject and record are known and active',
    'The member is not active, or subject or record is not known',
  ],
  ['No registered legal basis that is named covers this', 'A registered legal basis covers this'],
  ['It is not asked for in an emergency (BTG)', 'It is asked for in an emergency (BTG)'],
  ['The purpose needs no agreement, or one is there', 'The purpose needs an agreement that is not there'],
  ['No consent in force denies', 'A consent in force denies'],
  ['No consent in force permits', 'A consent in force permits'],
  ['No consent in force grants this purpose', 'A consent in force grants this purpose, but not this'],
  ['', 'No consent speaks, so the implied policy does'],
];

function consentLines({
  consent,
  version,
  standing,
  says,
  isOfOtherScope,
  provisions,
}: TracedConsent): string[] {
  return [
    `  Consent ${consent}, version ${version}, ${standing}, says ${says}${isOfOtherScope ? ': it is about research alone' : ''}`,
    ...provisions.map(provisionLine),
  ];
}

function provisionLine({ path, kind, depth, elements, match, speaks }: TracedProvision): string {
  const why = elements.length === 0 ? 'constrains nothing' : elements.map(elementText).join(', ');
  const how = { yes: 'matches', no: 'does not match', unknown: 'may match' }[match];
  return `    ${'  '.repeat(depth)}${path} (${kind}) ${how}: ${why}${speaks ? '  ← speaks' : ''}`;
}

function elementText({ element, match }: TracedElement): string {
  return `${element} ${match}`;
}

function otherwise({ outcome }: Answer, { sets, tried, upTo }: Found): string[] {
  const other = outcome === 'permit' ? 'denied' : 'permitted';
  if (sets.length === 0) {
    return [
      `No way was found in which it would be ${other}: up to ${upTo} changes at one time, ${tried} decisions.`,
    ];
  }
  return [
    `It would be ${other} if`,
    ...sets.slice(0, SHOWN).map((set) => `  - ${sentence(set)}`),
    ...(sets.length > SHOWN ? [`  and in ${sets.length - SHOWN} more ways (--json has all).`] : []),
    `Each was found by deciding; nothing less does it among ${tried} decisions.`,
  ];
}

function sentence(set: readonly Change[]): string {
  return set.map(({ says }) => says).join(', and ');
}
