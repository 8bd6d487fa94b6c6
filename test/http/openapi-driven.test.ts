import { OPERATIONS, type Operation } from '@consent-ledger/chaincode/wire/http';
import { expect } from 'chai';
import fc from 'fast-check';
import type { CallOptions, TestMember } from './support/consortium.js';
import { EVIDENCE } from './support/fhir.js';
import { spoiled, valuesOf, type Schema } from './support/from-schema.js';
import { fileConsent, FORM, putRecord, registerSubject, treatmentConsent } from './support/people.js';
import { PATIENCE_MS, sharedMembers, type Members } from './support/shared.js';

interface Described {
  readonly operationId: string;
  readonly parameters?: readonly {
    readonly in: 'path' | 'query' | 'header';
    readonly name: string;
    readonly required?: boolean;
    readonly schema: Schema;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>
  >;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

interface Made {
  readonly path: Record<string, unknown>;
  readonly query: Record<string, unknown>;
  readonly header: Record<string, unknown>;
  readonly body: unknown;
}

const RUNS = Number(process.env['OPENAPI_RUNS'] ?? 40);

/** Opens every route: what is tried is not who may call. */
const ROLES = [
  'practitioner',
  'researcher',
  'consent-clerk',
  'consent-portal',
  'records-clerk',
  'auditor',
  'admin',
];

describe('every route, driven from its OpenAPI description', function () {
  this.timeout(PATIENCE_MS);
  let members: Members;
  let known: { readonly subject: string; readonly consent: string; readonly record: string };

  before(async () => {
    members = await sharedMembers();
    const subject = await registerSubject(members.riverside);
    const filed = await fileConsent(members.riverside, treatmentConsent({ subject }));
    const { id: record } = await putRecord(members.riverside, { subject });
    known = { subject, consent: String(filed.json['consent']), record };
  });

  /** Ids that are there, for the parameter of that name on that path. */
  const idsOf = (path: string, name: string): string[] => {
    if (name === 'release') return ['r4', 'r5'];
    if (name === 'version') return ['1', '2'];
    if (name !== 'id') return [];
    return [
      path.includes('/records/') ? known.record : path.includes('onsent') ? known.consent : known.subject,
    ];
  };

  const bodies = (name: string): fc.Arbitrary<unknown>[] => {
    const consent = { ...treatmentConsent({ subject: known.subject }), id: known.consent };
    if (name === 'fhirCreate' || name === 'fhirUpdate') return [fc.constant(consent)];
    const evidence = { kind: 'witnessed', form: FORM };
    if (name === 'fileConsent')
      return [fc.constant({ resource: treatmentConsent({ subject: known.subject }), evidence })];
    if (name === 'check')
      return [
        fc.constant({
          questions: [
            { requester: { member: 'Organization/lakeside' }, purpose: ['TREAT'], record: known.record },
          ],
        }),
      ];
    return [];
  };

  const inputs = (path: string, described: Described, { components }: Document): fc.Arbitrary<Made> => {
    const place = (where: 'path' | 'query' | 'header'): fc.Arbitrary<Record<string, unknown>> => {
      const parameters = (described.parameters ?? []).filter((one) => one.in === where);
      const model = Object.fromEntries(
        parameters.map(({ name, schema }) => {
          const there = where === 'path' ? idsOf(path, name) : [];
          const evidence = name === 'consent-ledger-evidence' ? [fc.constant(EVIDENCE)] : [];
          const made = valuesOf(schema, components.schemas);
          return [name, fc.oneof(...there.map((id) => fc.constant(id)), ...evidence, made)];
        }),
      );
      const requiredKeys = parameters.filter(({ required }) => required === true).map(({ name }) => name);
      return fc.record(model, { requiredKeys: requiredKeys as never[] });
    };
    const [content] = Object.values(described.requestBody?.content ?? {});
    const body: fc.Arbitrary<unknown> =
      content === undefined
        ? fc.constant(undefined)
        : fc.oneof(...bodies(described.operationId), valuesOf(content.schema, components.schemas));
    const made = fc.record({ path: place('path'), query: place('query'), header: place('header'), body });
    return fc.oneof(
      made,
      made.chain((one) => spoiled(one).map((other) => completed(other, one))),
    );
  };

  const call = (
    member: TestMember,
    token: string,
    path: string,
    method: string,
    described: Described,
    made: Made,
  ) => {
    const target = path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => encoded(made.path[name]) || '-');
    const query = new URLSearchParams(
      Object.entries(made.query).flatMap(([name, value]) =>
        (Array.isArray(value) ? value : [value]).map((one): [string, string] => [name, textOf(one)]),
      ),
    ).toString();
    const headers = Object.fromEntries(
      // What no client could send is not sent.
      Object.entries(made.header)
        .map(([name, value]) => [name, textOf(value)] as const)
        .filter(([name, value]) => /^[\w-]+$/.test(name) && /^[ -~]*$/.test(value)),
    );
    const sent = bodyOf(described, made.body);
    const options: CallOptions = { token, ...sent, headers: { ...headers, ...sent.headers } };
    return member.call(method.toUpperCase(), query === '' ? target : `${target}?${query}`, options);
  };

  for (const [name, operation] of Object.entries(OPERATIONS) as [string, Operation][]) {
    it(`${name}: no failure, no status and no shape that is not described`, async () => {
      for (const member of [members.riverside, members.sentinel, members.novacure]) {
        const document = (await member.call('GET', '/openapi.json')).json as unknown as Document;
        const described = document.paths[operation.path]?.[operation.method];
        if (described === undefined) continue;
        const token = await member.token('somebody', ROLES);
        await fc.assert(
          fc.asyncProperty(inputs(operation.path, described, document), async (made) => {
            const answer = await call(member, token, operation.path, operation.method, described, made);
            const seen = `${answer.status} ${answer.bytes.toString('utf8').slice(0, 400)}`;
            expect(answer.status, seen).to.be.lessThan(500);
            expect(Object.keys(described.responses), seen).to.include(`${answer.status}`);
            const type = String(answer.headers['content-type'] ?? '').split(';', 1)[0] ?? '';
            const types = Object.keys(described.responses[`${answer.status}`]?.content ?? {});
            if (answer.bytes.length > 0 && !types.includes('application/octet-stream'))
              expect(types, seen).to.include(type);
            const promised = [operation.answer, ...(operation.answers ?? [])].find(
              ({ status }) => status === answer.status,
            );
            const isJson = type.endsWith('json') && promised?.mediaTypes === undefined;
            if (promised?.schema !== undefined && isJson)
              expect(promised.schema.safeParse(answer.json).error?.issues, seen).to.equal(undefined);
          }),
          { numRuns: member === members.riverside ? RUNS : Math.ceil(RUNS / 4) },
        );
      }
    });
  }
});

/** Whatever became of it, it can still be sent. */
function completed(value: unknown, one: Made): Made {
  const made = typeof value === 'object' && value !== null ? (value as Partial<Made>) : {};
  const record = (part: unknown, other: Record<string, unknown>): Record<string, unknown> =>
    typeof part === 'object' && part !== null ? (part as Record<string, unknown>) : other;
  return {
    path: record(made.path, one.path),
    query: record(made.query, one.query),
    header: record(made.header, one.header),
    body: made.body,
  };
}

function encoded(value: unknown): string {
  const text = textOf(value);
  // Clients resolve these before they send anything.
  if (text === '.' || text === '..') return '-';
  return text.isWellFormed() ? encodeURIComponent(text) : '%ED%A0%80';
}

function textOf(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function bodyOf(described: Described, body: unknown): CallOptions {
  const [type] = Object.keys(described.requestBody?.content ?? {});
  if (type === undefined || body === undefined) return {};
  const sent = type === '*/*' ? 'application/octet-stream' : type;
  const isText = type === '*/*' || type.endsWith('urlencoded');
  const text = isText ? textOf(body) : JSON.stringify(body);
  return { headers: { 'content-type': sent }, body: Buffer.from(text) };
}
