import type { PeerSigner } from '@consent-ledger/network/internal/embedded/ports';
import {
  derChildren,
  encodeDer,
  encodeDerUnsigned,
  readDer,
} from '@consent-ledger/network/internal/wire-format/index';

const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** The same signer, whose signatures verify as well but have the high S that Fabric refuses. */
export function highS(signer: PeerSigner): PeerSigner {
  return {
    ...signer,
    sign: (message) => {
      const [r, s] = derChildren(readDer(signer.sign(message)).content);
      if (r === undefined || s === undefined) throw new Error('no signature');
      const high = P256_ORDER - BigInt(`0x${s.content.toString('hex')}`);
      const hex = high.toString(16).padStart(64, '0');
      return encodeDer(0x30, Buffer.concat([r.whole, encodeDerUnsigned(Buffer.from(hex, 'hex'))]));
    },
  };
}
