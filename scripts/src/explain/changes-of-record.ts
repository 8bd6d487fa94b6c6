import {
  confidentialityCodes,
  formatInstant,
  isSensitivity,
  type Coding,
  type Criteria,
  type RecordFacts,
} from '@consent-ledger/chaincode/domain';
import { ofQuestion, type Case, type Change } from './case.js';

/** What could be otherwise of the record, or be known of it. */
export function changesOfRecord({ question }: Case, named: readonly Criteria[]): readonly Change[] {
  const record = question.record ?? {};
  return [
    ...labels(record, named),
    ...contents(record, named),
    ...codes(record, named),
    ...authored(named),
    ...related(record, named),
  ];
}

function known(place: keyof RecordFacts, says: string, value: RecordFacts[keyof RecordFacts]): Change {
  return ofQuestion(`record ${place}`, says, (before) => ({
    ...before,
    record: { ...before.record, [place]: value },
  }));
}

function labels({ labels: have }: RecordFacts, named: readonly Criteria[]): Change[] {
  const sensitivities = (have ?? []).filter(isSensitivity);
  const levels = confidentialityCodes.filter((code) => !(have ?? []).includes(code));
  const fewer = sensitivities.map((code) => (have ?? []).filter((one) => one !== code));
  const more = [...new Set(named.flatMap((criteria) => criteria.labels?.sensitivity ?? []))].filter(
    (code) => !sensitivities.includes(code),
  );
  const sets = [
    ...(have?.length === 0 ? [] : [[]]),
    ...levels.map((code) => [code, ...sensitivities]),
    ...fewer,
    ...more.map((code) => [...(have ?? []), code]),
  ];
  return sets.map((set) =>
    known(
      'labels',
      set.length === 0
        ? 'the record were known to have no label'
        : `the record were labelled ${set.join(', ')}`,
      set,
    ),
  );
}

function contents({ resourceType, classes }: RecordFacts, named: readonly Criteria[]): Change[] {
  const all = named.flatMap((criteria) => criteria.contents ?? []);
  const types = new Set(all.flatMap(({ resourceTypes }) => resourceTypes));
  types.delete(resourceType ?? '');
  return [
    ...(resourceType === undefined && types.size > 0
      ? [known('resourceType', 'the record were known to be of a type that no consent names', 'Basic')]
      : []),
    ...[...types].map((type) => known('resourceType', `the record were of the type ${type}`, type)),
    ...codings(
      'classes',
      'class',
      classes,
      all.flatMap((content) => content.classes),
    ),
  ];
}

function codes({ codes: have }: RecordFacts, named: readonly Criteria[]): Change[] {
  return codings(
    'codes',
    'code',
    have,
    named.flatMap((criteria) => criteria.codes ?? []),
  );
}

function codings(
  place: 'classes' | 'codes',
  word: string,
  have: readonly Coding[] | undefined,
  named: readonly Coding[],
): Change[] {
  const text = ({ system, code }: Coding): string => `${system}|${code}`;
  const others = new Map(named.map((coding) => [text(coding), coding]));
  for (const coding of have ?? []) others.delete(text(coding));
  return [
    ...(have?.length !== 0 && named.length > 0
      ? [known(place, `the record were known to have no ${word}`, [])]
      : []),
    ...[...others].map(([name, coding]) =>
      known(place, `the record had the ${word} ${name}`, [...(have ?? []), coding]),
    ),
  ];
}

/** The first or the last instant of each data period, and the one before or after it. */
function authored(named: readonly Criteria[]): Change[] {
  const instants = new Set(
    named.flatMap(({ dataPeriod }): number[] => {
      const { from, until } = dataPeriod?.interval ?? {};
      return [
        ...(from === undefined ? [] : [from, from - 1]),
        ...(until === undefined ? [] : [until - 1, until]),
      ];
    }),
  );
  return [...instants]
    .filter(Number.isInteger)
    .map(formatInstant)
    .map((text) => known('authored', `the record were authored at ${text}`, text));
}

function related(record: RecordFacts, named: readonly Criteria[]): Change[] {
  const data = named.flatMap((criteria) => criteria.data ?? []);
  const authors = [
    ...named.flatMap(({ actor }) => actor?.authors ?? []),
    ...data.filter(({ meaning }) => meaning === 'authoredby').map(({ reference }) => reference),
  ];
  const others = data.filter(({ meaning }) => meaning !== 'authoredby').map(({ reference }) => reference);
  return [
    ...references('author', 'written by', record.author, authors),
    ...references('refersTo', 'known to refer to', record.refersTo, others),
    ...references('referredToBy', 'known to be referred to by', record.referredToBy, others),
    ...[...new Set(others)]
      .filter((reference) => reference !== record.reference)
      .map((reference) => known('reference', `the record were ${reference}`, reference)),
  ];
}

function references(
  place: 'author' | 'refersTo' | 'referredToBy',
  words: string,
  have: readonly string[] | undefined,
  named: readonly string[],
): Change[] {
  if (named.length === 0) return [];
  return [
    ...(have?.length === 0 ? [] : [known(place, `the record were ${words} nobody and nothing`, [])]),
    ...[...new Set(named)]
      .filter((reference) => have?.includes(reference) !== true)
      .map((reference) =>
        known(place, `the record were ${words} ${reference}`, [...(have ?? []), reference]),
      ),
  ];
}
