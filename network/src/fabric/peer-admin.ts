import { credentials } from '@grpc/grpc-js';
import { hash, signers } from '@hyperledger/fabric-gateway';
import { common, msp, peer } from '@hyperledger/fabric-protos';
import timestamps from 'google-protobuf/google/protobuf/timestamp_pb.js';
import { createHash, createPrivateKey, randomBytes } from 'node:crypto';
import type { AdminOfNode } from './fabric-node.js';

const DEADLINE_MS = 60_000;

/** What an organisation's admin does on its own peer, outside any channel. */
export interface PeerAdmin {
  channels(): Promise<string[]>;
  join(genesisBlock: Uint8Array): Promise<void>;
  /** Package ids. */
  installed(): Promise<string[]>;
  install(chaincodePackage: Uint8Array): Promise<void>;
  close(): void;
}

/** Calls the peer's system chaincodes (core/scc/cscc, core/chaincode/lifecycle), as `peer channel` and `peer lifecycle` do. */
export function peerAdmin({ organisation, ports, material }: AdminOfNode): PeerAdmin {
  const client = new peer.EndorserClient(
    `${organisation.host}:${ports.peer}`,
    credentials.createSsl(Buffer.from(material.tlsCaPem)),
    { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 },
  );
  const sign = signers.newPrivateKeySigner(createPrivateKey(material.admin.identity.keyPem));
  const creator = new msp.SerializedIdentity();
  creator.setMspid(material.mspId);
  creator.setIdBytes(Buffer.from(material.admin.identity.certificatePem));

  const call = async (chaincode: string, args: readonly Uint8Array[]): Promise<Uint8Array> => {
    const proposal = new peer.SignedProposal();
    proposal.setProposalBytes(proposalBytes(creator.serializeBinary(), chaincode, args));
    proposal.setSignature(await sign(hash.sha256(proposal.getProposalBytes_asU8())));
    const response = await new Promise<peer.ProposalResponse>((resolve, reject) => {
      client.processProposal(proposal, { deadline: Date.now() + DEADLINE_MS }, (error, answer) => {
        if (error === null && answer !== undefined) resolve(answer);
        else reject(error ?? new Error('no answer'));
      });
    });
    const result = response.getResponse();
    if (result === undefined || result.getStatus() < 200 || result.getStatus() >= 400) {
      throw new Error(
        `peer of ${organisation.name} answers ${result?.getStatus() ?? 0}: ${result?.getMessage() ?? ''}`,
      );
    }
    return result.getPayload_asU8();
  };

  return {
    channels: async () => {
      const payload = await call('cscc', [Buffer.from('GetChannels')]);
      return peer.ChannelQueryResponse.deserializeBinary(payload)
        .getChannelsList()
        .map((channel) => channel.getChannelId());
    },
    join: async (genesisBlock) => {
      await call('cscc', [Buffer.from('JoinChain'), genesisBlock]);
    },
    installed: async () => {
      const args = new peer.lifecycle.QueryInstalledChaincodesArgs().serializeBinary();
      const payload = await call('_lifecycle', [Buffer.from('QueryInstalledChaincodes'), args]);
      return peer.lifecycle.QueryInstalledChaincodesResult.deserializeBinary(payload)
        .getInstalledChaincodesList()
        .map((chaincode) => chaincode.getPackageId());
    },
    install: async (chaincodePackage) => {
      const args = new peer.lifecycle.InstallChaincodeArgs();
      args.setChaincodeInstallPackage(chaincodePackage);
      await call('_lifecycle', [Buffer.from('InstallChaincode'), args.serializeBinary()]);
    },
    close: () => {
      client.close();
    },
  };
}

/** A proposal to a system chaincode, on no channel. */
function proposalBytes(creator: Uint8Array, chaincode: string, args: readonly Uint8Array[]): Uint8Array {
  const chaincodeId = new peer.ChaincodeID();
  chaincodeId.setName(chaincode);
  const input = new peer.ChaincodeInput();
  input.setArgsList([...args]);
  const spec = new peer.ChaincodeSpec();
  spec.setType(peer.ChaincodeSpec.Type.GOLANG);
  spec.setChaincodeId(chaincodeId);
  spec.setInput(input);
  const invocation = new peer.ChaincodeInvocationSpec();
  invocation.setChaincodeSpec(spec);
  const payload = new peer.ChaincodeProposalPayload();
  payload.setInput(invocation.serializeBinary());

  const nonce = randomBytes(24);
  const extension = new peer.ChaincodeHeaderExtension();
  extension.setChaincodeId(chaincodeId);
  const channelHeader = new common.ChannelHeader();
  channelHeader.setType(common.HeaderType.ENDORSER_TRANSACTION);
  channelHeader.setTxId(createHash('sha256').update(nonce).update(creator).digest('hex'));
  channelHeader.setTimestamp(timestamps.Timestamp.fromDate(new Date()));
  channelHeader.setExtension$(extension.serializeBinary());
  const signatureHeader = new common.SignatureHeader();
  signatureHeader.setCreator(creator);
  signatureHeader.setNonce(nonce);
  const header = new common.Header();
  header.setChannelHeader(channelHeader.serializeBinary());
  header.setSignatureHeader(signatureHeader.serializeBinary());

  const proposal = new peer.Proposal();
  proposal.setHeader(header.serializeBinary());
  proposal.setPayload(payload.serializeBinary());
  return proposal.serializeBinary();
}
