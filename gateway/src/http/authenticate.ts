import type { Caller } from '@consent-ledger/chaincode/wire/http';
import type { IncomingMessage } from 'node:http';
import type { TokenVerifier, User } from '../ports/token-verifier.js';
import { Refusal } from '../usecases/refusal.js';

const MAX_TOKEN = 8_192;

/** The user behind a request, with a role that may call the operation. Throws a Refusal (401, 403, 503). */
export async function authenticate(
  request: IncomingMessage,
  roles: Exclude<Caller, string>,
  tokens: TokenVerifier,
): Promise<User> {
  const header = request.headers.authorization;
  if (header === undefined) throw new Refusal('token-missing');
  const token = /^Bearer ([A-Za-z0-9._~+/=-]+)$/i.exec(header)?.[1];
  if (token === undefined || token.length > MAX_TOKEN) throw new Refusal('token-invalid');
  const user = await tokens.verify(token);
  const allowed: readonly string[] = roles;
  if (!user.roles.some((role) => allowed.includes(role))) throw new Refusal('role-missing');
  return user;
}
