import { X509Certificate } from 'node:crypto';
import { common, msp } from '@hyperledger/fabric-protos';

/**
 * Root certificates of the organisations that may order, from a configuration transaction's envelope.
 * Source: Fabric's common/channelconfig (Channel / Orderer / <org> / MSP).
 */
export function ordererRootsOf(configEnvelope: Uint8Array): readonly X509Certificate[] {
  const payload = common.Payload.deserializeBinary(
    common.Envelope.deserializeBinary(configEnvelope).getPayload_asU8(),
  );
  const channel = common.ConfigEnvelope.deserializeBinary(payload.getData_asU8())
    .getConfig()
    ?.getChannelGroup();
  const organisations = channel?.getGroupsMap().get('Orderer')?.getGroupsMap();
  const roots: X509Certificate[] = [];
  organisations?.forEach((organisation) => {
    const value = organisation.getValuesMap().get('MSP')?.getValue_asU8() ?? new Uint8Array();
    const config = msp.FabricMSPConfig.deserializeBinary(
      msp.MSPConfig.deserializeBinary(value).getConfig_asU8(),
    );
    for (const pem of config.getRootCertsList_asU8()) roots.push(new X509Certificate(pem));
  });
  return roots;
}
