import { msp } from '@hyperledger/fabric-protos';

/** What a channel must know of an organisation to verify its identities. */
export interface VerifyingMsp {
  readonly mspId: string;
  readonly caPem: string;
  readonly tlsCaPem: string;
}

/** msp.MSPConfig: the same as Fabric reads from the organisation's `msp` folder (msp/configbuilder.go). */
export function mspValue({ mspId, caPem, tlsCaPem }: VerifyingMsp): msp.MSPConfig {
  const hashes = new msp.FabricCryptoConfig();
  hashes.setSignatureHashFamily('SHA2');
  hashes.setIdentityIdentifierHashFunction('SHA256');

  const nodeOus = new msp.FabricNodeOUs();
  nodeOus.setEnable(true);
  nodeOus.setClientOuIdentifier(organisationalUnit('client'));
  nodeOus.setPeerOuIdentifier(organisationalUnit('peer'));
  nodeOus.setAdminOuIdentifier(organisationalUnit('admin'));
  nodeOus.setOrdererOuIdentifier(organisationalUnit('orderer'));

  const fabricMsp = new msp.FabricMSPConfig();
  fabricMsp.setName(mspId);
  fabricMsp.setRootCertsList([Buffer.from(caPem)]);
  fabricMsp.setTlsRootCertsList([Buffer.from(tlsCaPem)]);
  fabricMsp.setCryptoConfig(hashes);
  fabricMsp.setFabricNodeOus(nodeOus);

  const config = new msp.MSPConfig();
  config.setType(0); // FABRIC
  config.setConfig(fabricMsp.serializeBinary());
  return config;
}

function organisationalUnit(name: string): msp.FabricOUIdentifier {
  const identifier = new msp.FabricOUIdentifier();
  identifier.setOrganizationalUnitIdentifier(name);
  return identifier;
}
