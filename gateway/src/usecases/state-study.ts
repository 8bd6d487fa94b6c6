import { randomBytes } from 'node:crypto';
import { canonicalText, statedTerms, type CommandOf, type Study } from '@consent-ledger/chaincode/wire';
import type { StudyDocument, StudyInput } from '@consent-ledger/chaincode/wire/http';
import { researchProfileNamed } from '../pseudonymising/research-profile.js';
import type { Members } from './members.js';
import { Refusal } from './refusal.js';
import type { StudyView } from './study-view.js';
import type { Transactions } from './transactions.js';

export interface StateStudyOptions {
  readonly members: Members;
  readonly studies: StudyView;
  readonly transactions: Transactions;
}

/**
 * Brings a study to what is stated: its terms at each site that has others, then what is public of it if that differs. What is there
 * already is not written again, so whoever was interrupted states the same once more. Throws a Refusal.
 */
export async function stateStudy(
  id: string,
  { terms: stated, ...facts }: StudyInput,
  options: StateStudyOptions,
): Promise<void> {
  const terms = withoutAbsent({ ...stated, profile: stated.profile ?? researchProfileNamed() });
  const { members, studies, transactions } = options;
  const sponsor = members.own.mspId;
  const standing = studies.study(id);
  if (standing !== undefined && standing.sponsor !== sponsor) throw new Refusal('study-sponsor-fixed');
  const sites = facts.sites.map((reference, index) => siteOf(reference, index, members));
  for (const site of new Set([...sites, ...(standing?.sites ?? [])])) {
    const before = studies.get({ site, sponsor }, 'terms', id);
    if (before !== undefined && canonicalText(statedTerms.parse(before)) === canonicalText(terms)) continue;
    const command: CommandOf<'state-terms'> = {
      v: 1,
      salt: freshSecret(),
      command: 'state-terms',
      pepper: freshSecret(),
      study: id,
      version: (before?.version ?? 0) + 1,
      ...terms,
    };
    await transactions.run(command, { contract: 'study', site, sponsor });
  }
  const published = { ...withoutAbsent(facts), sites };
  if (standing !== undefined && canonicalText(statedFacts(standing)) === canonicalText(published)) return;
  const version = (standing?.version ?? 0) + 1;
  const command: CommandOf<'state-study'> = {
    v: 1,
    command: 'state-study',
    study: id,
    version,
    sponsor,
    ...published,
  };
  await transactions.run(command, { contract: 'registry' });
}

/** A study with what this member may know of it. */
export function describeStudy(
  study: Study,
  { members, studies }: Omit<StateStudyOptions, 'transactions'>,
): StudyDocument {
  const { title, registration, period, status, version, sponsor } = study;
  return {
    study: study.study,
    version,
    sponsor: members.referenceOf(sponsor),
    title,
    ...(registration === undefined ? {} : { registration }),
    sites: study.sites.map((site) => members.referenceOf(site)),
    period,
    status,
    terms: study.sites.flatMap((site) => {
      const terms = studies.get({ site, sponsor }, 'terms', study.study);
      if (terms === undefined) return [];
      return [{ site: members.referenceOf(site), version: terms.version, terms: statedTerms.parse(terms) }];
    }),
  };
}

function statedFacts({ title, registration, sites, period, status }: Study): object {
  return { title, ...(registration === undefined ? {} : { registration }), sites, period, status };
}

function siteOf(reference: string, index: number, members: Members): string {
  const member = members.byReference(reference);
  if (member?.kind === 'hospital') return member.mspId;
  const errors = [{ path: `$.sites[${index}]`, message: 'must be a hospital of this consortium' }];
  throw new Refusal('body-malformed', { errors });
}

/** Optional keys may hold undefined in what a schema gives, and never in a command. */
function withoutAbsent<Value extends object>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value;
}

function freshSecret(): string {
  return randomBytes(32).toString('base64url');
}
