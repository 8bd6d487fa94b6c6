import { X509Certificate } from 'node:crypto';
import { common, msp, orderer } from '@hyperledger/fabric-protos';

/** Who has to sign a block, as a configuration transaction says it. */
export type OrderingRule =
  /** Raft: any one orderer whose certificate one of these roots issued. */
  | { readonly kind: 'any'; readonly roots: readonly X509Certificate[] }
  /** BFT: so many of the orderers with these numbers. */
  | {
      readonly kind: 'quorum';
      readonly quorum: number;
      readonly orderers: ReadonlyMap<number, X509Certificate>;
    };

/** Source: Fabric's common/channelconfig (Channel / Orderer), from a configuration transaction's envelope. */
export function orderingRuleOf(configEnvelope: Uint8Array): OrderingRule {
  const payload = common.Payload.deserializeBinary(
    common.Envelope.deserializeBinary(configEnvelope).getPayload_asU8(),
  );
  const group = common.ConfigEnvelope.deserializeBinary(payload.getData_asU8())
    .getConfig()
    ?.getChannelGroup()
    ?.getGroupsMap()
    .get('Orderer');
  const value = (name: string): Uint8Array =>
    group?.getValuesMap().get(name)?.getValue_asU8() ?? new Uint8Array();
  if (orderer.ConsensusType.deserializeBinary(value('ConsensusType')).getType() !== 'BFT') {
    return { kind: 'any', roots: rootsOf(group) };
  }
  const orderers = new Map(
    common.Orderers.deserializeBinary(value('Orderers'))
      .getConsenterMappingList()
      .map((consenter) => [consenter.getId(), new X509Certificate(consenter.getIdentity_asU8())]),
  );
  return { kind: 'quorum', quorum: quorumOf(orderers.size), orderers };
}

/** Two quorums share at least one honest orderer (common/policies/bft.go). */
function quorumOf(orderers: number): number {
  const faulty = Math.floor((orderers - 1) / 3);
  return Math.ceil((orderers + faulty + 1) / 2);
}

function rootsOf(group: common.ConfigGroup | undefined): readonly X509Certificate[] {
  const roots: X509Certificate[] = [];
  group?.getGroupsMap().forEach((organisation) => {
    const value = organisation.getValuesMap().get('MSP')?.getValue_asU8() ?? new Uint8Array();
    const config = msp.FabricMSPConfig.deserializeBinary(
      msp.MSPConfig.deserializeBinary(value).getConfig_asU8(),
    );
    for (const pem of config.getRootCertsList_asU8()) roots.push(new X509Certificate(pem));
  });
  return roots;
}
