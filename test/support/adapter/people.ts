import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import {
  thumbprintOf,
  type CommandOf,
  type MemberKeyEntry,
  type PublicJwk,
} from '@consent-ledger/chaincode/wire';
import type { LoadedConfiguration } from '@consent-ledger/gateway';
import type { Audience } from '@consent-ledger/gateway/internal/ports/ledger';
import { RIVERSIDE } from './topology.js';
import type { GatewayCore } from './gateway-core.js';

export const REGISTRY: Audience = { contract: 'registry' };
export const CUSTODY: Audience = { contract: 'custody', custodian: RIVERSIDE };

/** The ledger founded by the first that asks, and the member registered. */
export async function joinLedger(core: GatewayCore, loaded: LoadedConfiguration): Promise<void> {
  const { transactions } = core;
  const found = { v: 1, command: 'found-ledger', id: loaded.configuration.ledger.id } as const;
  await transactions.run(found, REGISTRY, { as: 'admin' });
  await transactions.run(statementOf(loaded), REGISTRY, { as: 'admin' });
}

const keys = new Map<string, MemberKeyEntry[]>();

/** The member's registration, the same each time. */
export function statementOf({ own }: LoadedConfiguration): CommandOf<'register-member'> {
  const known = keys.get(own.mspId) ?? [keyEntry('sig'), keyEntry('enc')];
  keys.set(own.mspId, known);
  const member = {
    mspId: own.mspId,
    name: own.name,
    kind: own.kind,
    displayName: own.displayName,
    gateway: own.gateway,
    keys: known,
    issuers: [],
  };
  return { v: 1, command: 'register-member', member };
}

export async function openRiverside({ transactions }: GatewayCore): Promise<void> {
  await transactions.run(
    {
      v: 1,
      command: 'open-custody',
      salt: salt(),
      pepper: salt(),
      policy: {
        impliedPolicy: 'deny',
        emergencyRoles: [],
        reviewHours: 72,
        signedOnlyPurposes: [],
        agreementPurposes: [],
      },
    },
    CUSTODY,
  );
}

/** A command that writes a subject; another one each time, unless it is named. */
export function newSubject(subject: string = randomUUID()): CommandOf<'register-subject'> {
  return { v: 1, command: 'register-subject', salt: salt(), subject };
}

function salt(): string {
  return randomBytes(32).toString('base64url');
}

function keyEntry(use: 'sig' | 'enc'): MemberKeyEntry {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { kty, crv, x, y } = publicKey.export({ format: 'jwk' });
  const jwk = { kty, crv, x, y } as PublicJwk;
  return { kid: thumbprintOf(jwk), use, jwk, status: 'active' };
}
