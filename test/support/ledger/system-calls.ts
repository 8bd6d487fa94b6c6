import { credentials } from '@grpc/grpc-js';
import { peer } from '@hyperledger/fabric-protos';
import type { Bench } from './bench.js';
import { CALL_DEADLINE_MS } from './calls.js';
import type { LedgerIdentity } from './identity.js';
import { makeProposal } from './proposal.js';
import type { LedgerOrganisation } from './target.js';

export interface SystemCall {
  readonly chaincode: 'qscc' | 'cscc' | '_lifecycle';
  readonly args: readonly (string | Uint8Array)[];
  /** The organisation's admin by default. */
  readonly identity?: LedgerIdentity;
  /** None by default: most of this is outside any channel. */
  readonly channel?: string;
}

/** Calls a system chaincode on one organisation's peer through its endorser service, as Fabric's command line does. */
export async function callSystem(
  organisation: LedgerOrganisation,
  { chaincode, args, identity = organisation.admin, channel = '' }: SystemCall,
): Promise<peer.ProposalResponse> {
  const client = new peer.EndorserClient(organisation.endpoint, credentials.createSsl(organisation.tlsCa));
  const { signed } = makeProposal({ identity, channel, chaincode, args });
  try {
    return await new Promise<peer.ProposalResponse>((resolve, reject) => {
      client.processProposal(signed, { deadline: Date.now() + CALL_DEADLINE_MS }, (error, response) => {
        if (error !== null) reject(error);
        else resolve(response ?? new peer.ProposalResponse());
      });
    });
  } finally {
    client.close();
  }
}

/** The payload of a call that has to succeed. */
export async function ask(organisation: LedgerOrganisation, call: SystemCall): Promise<Uint8Array> {
  const response = (await callSystem(organisation, call)).getResponse();
  if (response?.getStatus() !== 200) throw new Error(`${response?.getStatus()} ${response?.getMessage()}`);
  return response.getPayload_asU8();
}

/** `_lifecycle` through the organisation's gateway, as its admin unless told otherwise. */
export function lifecycleOf(
  bench: Bench,
  organisation: LedgerOrganisation = bench.a,
  identity: LedgerIdentity = organisation.admin,
): ReturnType<ReturnType<ReturnType<Bench['client']>['gateway']['getNetwork']>['getContract']> {
  return bench
    .client(organisation, identity)
    .gateway.getNetwork(bench.ledger.channel)
    .getContract('_lifecycle');
}
