import { randomBytes } from 'node:crypto';
import type { CommandOf, StopClaims } from '@consent-ledger/chaincode/wire';
import type { MemberKeys } from '../ports/member-keys.js';
import { Refusal } from './refusal.js';
import type { StudyView } from './study-view.js';
import type { Committed, Transactions } from './transactions.js';

export interface AcknowledgeOptions {
  /** MSP id. */
  readonly sponsor: string;
  readonly ledgerId: string;
  readonly studies: StudyView;
  readonly keys: Pick<MemberKeys, 'signStop'>;
  readonly transactions: Transactions;
  readonly now: () => number;
}

/** Says on the ledger, signed, what the sponsor did when a participant withdrew. Throws a Refusal. */
export async function acknowledgeStop(
  { site, ...said }: Pick<StopClaims, 'study' | 'person' | 'action' | 'on'> & { readonly site: string },
  { sponsor, ledgerId, studies, keys, transactions, now }: AcknowledgeOptions,
): Promise<Committed> {
  const { study, person } = said;
  if (studies.study(study)?.sponsor !== sponsor) throw new Refusal('study-unknown');
  if (studies.get({ site, sponsor }, 'participation', study, person) === undefined)
    throw new Refusal('participation-unknown');
  if (studies.get({ site, sponsor }, 'stopping', study, person) !== undefined)
    throw new Refusal('stop-already-acknowledged');
  const iat = Math.floor(now() / 1_000);
  const statement = await keys.signStop({ iss: sponsor, aud: site, ledger: ledgerId, iat, ...said });
  const salt = randomBytes(32).toString('base64url');
  const command: CommandOf<'acknowledge-stop'> = {
    v: 1,
    salt,
    command: 'acknowledge-stop',
    study,
    person,
    statement,
  };
  return transactions.run(command, { contract: 'study', site, sponsor });
}
