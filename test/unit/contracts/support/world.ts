import {
  REQUEST_TYP,
  canonicalBytes,
  custodyCollection,
  parseRefusal,
  privateKey,
  studyCollection,
  withdrawalCollection,
  type CustodyCommand,
  type CustodyPolicy,
  type CustodyQuery,
  type MemberKind,
  type MemberStatement,
  type PrivateKind,
  type RegistryCommand,
  type RegistryQuery,
  type RequestClaims,
  type StudyCommand,
  type WithdrawalCommand,
} from '@consent-ledger/chaincode/wire';
import { expect } from 'chai';
import { createHash, randomBytes } from 'node:crypto';
import { FakeLedger, type Simulation } from './fake-ledger.js';
import { certificateWith, entryOf, newKey, signJws, type TestKey } from './identities.js';

/** The time at which everything happens unless a test says otherwise: 2026-11-24T10:00:00.250Z. */
export const NOW = 1_795_514_400_250;
export const NOW_INSTANT = new Date(NOW).toISOString();

export const LEDGER_ID = createHash('sha256').update('genesis').digest('hex');
export const PEPPER = createHash('sha256').update('pepper').digest();

export const RIVERSIDE = 'RiversideMSP';
export const LAKESIDE = 'LakesideMSP';
export const NOVACURE = 'NovacureMSP';
export const SENTINEL = 'SentinelMSP';

const KINDS: Readonly<Record<string, MemberKind>> = {
  [RIVERSIDE]: 'hospital',
  [LAKESIDE]: 'hospital',
  [NOVACURE]: 'sponsor',
  [SENTINEL]: 'auditor',
};

export const ROLES = ['client', 'admin', 'peer', 'orderer', 'none', 'two'] as const;
export type TestRole = (typeof ROLES)[number];

const UNITS: Partial<Record<TestRole, string[]>> = { none: ['cardiology'], two: ['client', 'admin'] };

const certificates = new Map<TestRole, string>();

/** Certificates take a while to make and say nothing of the member, so every world has the same. */
export async function makeCertificates(): Promise<void> {
  for (const role of ROLES) {
    const units = UNITS[role] ?? [role];
    if (!certificates.has(role)) certificates.set(role, await certificateWith(units));
  }
}

export interface Who {
  readonly mspId: string;
  readonly role?: TestRole;
}

type Unsalted<Command> = Command extends unknown ? Omit<Command, 'v' | 'salt'> & { salt?: string } : never;
type Unversioned<Message> = Message extends unknown ? Omit<Message, 'v'> : never;

/** Two hospitals, a sponsor and an auditor on one ledger. */
export class World {
  /** What the endorsers' clocks say. */
  now = NOW;
  /** What the proposal says, where it is something else. */
  proposedAt: number | undefined;
  readonly signing = new Map<string, TestKey>();
  readonly encryption = new Map<string, TestKey>();
  readonly ledger: FakeLedger;
  #count = 0;

  constructor() {
    const collections = [RIVERSIDE, LAKESIDE].flatMap((custodian): [string, string[]][] => [
      [custodyCollection(custodian), [custodian, SENTINEL]],
      [withdrawalCollection(custodian), [custodian, SENTINEL]],
      [studyCollection(custodian, NOVACURE), [custodian, NOVACURE, SENTINEL]],
    ]);
    this.ledger = new FakeLedger(new Map(collections), () => this.now);
    for (const mspId of Object.keys(KINDS)) {
      this.signing.set(mspId, newKey());
      this.encryption.set(mspId, newKey());
    }
  }

  /** The ledger founded, every member registered, Riverside's custody open. */
  static async open(policy: Partial<CustodyPolicy> = {}): Promise<World> {
    const world = new World();
    await world.register({ command: 'found-ledger', id: LEDGER_ID });
    for (const mspId of Object.keys(KINDS)) await world.registerMember(world.statementOf(mspId));
    await world.custody({
      command: 'open-custody',
      pepper: PEPPER.toString('base64url'),
      policy: { ...POLICY, ...policy },
    });
    return world;
  }

  statementOf(mspId: string): MemberStatement {
    const name = mspId.replace(/MSP$/, '').toLowerCase();
    return {
      mspId,
      name,
      kind: KINDS[mspId] ?? 'hospital',
      displayName: `${name} of the test`,
      gateway: `https://${name}.example`,
      keys: [entryOf(this.signingKey(mspId), 'sig'), entryOf(this.encryptionKey(mspId), 'enc')],
      issuers: [`https://id.${name}.example`],
    };
  }

  signingKey(mspId: string): TestKey {
    return must(this.signing.get(mspId));
  }

  encryptionKey(mspId: string): TestKey {
    return must(this.encryption.get(mspId));
  }

  registerMember(member: MemberStatement, who?: Who): Promise<Simulation> {
    return this.register(
      { command: 'register-member', member },
      who ?? { mspId: member.mspId, role: 'admin' },
    );
  }

  async register(
    command: Unversioned<RegistryCommand>,
    who: Who = { mspId: RIVERSIDE, role: 'admin' },
  ): Promise<Simulation> {
    return succeeded(await this.tryRegister(command, who));
  }

  tryRegister(command: object, who: Who): Promise<Simulation> {
    return this.call(['registry:apply', JSON.stringify({ v: 1, ...command })], undefined, who);
  }

  async custody(command: Unsalted<CustodyCommand>, custodian = RIVERSIDE): Promise<Simulation> {
    return succeeded(await this.tryCustody(command, { mspId: custodian }, custodian));
  }

  tryCustody(command: object, who: Who = { mspId: RIVERSIDE }, custodian = RIVERSIDE): Promise<Simulation> {
    const message = { v: 1, salt: this.salt(), ...command };
    return this.call(['custody:apply', custodian], { command: bytes(message) }, who);
  }

  async withdrawal(
    command: Unsalted<WithdrawalCommand>,
    who: Who = { mspId: RIVERSIDE },
  ): Promise<Simulation> {
    return succeeded(await this.tryWithdrawal(command, who));
  }

  tryWithdrawal(
    command: object,
    who: Who = { mspId: RIVERSIDE },
    custodian = RIVERSIDE,
  ): Promise<Simulation> {
    const message = { v: 1, salt: this.salt(), ...command };
    return this.call(['withdrawal:apply', custodian], { command: bytes(message) }, who);
  }

  async study(command: Unsalted<StudyCommand>, who: Who = { mspId: NOVACURE }): Promise<Simulation> {
    return succeeded(await this.tryStudy(command, who));
  }

  tryStudy(command: object, who: Who = { mspId: NOVACURE }, site = RIVERSIDE): Promise<Simulation> {
    const message = { v: 1, salt: this.salt(), ...command };
    return this.call(['study:apply', site, NOVACURE], { command: bytes(message) }, who);
  }

  queryRegistry(query: Unversioned<RegistryQuery>, who: Who = { mspId: NOVACURE }): Promise<Simulation> {
    return this.call(['registry:query', JSON.stringify({ v: 1, ...query })], undefined, who);
  }

  queryCustody(query: Unversioned<CustodyQuery>, who: Who = { mspId: RIVERSIDE }): Promise<Simulation> {
    return this.call(['custody:query', RIVERSIDE], { query: bytes({ v: 1, ...query }) }, who);
  }

  /** Any call at all, hostile ones included. */
  call(
    args: readonly string[],
    transient: Record<string, Uint8Array> | undefined,
    who: Who,
    certificate = must(certificates.get(who.role ?? 'client')),
  ): Promise<Simulation> {
    const proposal = { args, mspId: who.mspId, certificate, at: this.proposedAt ?? this.now };
    return this.ledger.submit(transient === undefined ? proposal : { ...proposal, transient });
  }

  /** A request of Lakeside's to Riverside, well formed and signed unless a test changes it. */
  request(changes: Partial<RequestClaims> = {}, header: object = {}, key?: TestKey): string {
    const claims = this.claims(changes);
    const signer = key ?? this.signing.get(claims.iss) ?? this.signingKey(LAKESIDE);
    return signJws({ alg: 'ES256', typ: REQUEST_TYP, kid: signer.kid, ...header }, claims, signer.privateKey);
  }

  claims(changes: Partial<RequestClaims> = {}): RequestClaims {
    const iat = Math.floor(this.now / 1_000);
    const iss = changes.iss ?? LAKESIDE;
    return {
      iss,
      aud: RIVERSIDE,
      ledger: LEDGER_ID,
      jti: randomBytes(16).toString('base64url'),
      iat,
      exp: iat + 120,
      sub: 'dr-lake-0123456789',
      roles: ['practitioner'],
      references: ['Practitioner/lake-1'],
      auth: { time: iat - 60, methods: ['pwd'] },
      purpose: ['TREAT'],
      records: ['hb-1'],
      enc: (this.encryption.get(iss) ?? this.encryptionKey(LAKESIDE)).kid,
      ...changes,
    };
  }

  key(kind: PrivateKind, ...id: [string, ...string[]]): string {
    return privateKey(kind, PEPPER, ...id);
  }

  /** The private value of Riverside's under that key; fails if there is none. */
  value(kind: PrivateKind, ...id: [string, ...string[]]): Record<string, unknown> {
    const isWithdrawal = kind === 'withdrawal' || kind === 'withdrawn';
    const collection = (isWithdrawal ? withdrawalCollection : custodyCollection)(RIVERSIDE);
    return must(this.ledger.values().get(`${collection}/${this.key(kind, ...id)}`));
  }

  /** A new salt for each command, the same in every run. */
  salt(): string {
    this.#count += 1;
    return createHash('sha256').update(`salt ${this.#count}`).digest('base64url');
  }
}

export const POLICY: CustodyPolicy = {
  impliedPolicy: 'deny',
  emergencyRoles: ['emergency-physician'],
  reviewHours: 72,
  signedOnlyPurposes: [],
  agreementPurposes: [],
};

/** The refusal's code; fails where the chaincode did not refuse, or wrote anything. */
export function refusalOf(simulation: Simulation): string {
  expect(simulation.status, 'status').to.equal(500);
  expect(simulation.payload).to.have.length(0);
  const refusal = parseRefusal(simulation.message);
  return must(refusal).code;
}

export function succeeded(simulation: Simulation): Simulation {
  expect(simulation.message).to.equal('');
  expect(simulation.status).to.equal(200);
  return simulation;
}

export function payloadOf(simulation: Simulation): unknown {
  return JSON.parse(Buffer.from(succeeded(simulation).payload).toString()) as unknown;
}

export function bytes(message: object): Buffer {
  return canonicalBytes(message);
}

export function must<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('There should be something here.');
  return value;
}
