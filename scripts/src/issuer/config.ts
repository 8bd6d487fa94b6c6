import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { badInput } from '../user-error.js';

const client = z.strictObject({
  /** Also the token's `sub`: the user's name at this member. */
  id: z.string().min(1),
  secret: z.string().min(32),
  roles: z.array(z.string()),
  /** FHIR references that the member attests for this user, such as `Practitioner/7f3a`. */
  references: z.array(z.string()),
});

const privateKey = z.strictObject({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string(),
  y: z.string(),
  d: z.string(),
  kid: z.string(),
  use: z.literal('sig'),
  alg: z.literal('ES256'),
});

const issuerConfig = z.strictObject({
  version: z.literal(1),
  host: z.string(),
  port: z.int().min(0).max(65_535),
  /** PEM files. */
  certificate: z.string(),
  key: z.string(),
  members: z.array(
    z.strictObject({
      name: z.string(),
      /** `iss`; its path is the member's own. */
      issuer: z.url({ protocol: /^https$/ }),
      /** `aud`: the member's gateway. */
      audience: z.string(),
      signingKey: privateKey,
      clients: z.array(client),
    }),
  ),
});

export type IssuerConfig = z.output<typeof issuerConfig>;
export type IssuerMember = IssuerConfig['members'][number];
export type IssuerClient = z.output<typeof client>;
export type IssuerKey = z.output<typeof privateKey>;

/** Reads the issuer's configuration, secrets included. Throws a UserError that names keys, never values. */
export async function readIssuerConfig(file: string): Promise<IssuerConfig> {
  const parsed = issuerConfig.safeParse(parseJson(await readFile(file, 'utf8'), file));
  if (!parsed.success) {
    const keys = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.code}`).join('; ');
    throw badInput(`${file} is not an issuer's configuration (${keys}).`);
  }
  return parsed.data;
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw badInput(`${file} is not JSON.`, { cause });
  }
}
