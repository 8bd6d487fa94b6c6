import { OPERATIONS, type Operation, type OperationName } from '@consent-ledger/chaincode/wire/http';
import { expect } from 'chai';
import fc from 'fast-check';
import type { Answer, CallOptions, TestMember } from './support/consortium.js';
import { spoiled, valuesOf, type Schema } from './support/from-schema.js';
import { goodInputs, type Input } from './support/good-inputs.js';
import { everyone, PATIENCE_MS, sharedMembers, type Members } from './support/shared.js';

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

const OPERATION_LIST = Object.entries(OPERATIONS) as [OperationName, Operation][];

const RUNS = Number(process.env['OPENAPI_RUNS'] ?? 30);

/** Opens every route: what is tried is not who may call. */
const ROLES = [
  'practitioner',
  'researcher',
  'consent-clerk',
  'consent-portal',
  'records-clerk',
  'privacy-officer',
  'trial-manager',
  'auditor',
  'admin',
];

/** Not while the ledger is within reach: `journal.test.ts` has what they are for. */
const REFUSED: ReadonlySet<OperationName> = new Set(['releaseByJournal', 'countersignJournal']);

describe('every route, driven from its OpenAPI description', function () {
  this.timeout(PATIENCE_MS);
  let members: Members;
  let documents: ReadonlyMap<TestMember, Document>;
  let good: Awaited<ReturnType<typeof goodInputs>>;

  before(async () => {
    members = await sharedMembers();
    good = await goodInputs(members);
    documents = new Map(
      await Promise.all(
        everyone(members).map(async (member) => {
          const answer = await member.call('GET', '/openapi.json');
          return [member, answer.json as unknown as Document] as const;
        }),
      ),
    );
  });

  const describedAt = (member: TestMember, { path, method }: Operation): Described | undefined =>
    documents.get(member)?.paths[path]?.[method];

  /** The good input, or any that is as described, or either with one thing in it spoiled. */
  const inputs = (known: Input, described: Described, { components }: Document): fc.Arbitrary<Input> => {
    const place = (where: 'path' | 'query' | 'header'): fc.Arbitrary<Record<string, unknown>> => {
      const parameters = (described.parameters ?? []).filter((one) => one.in === where);
      const model = Object.fromEntries(
        parameters.map(({ name, schema }) => [
          name,
          fc.oneof(
            ...(name in known[where] ? [fc.constant(known[where][name])] : []),
            valuesOf(schema, components.schemas),
          ),
        ]),
      );
      const requiredKeys = parameters.filter(({ required }) => required === true).map(({ name }) => name);
      return fc.record(model, { requiredKeys: requiredKeys as never[] });
    };
    const [content] = Object.values(described.requestBody?.content ?? {});
    const body: fc.Arbitrary<unknown> =
      content === undefined
        ? fc.constant(undefined)
        : fc.oneof(fc.constant(known.body), valuesOf(content.schema, components.schemas));
    const made = fc.record({ path: place('path'), query: place('query'), header: place('header'), body });
    const whole = fc.oneof(fc.constant(known), made);
    return fc.oneof(
      made,
      whole.chain((one) => spoiled(one).map((other) => completed(other, one))),
    );
  };

  const call = (
    member: TestMember,
    token: string,
    { path, method }: Operation,
    described: Described,
    made: Input,
  ): Promise<Answer> => {
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

  /** Fails where the answer is a failure, or of a status, type or shape that is not described. */
  const guard = (answer: Answer, operation: Operation, { responses }: Described): void => {
    const seen = `${answer.status} ${answer.bytes.toString('utf8').slice(0, 400)}`;
    expect(answer.status, seen).to.be.lessThan(500);
    expect(Object.keys(responses), seen).to.include(`${answer.status}`);
    const type = String(answer.headers['content-type'] ?? '').split(';', 1)[0] ?? '';
    const types = Object.keys(responses[`${answer.status}`]?.content ?? {});
    if (answer.bytes.length > 0 && !types.includes('application/octet-stream'))
      expect(types, seen).to.include(type);
    const promised = promises(operation).find(({ status }) => status === answer.status);
    const isJson = type.endsWith('json') && promised?.mediaTypes === undefined;
    if (promised?.schema !== undefined && isJson)
      expect(promised.schema.safeParse(answer.json).error?.issues, seen).to.equal(undefined);
  };

  it('describes nothing at any member that is not driven below', () => {
    for (const [member, document] of documents) {
      const described = Object.entries(document.paths).flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, { operationId }]) => `${operationId}: ${method} ${path}`),
      );
      const driven = OPERATION_LIST.filter(([, operation]) => describedAt(member, operation) !== undefined);
      expect(described.sort(), member.name).to.deep.equal(
        driven.map(([name, { method, path }]) => `${name}: ${method} ${path}`).sort(),
      );
    }
  });

  for (const [name, operation] of OPERATION_LIST) {
    it(`${name}: no failure, no status and no shape that is not described`, async () => {
      const { at, input } = await good[name]();
      expect(describedAt(at, operation), `described at ${at.name}`).to.not.equal(undefined);
      for (const [member, document] of documents) {
        const described = describedAt(member, operation);
        if (described === undefined) continue;
        const token = await member.token('somebody', ROLES);
        if (member === at) {
          const answer = await call(member, token, operation, described, input);
          guard(answer, operation, described);
          const promised = REFUSED.has(name) ? [403, 422] : promises(operation).map(({ status }) => status);
          expect(promised, answer.bytes.toString('utf8').slice(0, 400)).to.include(answer.status);
        }
        await fc.assert(
          fc.asyncProperty(inputs(input, described, document), async (made) => {
            guard(await call(member, token, operation, described, made), operation, described);
          }),
          { numRuns: member === at ? RUNS : Math.ceil(RUNS / 4) },
        );
      }
    });
  }
});

function promises({ answer, answers = [] }: Operation): readonly Operation['answer'][] {
  return [answer, ...answers];
}

/** Whatever became of it, it can still be sent. */
function completed(value: unknown, one: Input): Input {
  const made = typeof value === 'object' && value !== null ? (value as Partial<Input>) : {};
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
