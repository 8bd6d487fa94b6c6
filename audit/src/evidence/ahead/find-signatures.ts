import { verify, X509Certificate, type KeyObject } from 'node:crypto';
import { derSignature, MAX_JWS_LENGTH, sha256 } from '@consent-ledger/chaincode/wire';
import { common, msp, peer } from '@hyperledger/fabric-protos';
import { requestName, transactionName, type FoundSignatures } from './known-signatures.js';

/** As much of a block as is looked at. */
export interface SignedContent {
  /** common.Envelope of each transaction. */
  readonly data: readonly Uint8Array[];
  /** rwset.TxPvtReadWriteSet */
  readonly sets: readonly Uint8Array[];
}

/**
 * Verifies every signature in a block that it can make out. What cannot be read is left out, and so is what is wrong: the verifier
 * comes across it by itself, and says where it is.
 * @param keys members' keys by thumbprint
 */
export function findSignatures(
  { data, sets }: SignedContent,
  keys: ReadonlyMap<string, KeyObject>,
): FoundSignatures {
  return {
    transactions: data.flatMap((envelope) => quietly(() => signedIn(envelope))),
    requests: sets.flatMap((set) => quietly(() => requestsIn(set, keys))),
  };
}

function quietly(find: () => string[]): string[] {
  try {
    return find();
  } catch {
    return []; // Not what it should be: the verifier says so.
  }
}

function signedIn(bytes: Uint8Array): string[] {
  const envelope = common.Envelope.deserializeBinary(bytes);
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

const REQUEST = '"request":"';
/** `r || s` (RFC 7518 section 3.4). */
const SIGNATURE_BYTES = 64;

/**
 * Requests as they stand in the bytes of a private set. That a text is signed is true wherever it stands, so nothing around it needs to be read: what it
 * belongs to, and whether it is of the one form that requests have, is for the verifier to see.
 */
function requestsIn(set: Uint8Array, keys: ReadonlyMap<string, KeyObject>): string[] {
  const text = Buffer.from(set.buffer, set.byteOffset, set.byteLength).toString('latin1');
  const found: string[] = [];
  for (let at = text.indexOf(REQUEST); at >= 0; at = text.indexOf(REQUEST, at + REQUEST.length)) {
    const from = at + REQUEST.length;
    const request = text.slice(from, text.indexOf('"', from));
    const name = request.length > MAX_JWS_LENGTH ? undefined : nameOfRequest(request, keys);
    if (name !== undefined) found.push(name);
  }
  return found;
}

function nameOfRequest(request: string, keys: ReadonlyMap<string, KeyObject>): string | undefined {
  const first = request.indexOf('.');
  const second = request.indexOf('.', first + 1);
  // The digest of a request, which its event holds, has none.
  if (first < 1 || second < 0) return undefined;
  const kid = kidOf(request.slice(0, first));
  const key = kid === undefined ? undefined : keys.get(kid);
  const signature = Buffer.from(request.slice(second + 1), 'base64url');
  if (kid === undefined || key === undefined || signature.length !== SIGNATURE_BYTES) return undefined;
  const isSigned = verify(
    'sha256',
    Buffer.from(request.slice(0, second), 'latin1'),
    key,
    derSignature(signature),
  );
  return isSigned ? requestName(kid, sha256(request)) : undefined;
}

const kids = new Map<string, string | undefined>();

/** All requests of one key have the same header. */
function kidOf(header: string): string | undefined {
  if (kids.has(header)) return kids.get(header);
  const known = readKid(header);
  if (kids.size >= MOST_KEYS) kids.clear();
  kids.set(header, known);
  return known;
}

function readKid(header: string): string | undefined {
  try {
    const read = JSON.parse(Buffer.from(header, 'base64url').toString('utf8')) as { readonly kid?: unknown };
    return typeof read.kid === 'string' ? read.kid : undefined;
  } catch {
    return undefined; // No header of a request.
  }
}
