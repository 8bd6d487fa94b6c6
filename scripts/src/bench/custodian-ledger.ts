import { randomBytes } from 'node:crypto';
import {
  canonicalBytes,
  FUNCTIONS,
  TRANSIENT_COMMAND,
  TRANSIENT_QUERY,
  type CustodyCommand,
  type CustodyQuery,
} from '@consent-ledger/chaincode/wire';
import { ledgerClient, type LedgerClientOptions } from './ledger-client.js';

type WithoutEnvelope<Command> = Command extends unknown ? Omit<Command, 'v' | 'salt'> : never;

/** A custodian's own client, as its gateway is one: proposes to both endorsers, submits, waits for the commit. */
export interface CustodianLedger {
  /** Resolves when the transaction is valid on the own peer. Throws an Error with the code otherwise. */
  apply(command: WithoutEnvelope<CustodyCommand>): Promise<void>;
  query(query: WithoutEnvelope<CustodyQuery>): Promise<Uint8Array>;
  close(): void;
}

export function custodianLedger(
  options: LedgerClientOptions & { readonly oversightMspId: string },
): CustodianLedger {
  const { mspId } = options.organisation;
  const client = ledgerClient(options);
  return {
    apply: (command) => {
      const complete = { ...command, v: 1, salt: randomBytes(32).toString('base64url') };
      return client.submit(FUNCTIONS.custody.apply, {
        arguments: [mspId],
        transientData: { [TRANSIENT_COMMAND]: canonicalBytes(complete) },
        endorsingOrganizations: [mspId, options.oversightMspId],
      });
    },
    query: (query) =>
      client.evaluate(FUNCTIONS.custody.query, {
        arguments: [mspId],
        transientData: { [TRANSIENT_QUERY]: canonicalBytes({ ...query, v: 1 }) },
        endorsingOrganizations: [mspId],
      }),
    close: () => {
      client.close();
    },
  };
}
