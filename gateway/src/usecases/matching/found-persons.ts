import { z, primitives, type RequestClaims } from '@consent-ledger/chaincode/wire';
import type { SealedTexts } from '../finding/sealed-text.js';

export interface FoundPersonsOptions {
  readonly sealed: SealedTexts;
  /** How long a reference is good, milliseconds. */
  readonly lastsMs: number;
  readonly now: () => number;
}

type Requester = Pick<RequestClaims, 'iss' | 'sub'>;

const reference = z.strictObject({ subject: primitives.fhirId, until: z.int() });

/**
 * References to persons who were found by demographics: they say nothing to whoever carries them, and are good for the member and the
 * user that they were made for, here, and for a while.
 */
export class FoundPersons {
  readonly #options: FoundPersonsOptions;

  constructor(options: FoundPersonsOptions) {
    this.#options = options;
  }

  refer(subject: string, requester: Requester): { readonly person: string; readonly expiresAt: string } {
    const { sealed, lastsMs, now } = this.#options;
    const until = now() + lastsMs;
    const person = `found/${sealed.seal({ subject, until }, ownerOf(requester))}`;
    return { person, expiresAt: new Date(until).toISOString() };
  }

  /** Whom a reference names; undefined where it is not this requester's, has expired, or was never one. */
  subjectOf(name: string, requester: Requester): string | undefined {
    const { sealed, now } = this.#options;
    const opened = reference.safeParse(sealed.open(name, ownerOf(requester))).data;
    return opened !== undefined && now() < opened.until ? opened.subject : undefined;
  }
}

function ownerOf({ iss, sub }: Requester): string {
  return `${iss} ${sub}`;
}
