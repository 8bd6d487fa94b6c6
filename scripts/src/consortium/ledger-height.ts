import { ledgerDocument } from '@consent-ledger/chaincode/wire/http';
import type { Organisation } from '@consent-ledger/network';
import { memberClient } from './member-client.js';
import type { Consortium } from './consortium.js';
import { UserError } from '../user-error.js';

/** How many blocks a member's gateway has followed. Throws a UserError when it does not say. */
export async function ledgerHeight(consortium: Consortium, organisation: Organisation): Promise<number> {
  const client = await memberClient(consortium, organisation.name, 'admin');
  const { status, body } = await client.send({ method: 'GET', path: '/v1/ledger' });
  if (status !== 200)
    throw new UserError(`The gateway of ${organisation.name} does not say its height: status ${status}.`);
  return ledgerDocument.parse(JSON.parse(body.toString('utf8'))).height;
}
