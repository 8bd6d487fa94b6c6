import { randomBytes } from 'node:crypto';
import {
  digestOf,
  LEDGER_KEY,
  ledger as ledgerValue,
  type Member,
  type MemberKeyEntry,
  type MemberStatement,
} from '@consent-ledger/chaincode/wire';
import type { Configuration } from '../config/schema.js';
import type { Audience } from '../ports/ledger.js';
import type { Logger } from '../ports/logger.js';
import type { MemberKeys } from '../ports/member-keys.js';
import type { Projection } from '../ports/projection.js';
import type { Chain } from './chain.js';
import type { CustodyView } from './custody-view.js';
import { delay } from './delay.js';
import type { Members } from './members.js';
import { Refusal } from './refusal.js';
import type { Transactions } from './transactions.js';

/** The ledger is not the one that this gateway was made for, or not as its consortium agreed; it must not run on it. */
export class WrongLedgerError extends Error {
  override readonly name = 'WrongLedgerError';
}

/** As long as older blocks are still being followed it need not stay so. */
class OtherCollectionsError extends WrongLedgerError {}

export interface SetUpOptions {
  readonly configuration: Configuration;
  readonly chain: Chain;
  readonly projection: Projection;
  readonly transactions: Transactions;
  readonly members: Members;
  readonly keys: MemberKeys;
  /** The own custody, where this member keeps records. */
  readonly custody: CustodyView | undefined;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

const POLL_MS = 100;
const REGISTRY: Audience = { contract: 'registry' };

/**
 * What must be true before a gateway takes calls: it is the right ledger with the collections that were agreed on, and the
 * member and its custody are there. What is missing is put there; all of it can be done again.
 */
export async function setUp(options: SetUpOptions): Promise<void> {
  await compareWithLedger(options);
  await until(() => foundLedger(options), 'setup.founding', options);
  await until(() => registerMember(options), 'setup.registering', options);
  if (options.custody !== undefined) {
    const { custody } = options;
    await until(() => openCustody(custody, options), 'setup.opening-custody', options);
  }
}

/**
 * What is wrong with the ledger that is followed, and whether it has been followed far enough to know. Also to be asked while the
 * gateway runs: a chaincode definition, and with it who reads what, can change at any block.
 */
export function compareWithAgreed(
  { ledger }: Configuration,
  { founded }: Pick<Projection, 'founded'>,
): 'unknown' | 'agreed' | WrongLedgerError {
  const { ledger: found, collectionsDigest, earlierCollections } = founded;
  if (found !== undefined && found !== ledger.id) {
    return new WrongLedgerError(`this is ledger ${found}, and the configuration names ${ledger.id}`);
  }
  if (found === undefined || collectionsDigest === undefined) return 'unknown';
  if (collectionsDigest === ledger.collectionsDigest) return 'agreed';
  // What was agreed on last is not committed yet; once it was, going back to the former is nothing that was agreed on.
  const isAwaited = !earlierCollections.includes(ledger.collectionsDigest);
  if (!isAwaited || collectionsDigest !== ledger.formerCollectionsDigest) {
    return new OtherCollectionsError(
      `the committed collections have digest ${collectionsDigest}, and the configuration names ${ledger.collectionsDigest}: who reads what is not what was agreed`,
    );
  }
  return 'agreed';
}

async function compareWithLedger({ configuration, projection, chain, signal }: SetUpOptions): Promise<void> {
  for (;;) {
    const compared = compareWithAgreed(configuration, projection);
    if (compared === 'agreed') return;
    if (compared !== 'unknown') {
      if (!(compared instanceof OtherCollectionsError) || (await chain.isLevel())) throw compared;
    }
    signal.throwIfAborted();
    if (chain.state === 'failed') throw new Refusal('ledger-unavailable');
    await delay(POLL_MS, signal);
  }
}

/** Repeats a step until it says that nothing is left to do; others do the same at the same time. */
async function until(
  step: () => Promise<boolean>,
  event: string,
  { log, signal }: SetUpOptions,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    try {
      if (await step()) return;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (attempt % 20 === 1) log.info(event, { attempt, code: error.code, error });
    }
    await delay(POLL_MS, signal);
  }
}

async function foundLedger({ configuration, projection, transactions }: SetUpOptions): Promise<boolean> {
  const value = projection.publicValue(LEDGER_KEY);
  const { id, admin } = configuration.ledger;
  if (value !== undefined) {
    const founded = ledgerValue.parse(JSON.parse(value.toString('utf8'))).id;
    if (founded !== id)
      throw new WrongLedgerError(`the ledger was founded as ${founded}, and the configuration names ${id}`);
    return true;
  }
  if (admin !== undefined)
    await transactions.run({ v: 1, command: 'found-ledger', id }, REGISTRY, { as: 'admin' });
  return false;
}

async function registerMember({
  configuration,
  keys,
  members,
  transactions,
}: SetUpOptions): Promise<boolean> {
  const { own } = members;
  const registered = members.registered(own.mspId);
  const statement: MemberStatement = {
    mspId: own.mspId,
    name: own.name,
    kind: own.kind,
    displayName: own.displayName,
    gateway: own.gateway,
    keys: keysOf(registered, keys),
    issuers: [configuration.tokens.issuer],
  };
  if (registered !== undefined && says(registered, statement)) return true;
  if (configuration.ledger.admin !== undefined) {
    await transactions.run({ v: 1, command: 'register-member', member: statement }, REGISTRY, {
      as: 'admin',
    });
  }
  return false;
}

/** Keys are never taken back: one that this gateway no longer has is retired. */
function keysOf(registered: Member | undefined, { signing, encryption }: MemberKeys): MemberKeyEntry[] {
  const own: MemberKeyEntry[] = [
    { kid: signing.kid, use: 'sig', jwk: signing.jwk, status: 'active' },
    { kid: encryption.kid, use: 'enc', jwk: encryption.jwk, status: 'active' },
  ];
  const earlier = (registered?.keys ?? []).filter(({ kid }) => !own.some((key) => key.kid === kid));
  return [...earlier.map((key): MemberKeyEntry => ({ ...key, status: 'retired' })), ...own];
}

function says({ displayName, gateway, keys, issuers }: Member, statement: MemberStatement): boolean {
  const comparable = (value: Pick<MemberStatement, 'displayName' | 'gateway' | 'keys' | 'issuers'>): string =>
    JSON.stringify([
      value.displayName,
      value.gateway,
      value.issuers,
      value.keys.map(({ kid, use, status }) => `${kid} ${use} ${status}`).sort(),
    ]);
  return comparable({ displayName, gateway, keys, issuers }) === comparable(statement);
}

async function openCustody(
  custody: CustodyView,
  { configuration, transactions, log }: SetUpOptions,
): Promise<boolean> {
  const policy = configuration.custody;
  if (policy === undefined) return true;
  if (custody.isOpen) {
    const { purposeSystems = [], ...others } = custody.custody.policy;
    if (digestOf({ ...others, purposeSystems }) !== digestOf(policy)) {
      log.warn('setup.custody-policy-differs');
    }
    return true;
  }
  const command = {
    v: 1,
    command: 'open-custody',
    salt: randomBytes(32).toString('base64url'),
    pepper: randomBytes(32).toString('base64url'),
    policy: { ...policy },
  } as const;
  await transactions.run(command, { contract: 'custody', custodian: custody.custodian });
  return false;
}
