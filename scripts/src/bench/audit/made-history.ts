import {
  createHash,
  createHmac,
  createPrivateKey,
  generateKeyPairSync,
  sign,
  type KeyObject,
} from 'node:crypto';
import { compileConsent, RULES_VERSION } from '@consent-ledger/chaincode/domain';
import {
  answerRequest,
  canonicalBytes,
  checkRequestObject,
  consentsReader,
  CUSTODY_KEY,
  custodyCollection,
  digestOf,
  instantOf,
  LEDGER_KEY,
  memberKey,
  parseRequestObject,
  privateKey,
  RECEIPT_TYP,
  REQUEST_TYP,
  thumbprintOf,
  withdrawalCollection,
  type Custody,
  type DecisionState,
  type Member,
  type PrivateKind,
  type PublicJwk,
  type RequestClaims,
} from '@consent-ledger/chaincode/wire';
import { transactionId, type MadeTransaction, type MadeWrite } from './made-chain.js';

/** One request of a made history. */
export interface MadeRequest {
  readonly user: string;
  readonly records: readonly string[];
  readonly purpose?: string;
  readonly roles?: readonly string[];
  readonly emergency?: string;
  readonly jti: string;
}

export const CUSTODIAN = 'RiversideMSP';
export const REQUESTER = 'LakesideMSP';
const COLLECTION = custodyCollection(CUSTODIAN);
const WITHDRAWALS = withdrawalCollection(CUSTODIAN);
export const MADE_COLLECTIONS: readonly string[] = [COLLECTION, WITHDRAWALS];

interface Party {
  readonly member: Member;
  readonly signing: KeyObject;
  readonly kid: string;
  readonly enc: string;
}

/**
 * Writes as the chaincode makes them: what is decided is decided by the rules themselves, requests and receipts are signed.
 * One custodian and one requester; ids are the caller's, and everything derives from them, so that a history is the same each
 * time but for its keys.
 */
export class MadeHistory {
  readonly #requester = party(REQUESTER, 'lakeside', 'Lakeside Clinic');
  readonly #custodian = party(CUSTODIAN, 'riverside', 'Riverside Hospital');
  readonly pepper = createHash('sha256').update('pepper').digest();
  /** JSON of what decisions read, by kind and id. */
  readonly #state = new Map<string, unknown>();
  readonly #withdrawn = new Map<string, object[]>();
  #salts = 0;
  readonly #custody: Custody = {
    v: 1,
    salt: this.#salt(),
    custodian: CUSTODIAN,
    organization: 'Organization/riverside',
    pepper: this.pepper.toString('base64url'),
    policy: {
      impliedPolicy: 'deny',
      emergencyRoles: ['emergency-physician'],
      reviewHours: 72,
      signedOnlyPurposes: [],
      agreementPurposes: [],
    },
  };

  /** @param ledgerId what signed objects name; set when the genesis block is there */
  ledgerId = '';

  /** Of the second block: members and the custody. */
  founding(at: number): MadeTransaction {
    const members = [this.#custodian, this.#requester].map(({ member }) =>
      publicWrite(memberKey(member.mspId), member),
    );
    return {
      at,
      writes: [
        publicWrite(LEDGER_KEY, { v: 1, id: this.ledgerId }),
        ...members,
        { collection: COLLECTION, key: CUSTODY_KEY, value: canonicalBytes(this.#custody) },
      ],
    };
  }

  /** A subject with a consent that permits the requester treatment, and records. */
  person(at: number, subject: string, records: readonly string[], end?: string): MadeTransaction {
    const policies = { v: 1, salt: this.#salt(), subject, consents: [] as object[] };
    const writes = [
      this.#private('subject', [subject], { subject, status: 'active', registeredAt: instantOf(at) }),
      ...records.map((record) => this.#record(at, subject, record)),
    ];
    const consent = `consent-${subject}`;
    const resource = consentResource(subject, consent, end);
    const compiled = compileConsent(resource);
    if (!compiled.ok) throw new RangeError(`the consent is refused: ${JSON.stringify(compiled.problems)}`);
    policies.consents.push({ consent, version: 1, evidence: 'witnessed', policy: compiled.policy });
    this.#state.set(`policies ${subject}`, policies);
    writes.push(
      this.#private('consent', [consent], {
        consent,
        version: 1,
        subject,
        resource,
        digest: digestOf(resource),
        evidence: { kind: 'witnessed', by: 'staff-member-000001', form: this.#digest(subject) },
        filedAt: instantOf(at),
        filedBy: CUSTODIAN,
      }),
      this.#private('policies', [subject], { subject, consents: policies.consents }),
    );
    return { at, writes };
  }

  withdrawal(at: number, subject: string): MadeTransaction {
    const consent = `consent-${subject}`;
    const entry = { consent, at: instantOf(at), by: CUSTODIAN, evidence: 'witnessed' };
    const list = [...(this.#withdrawn.get(subject) ?? []), entry];
    this.#withdrawn.set(subject, list);
    this.#state.set(`withdrawal ${subject}`, { v: 1, salt: this.#salt(), subject, withdrawals: list });
    const evidence = { kind: 'witnessed', by: 'staff-member-000001', form: this.#digest(subject) };
    return {
      at,
      writes: [
        this.#private('withdrawal', [subject], { subject, withdrawals: list }, WITHDRAWALS),
        this.#private(
          'withdrawn',
          [consent],
          { consent, subject, at: instantOf(at), by: CUSTODIAN, evidence },
          WITHDRAWALS,
        ),
      ],
    };
  }

  /** Purges what is under that key, and with it all that was. */
  purge(at: number, kind: PrivateKind, ...id: readonly [string, ...string[]]): MadeTransaction {
    return { at, writes: [{ collection: COLLECTION, key: privateKey(kind, this.pepper, ...id) }] };
  }

  /** Decides and logs requests in one transaction, which comes to stand at that place. */
  async decisions(
    at: number,
    block: number,
    index: number,
    requests: readonly MadeRequest[],
  ): Promise<MadeTransaction> {
    const state: DecisionState = {
      custody: this.#custody,
      values: { get: (kind, id) => Promise.resolve(this.#state.get(`${kind} ${id}`) as never) },
      withdrawals: { get: (kind, id) => Promise.resolve(this.#state.get(`${kind} ${id}`) as never) },
      studies: { get: () => Promise.resolve(undefined) },
      agreements: { get: () => Promise.resolve(undefined) },
      legalBases: { get: () => Promise.resolve(undefined) },
    };
    const consentsOf = consentsReader(state);
    const writes: MadeWrite[] = [];
    const details: object[] = [];
    for (const made of requests) {
      const text = this.#request(at, made);
      const parsed = parseRequestObject(text);
      if (parsed.kind === 'refused') throw new RangeError(`a request is refused: ${parsed.code}`);
      const members = (mspId: string): Member | undefined =>
        mspId === REQUESTER ? this.#requester.member : undefined;
      const request = checkRequestObject(parsed, {
        ledgerId: this.ledgerId,
        custodian: CUSTODIAN,
        members,
        purposeSystems: undefined,
        at,
      });
      if (request.kind === 'refused') throw new RangeError(`a request is refused: ${request.code}`);
      const records = await answerRequest(state, request, at, consentsOf);
      const event = privateKey('event', this.pepper, REQUESTER, made.jti);
      const detail = {
        salt: this.#salt(),
        event,
        request: text,
        records: records.map(({ logged }) => logged),
      };
      details.push(detail);
      writes.push(
        this.#private('event', [REQUESTER, made.jti], {
          custodian: CUSTODIAN,
          requester: REQUESTER,
          jti: made.jti,
          request: request.digest,
          at: instantOf(at),
          enc: this.#requester.enc,
          details: digestOf(detail),
          records: records.map(({ outward }) => outward),
          rules: RULES_VERSION,
        }),
      );
    }
    writes.push(this.#private('details', [transactionId(block, index)], { details, refused: [] }));
    return { at, writes };
  }

  /** The requester's receipts for one record each. */
  deliveries(
    at: number,
    received: readonly { readonly jti: string; readonly record: string }[],
  ): MadeTransaction {
    return {
      at,
      writes: received.map(({ jti, record }) => {
        const event = privateKey('event', this.pepper, REQUESTER, jti);
        const line = { record, bytes: 4_096, digest: this.#digest(record), complete: true };
        const receipt = this.#sign(RECEIPT_TYP, {
          iss: REQUESTER,
          aud: CUSTODIAN,
          ledger: this.ledgerId,
          iat: Math.floor(at / 1_000),
          event,
          records: [line],
        });
        return this.#private('delivery', [event, record], { event, ...line, receipt, at: instantOf(at) });
      }),
    };
  }

  /** Somebody of oversight looked into an emergency access. */
  review(at: number, jti: string): MadeTransaction {
    const event = privateKey('event', this.pepper, REQUESTER, jti);
    const value = {
      event,
      finding: 'justified',
      reviewer: 'reviewer-00000000001',
      by: CUSTODIAN,
      at: instantOf(at),
    };
    return { at, writes: [this.#private('review', [event], value)] };
  }

  /** Somebody asked for a record to be amended, and what came of it. */
  amendment(at: number, amendment: string, subject: string, more: object = {}): MadeTransaction {
    const value = {
      amendment,
      subject,
      record: 'record-1',
      version: 1,
      requestedBy: 'subject',
      request: this.#digest(`request of ${amendment}`),
      takenBy: 'clerk-00000000000001',
      requestedAt: instantOf(at),
      dueAt: instantOf(at + 60 * 86_400_000),
      ...more,
    };
    return { at, writes: [this.#private('amendment', [amendment], value)] };
  }

  #record(at: number, subject: string, record: string): MadeWrite {
    const descriptor = {
      record,
      version: 1,
      subjects: [subject],
      digest: this.#digest(record),
      ciphertext: { digest: this.#digest(`ciphertext of ${record}`), bytes: 4_096 },
      mediaType: 'application/fhir+json',
      facts: {
        reference: `Observation/${record}`,
        resourceType: 'Observation',
        classes: [],
        codes: [{ system: 'http://loinc.org', code: '718-7' }],
        labels: ['N'],
        author: [],
        refersTo: [],
        referredToBy: [],
      },
      status: 'active',
      registeredAt: instantOf(at),
    };
    this.#state.set(`descriptor ${record}`, descriptor);
    return this.#private('descriptor', [record], descriptor);
  }

  #request(
    at: number,
    { user, records, purpose = 'TREAT', roles = ['practitioner'], emergency, jti }: MadeRequest,
  ): string {
    const now = Math.floor(at / 1_000);
    return this.#sign(REQUEST_TYP, {
      iss: REQUESTER,
      aud: CUSTODIAN,
      ledger: this.ledgerId,
      jti,
      iat: now,
      exp: now + 300,
      sub: user,
      roles: [...roles],
      references: [],
      auth: { time: now, methods: ['pwd'] },
      purpose: [purpose],
      records: [...records],
      enc: this.#requester.enc,
      ...(emergency !== undefined && { emergency: { reason: emergency } }),
    } satisfies RequestClaims);
  }

  #sign(typ: string, claims: object): string {
    const signed = `${segment({ alg: 'ES256', typ, kid: this.#requester.kid })}.${segment(claims)}`;
    const signature = sign('sha256', Buffer.from(signed), {
      key: this.#requester.signing,
      dsaEncoding: 'ieee-p1363',
    });
    return `${signed}.${signature.toString('base64url')}`;
  }

  #private(
    kind: PrivateKind,
    id: readonly [string, ...string[]],
    value: object,
    collection: string = COLLECTION,
  ): MadeWrite {
    const bytes = canonicalBytes({ v: 1, salt: this.#salt(), ...value });
    return { collection, key: privateKey(kind, this.pepper, ...id), value: bytes };
  }

  #salt(): string {
    this.#salts += 1;
    return createHmac('sha256', 'salt')
      .update(String(this.#salts))
      .digest()
      .subarray(0, 16)
      .toString('base64url');
  }

  #digest(of: string): string {
    return createHash('sha256').update(of).digest('base64url');
  }
}

function publicWrite(key: string, value: object): MadeWrite {
  return { collection: '', key, value: canonicalBytes(value) };
}

function party(mspId: string, name: string, displayName: string): Party {
  const [signing, encryption] = [keyPair(), keyPair()];
  return {
    signing: signing.key,
    kid: signing.kid,
    enc: encryption.kid,
    member: {
      v: 1,
      mspId,
      name,
      kind: 'hospital',
      displayName,
      gateway: `https://${name}.example`,
      issuers: [`https://id.${name}.example`],
      keys: [
        { kid: signing.kid, use: 'sig', jwk: signing.jwk, status: 'active' },
        { kid: encryption.kid, use: 'enc', jwk: encryption.jwk, status: 'active' },
      ],
      status: 'active',
    },
  };
}

function keyPair(): { key: KeyObject; jwk: PublicJwk; kid: string } {
  const { privateKey: made, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const jwk = { kty: 'EC', crv: 'P-256', x, y } as const;
  return {
    key: createPrivateKey(made.export({ format: 'pem', type: 'pkcs8' })),
    jwk,
    kid: thumbprintOf(jwk),
  };
}

function segment(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

const TERMINOLOGY = 'http://terminology.hl7.org/CodeSystem';

function concept(system: string, code: string): object {
  return { coding: [{ system: `${TERMINOLOGY}/${system}`, code }] };
}

function consentResource(subject: string, id: string, end: string | undefined): object {
  return {
    resourceType: 'Consent',
    id,
    status: 'active',
    scope: concept('consentscope', 'patient-privacy'),
    category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
    patient: { reference: `Patient/${subject}` },
    policyRule: concept('v3-ActCode', 'OPTIN'),
    provision: {
      type: 'permit',
      ...(end !== undefined && { period: { end } }),
      actor: [
        { role: concept('v3-ParticipationType', 'IRCP'), reference: { reference: 'Organization/lakeside' } },
      ],
      securityLabel: [{ system: `${TERMINOLOGY}/v3-Confidentiality`, code: 'N' }],
      purpose: [{ system: `${TERMINOLOGY}/v3-ActReason`, code: 'TREAT' }],
    },
  };
}
