import {
  HeaderType,
  ProtoWriter,
  readChannelHeader,
  readEnvelope,
  readPayload,
  readSignatureHeader,
  type Envelope,
} from '../../wire-format/index.js';
import type { LiveChannel } from '../config/live-channel.js';
import type { BroadcastResult, PeerSigner } from '../ports.js';
import type { OrderedMessage } from './block-cutter.js';
import { configMessage } from './config-message.js';

/** common.Status */
export const Status = {
  SUCCESS: 200,
  BAD_REQUEST: 400,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  INTERNAL_SERVER_ERROR: 500,
  SERVICE_UNAVAILABLE: 503,
} as const;

const ORDERER_TRANSACTION = 4;

export type Admission =
  | { readonly message: OrderedMessage }
  /** A configuration, made of the update that was sent: it gets a block of its own. */
  | { readonly configuration: Buffer }
  | { readonly refusal: BroadcastResult };

/**
 * What an orderer checks before it orders a message, in its order; endorsements and duplicates are none of its
 * business [orderer/common/broadcast, orderer/common/msgprocessor].
 */
export class AdmissionControl {
  readonly #channel: LiveChannel;
  readonly #signer: PeerSigner;
  readonly #now: () => number;

  /** @param now Milliseconds since the epoch. */
  constructor(channel: LiveChannel, signer: PeerSigner, now: () => number) {
    this.#channel = channel;
    this.#signer = signer;
    this.#now = now;
  }

  admit(bytes: Uint8Array): Admission {
    try {
      return this.#apply(readEnvelope(bytes));
    } catch (error) {
      return refuse(Status.BAD_REQUEST, error instanceof Error ? error.message : String(error));
    }
  }

  #apply(envelope: Envelope): Admission {
    const { header } = readPayload(envelope.payload);
    if (header === undefined) return refuse(Status.BAD_REQUEST, 'missing channel header');
    const { type, channelId } = readChannelHeader(header.channelHeader);
    if (channelId !== this.#channel.channelId) return refuse(Status.BAD_REQUEST, 'channel does not exist');
    const unsuitable = refusedType(type);
    if (unsuitable !== undefined) return refuse(Status.BAD_REQUEST, unsuitable);
    const refusal = this.#filter(envelope);
    if (type !== HeaderType.CONFIG_UPDATE) {
      return refusal ?? { message: { bytes: canonical(envelope), size: sizeOf(envelope) } };
    }
    return refusal === undefined
      ? this.#configure(envelope)
      : explained('config update for existing channel did not pass initial checks', refusal);
  }

  /** What every message has to pass; undefined when it does. */
  #filter(envelope: Envelope): Refusal | undefined {
    const { header } = readPayload(envelope.payload);
    if (envelope.payload.length === 0) return refuse(Status.BAD_REQUEST, 'message was empty');
    const size = sizeOf(envelope);
    const { absoluteMaxBytes } = this.#channel.config.batch;
    if (size > absoluteMaxBytes) {
      return refuse(
        Status.BAD_REQUEST,
        `message payload is ${size} bytes and exceeds maximum allowed ${absoluteMaxBytes} bytes`,
      );
    }
    const { creator } = readSignatureHeader(header?.signatureHeader ?? Buffer.alloc(0));
    if (this.#isExpired(creator)) return refuse(Status.BAD_REQUEST, 'broadcast client identity expired');
    const denied = this.#channel.policyRefusal('/Channel/Writers', [
      { data: envelope.payload, identity: creator, signature: envelope.signature },
    ]);
    if (denied !== undefined) return refuse(Status.FORBIDDEN, `${denied}: permission denied`);
    return undefined;
  }

  #configure(envelope: Envelope): Admission {
    let configuration: Buffer;
    try {
      configuration = configMessage(this.#channel, canonical(envelope), this.#signer, this.#now());
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return refuse(
        Status.BAD_REQUEST,
        `error applying config update to existing channel '${this.#channel.channelId}': ${reason}`,
      );
    }
    const refusal = this.#filter(readEnvelope(configuration));
    return refusal === undefined
      ? { configuration }
      : explained('config update for existing channel did not pass final checks', refusal);
  }

  #isExpired(creator: Buffer): boolean {
    try {
      return this.#channel.deserializeIdentity(creator).notAfter <= this.#now();
    } catch {
      return false; // An unknown identity has no end of validity here; the policy refuses it.
    }
  }
}

function refusedType(type: number): string | undefined {
  switch (type) {
    case HeaderType.CONFIG:
      return 'message of type CONFIG cannot be processed directly';
    case ORDERER_TRANSACTION:
      return 'message of type ORDERER_TRANSACTION cannot be processed directly';
    default:
      return undefined;
  }
}

/** As the orderer would marshal it again: peers refuse what does not re-marshal to itself. */
function canonical({ payload, signature }: Envelope): Buffer {
  return new ProtoWriter().bytes(1, payload).bytes(2, signature).finish();
}

function sizeOf({ payload, signature }: Envelope): number {
  return payload.length + signature.length;
}

interface Refusal {
  readonly refusal: BroadcastResult;
}

function refuse(status: number, info: string): Refusal {
  return { refusal: { status, info } };
}

function explained(what: string, { refusal: { status, info } }: Refusal): Refusal {
  return refuse(status, `${what}: ${info}`);
}
