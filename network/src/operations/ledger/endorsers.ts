import {
  readChaincodeActionPayload,
  readEnvelope,
  readPayload,
  readTransactionActions,
} from '../../wire-format/index.js';
import { gateway, msp } from '@hyperledger/fabric-protos';
import { describeFailure, type ChannelClient } from '../../fabric/channel-client.js';

/** A call that every peer can endorse and that writes nothing. */
export interface ReadinessCall {
  readonly chaincode: string;
  readonly call: readonly [name: string, ...args: string[]];
}

/** PEM of the certificates that endorse the call for these organisations; nothing is submitted. Rejects with what each peer says. */
export async function endorsers(
  client: ChannelClient,
  { chaincode, call: [name, ...args] }: ReadinessCall,
  mspIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  let bytes: Uint8Array;
  try {
    const proposal = client
      .contract(chaincode)
      .newProposal(name, { arguments: args, endorsingOrganizations: [...mspIds] });
    bytes = (await proposal.endorse()).getBytes();
  } catch (error) {
    throw new Error(describeFailure(error), { cause: error });
  }
  const envelope = gateway.PreparedTransaction.deserializeBinary(bytes).getEnvelope()?.serializeBinary();
  const { data } = readPayload(readEnvelope(envelope ?? new Uint8Array()).payload);
  const endorsements = readTransactionActions(data).flatMap(
    ({ payload }) => readChaincodeActionPayload(payload).action?.endorsements ?? [],
  );
  return new Map(
    endorsements.map(({ endorser }) => {
      const identity = msp.SerializedIdentity.deserializeBinary(endorser);
      return [identity.getMspid(), Buffer.from(identity.getIdBytes_asU8()).toString()];
    }),
  );
}
