import { z } from '@consent-ledger/chaincode/wire';
import { demographicsSchema, type Demographics } from '@consent-ledger/chaincode/wire/http';
import { Refusal } from '../../usecases/refusal.js';

/** What `Parameters` of Patient/$match ask. */
export interface MatchParameters {
  readonly patient: Demographics;
  readonly onlyCertainMatches: boolean;
  /** `Organization/<name>`. */
  readonly custodian: string;
  readonly purpose: readonly string[];
  readonly emergency: string | undefined;
}

const parameter = z.strictObject({
  name: z.string(),
  resource: z.record(z.string(), z.unknown()).optional(),
  valueBoolean: z.boolean().optional(),
  valueInteger: z.int().min(1).optional(),
  valueCode: z
    .string()
    .regex(/^[!-~]{1,256}$/)
    .optional(),
  valueString: z.string().min(1).max(500).optional(),
  valueReference: z
    .strictObject({ reference: z.string().regex(/^Organization\/[a-z][a-z0-9-]{0,39}$/) })
    .optional(),
});

const parameters = z.strictObject({
  resourceType: z.literal('Parameters'),
  id: z.string().optional(),
  meta: z.unknown().optional(),
  parameter: z.array(parameter).min(1).max(32),
});

/** Elements of Patient that people are told apart by, and of each element what is compared; the rest stays here. */
const ELEMENTS: Readonly<Record<string, readonly string[]>> = {
  identifier: ['system', 'value'],
  name: ['family', 'given'],
  address: ['line', 'city', 'postalCode', 'country'],
  telecom: ['system', 'value'],
};

/**
 * Reads `Parameters` of FHIR R4's Patient/$match: `resource`, `onlyCertainMatches` (true where it is absent) and `count` (there is one
 * answer at most); and what a question between members needs: `custodian`, `purpose` once or more, `emergency` where it is one. Throws a Refusal:
 * `body-malformed`, `match-incomplete`.
 */
export function matchParametersOf(body: unknown): MatchParameters {
  const parsed = parameters.safeParse(body);
  if (!parsed.success)
    throw malformed(parsed.error.issues.map(({ path, message }) => ({ path: pathOf(path), message })));
  const all = parsed.data.parameter;
  const unknown = all.findIndex(({ name }) => !KNOWN.has(name));
  if (unknown !== -1)
    throw malformed([{ path: `Parameters.parameter[${unknown}].name`, message: 'is not supported' }]);
  const one = (name: string) => all.find((each) => each.name === name);
  const custodian = one('custodian')?.valueReference?.reference;
  const purpose = all.flatMap(({ name, valueCode }) =>
    name === 'purpose' && valueCode !== undefined ? [valueCode] : [],
  );
  const missing = [
    ...(one('resource')?.resource === undefined ? ['resource with a Patient'] : []),
    ...(custodian === undefined ? ['custodian with a valueReference'] : []),
    ...(purpose.length === 0 || purpose.length > 8 ? ['purpose with a valueCode, one to eight times'] : []),
  ];
  if (custodian === undefined || missing.length > 0)
    throw malformed(missing.map((what) => ({ path: 'Parameters.parameter', message: `needs ${what}` })));
  return {
    patient: patientOf(one('resource')?.resource ?? {}),
    onlyCertainMatches: one('onlyCertainMatches')?.valueBoolean ?? true,
    custodian,
    purpose: [...new Set(purpose)],
    emergency: one('emergency')?.valueString,
  };
}

const KNOWN = new Set(['resource', 'onlyCertainMatches', 'count', 'custodian', 'purpose', 'emergency']);

function patientOf(resource: Readonly<Record<string, unknown>>): Demographics {
  const kept = Object.fromEntries(
    Object.entries(ELEMENTS).flatMap(([name, parts]) => {
      const value = resource[name];
      if (!Array.isArray(value)) return [];
      const items = value.map((item: unknown) => pick(item, parts)).filter((item) => isUsable(name, item));
      return items.length === 0 ? [] : [[name, items]];
    }),
  );
  const { resourceType, gender, birthDate } = resource;
  const parsed = demographicsSchema.safeParse({
    resourceType,
    ...kept,
    ...(gender === undefined ? {} : { gender }),
    birthDate,
  });
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map(({ path }) => ({
    path: ['Patient', ...path.map(String)].join('.'),
    message: 'is missing, or is not what it must be',
  }));
  throw new Refusal('match-incomplete', { errors });
}

/** A name that is one text, an identifier of no system, an address without a postal code: nothing can be compared with them. */
function isUsable(name: string, item: Readonly<Record<string, unknown>>): boolean {
  if (name === 'name') return typeof item['family'] === 'string' && Array.isArray(item['given']);
  if (name === 'address') return typeof item['postalCode'] === 'string';
  if (name === 'telecom' && !['phone', 'email', 'sms'].includes(String(item['system']))) return false;
  return typeof item['system'] === 'string' && typeof item['value'] === 'string';
}

function pick(item: unknown, names: readonly string[]): Record<string, unknown> {
  const whole = typeof item === 'object' && item !== null ? (item as Record<string, unknown>) : {};
  return Object.fromEntries(
    names.flatMap((name) => (whole[name] === undefined ? [] : [[name, whole[name]]])),
  );
}

function pathOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : `${text}.${String(step)}`),
    'Parameters',
  );
}

function malformed(errors: readonly { readonly path: string; readonly message: string }[]): Refusal {
  return new Refusal('body-malformed', { errors });
}
