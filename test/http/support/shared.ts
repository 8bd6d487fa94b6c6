import { generateKeyPairSync } from 'node:crypto';
import type { ConfigurationInput } from '@consent-ledger/gateway';
import { RELYING_PARTY } from '../../support/signers.js';
import { startConsortium, type TestConsortium, type TestMember } from './consortium.js';

/** Purposes that Riverside has registered beside those of v3 ActReason; no other member has any. */
export const PURPOSE_SYSTEM = 'urn:riverside:purposes';

/** Purpose for which Riverside needs an agreement with whoever asks; nothing else of the suites is for it. */
export const AGREEMENT_PURPOSE = 'HMARKT';

/** Riverside's patients have passkeys, and consent for purposes of its own; no other member is set up for that. */
function asRiverside(configuration: ConfigurationInput): ConfigurationInput {
  if (configuration.member !== 'RiversideMSP') return configuration;
  const custody = {
    ...configuration.custody,
    purposeSystems: [PURPOSE_SYSTEM],
    agreementPurposes: [AGREEMENT_PURPOSE],
  };
  return { ...configuration, passkeys: [RELYING_PARTY], custody };
}

let started: Promise<TestConsortium> | undefined;

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });

/** An EHR that every gateway of the shared consortium takes tokens of (CDS Hooks). */
export const cdsClient = { issuer: 'https://ehr.example', kid: 'ehr-1', privateKey } as const;

const cdsClients = [
  {
    issuer: cdsClient.issuer,
    keys: [
      {
        ...(publicKey.export({ format: 'jwk' }) as { kty: 'EC'; crv: 'P-384'; x: string; y: string }),
        kid: cdsClient.kid,
      },
    ],
  },
];

/** One consortium for all suites that do it no harm; it is stopped when the last of them is done. */
export function sharedConsortium(): Promise<TestConsortium> {
  started ??= startConsortium((configuration) => ({ ...asRiverside(configuration), cdsClients }));
  return started;
}

after(async () => {
  await (await started)?.stop();
});

export interface Members {
  readonly riverside: TestMember;
  readonly lakeside: TestMember;
  readonly novacure: TestMember;
  readonly sentinel: TestMember;
}

export function everyone({ riverside, lakeside, novacure, sentinel }: Members): TestMember[] {
  return [riverside, lakeside, novacure, sentinel];
}

export async function sharedMembers(): Promise<Members> {
  const { member } = await sharedConsortium();
  return {
    riverside: member('riverside'),
    lakeside: member('lakeside'),
    novacure: member('novacure'),
    sentinel: member('sentinel'),
  };
}

/** Every test waits for blocks, on a machine that may have other work. */
export const PATIENCE_MS = 240_000;
