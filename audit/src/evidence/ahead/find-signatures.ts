import { verify, X509Certificate, type KeyObject } from 'node:crypto';
import {
  isSignedBy,
  MAX_JWS_LENGTH,
  openCompactJws,
  REQUEST_TYP,
  type PublicJwk,
} from '@consent-ledger/chaincode/wire';
import { common, msp, peer } from '@hyperledger/fabric-protos';
import { readPrivateSet } from '../private-sets.js';
import { requestName, transactionName, type FoundSignatures } from './known-signatures.js';

/** As much of a block's line as is looked at; what it is not is for the verifier to refuse. */
interface Line {
  readonly data?: readonly string[];
  readonly private?: readonly { readonly set: string }[];
}

/**
 * Verifies every signature in a block's line that it can make out. What cannot be read is left out, and so is what is wrong: the verifier
 * comes across it by itself, and says where it is.
 * @param keys members' keys by thumbprint
 */
export function findSignatures(text: string, keys: ReadonlyMap<string, PublicJwk>): FoundSignatures {
  const line = lineOf(text);
  return {
    transactions: (line?.data ?? []).flatMap((envelope) => quietly(() => signedIn(envelope))),
    requests: (line?.private ?? []).flatMap(({ set }) => quietly(() => requestsIn(set, keys))),
  };
}

function lineOf(text: string): Line | undefined {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return undefined;
  }
}

function quietly(find: () => string[]): string[] {
  try {
    return find();
  } catch {
    return []; // Not what it should be: the verifier says so.
  }
}

function signedIn(envelopeText: string): string[] {
  const envelope = common.Envelope.deserializeBinary(Buffer.from(envelopeText, 'base64url'));
  const payload = envelope.getPayload_asU8();
  const content = common.Payload.deserializeBinary(payload);
  const header = common.SignatureHeader.deserializeBinary(
    content.getHeader()?.getSignatureHeader_asU8() ?? new Uint8Array(),
  );
  const found = [nameOf(header.getCreator_asU8(), payload, envelope.getSignature_asU8())];
  const channel = common.ChannelHeader.deserializeBinary(
    content.getHeader()?.getChannelHeader_asU8() ?? new Uint8Array(),
  );
  if (channel.getType() === common.HeaderType.ENDORSER_TRANSACTION) {
    const [action] = peer.Transaction.deserializeBinary(content.getData_asU8()).getActionsList();
    const endorsed = peer.ChaincodeActionPayload.deserializeBinary(
      action?.getPayload_asU8() ?? new Uint8Array(),
    ).getAction();
    const response = endorsed?.getProposalResponsePayload_asU8() ?? new Uint8Array();
    for (const endorsement of endorsed?.getEndorsementsList() ?? []) {
      const endorser = endorsement.getEndorser_asU8();
      found.push(nameOf(endorser, Buffer.concat([response, endorser]), endorsement.getSignature_asU8()));
    }
  }
  return found.filter((name) => name !== undefined);
}

function nameOf(creator: Uint8Array, message: Uint8Array, signature: Uint8Array): string | undefined {
  const idBytes = msp.SerializedIdentity.deserializeBinary(creator).getIdBytes_asU8();
  return verify('sha256', message, keyOf(idBytes), signature)
    ? transactionName(idBytes, message, signature)
    : undefined;
}

const MOST_KEYS = 1_000;
const keysOfCertificates = new Map<string, KeyObject>();

function keyOf(pem: Uint8Array): KeyObject {
  const name = Buffer.from(pem).toString('latin1');
  const known = keysOfCertificates.get(name);
  if (known !== undefined) return known;
  const { publicKey } = new X509Certificate(pem);
  if (keysOfCertificates.size >= MOST_KEYS) keysOfCertificates.clear();
  keysOfCertificates.set(name, publicKey);
  return publicKey;
}

function requestsIn(set: string, keys: ReadonlyMap<string, PublicJwk>): string[] {
  return (readPrivateSet(Buffer.from(set, 'base64url')) ?? [])
    .filter(({ key }) => key.startsWith('details/'))
    .flatMap(({ value }) => {
      const { details = [] } = JSON.parse(value.toString('utf8')) as {
        readonly details?: readonly { readonly request: string }[];
      };
      return details.flatMap(({ request }) => {
        const jws = openCompactJws(request, REQUEST_TYP, MAX_JWS_LENGTH);
        const jwk = jws && keys.get(jws.kid);
        return jws !== undefined && jwk !== undefined && isSignedBy(jws, jwk)
          ? [requestName(jws.kid, request)]
          : [];
      });
    });
}
