import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { LinkList, LinkMade } from '@consent-ledger/chaincode/wire/http';
import type { LinkStore } from '../../ports/link-store.js';
import type { CustodyView } from '../custody-view.js';
import { unknownSubject } from '../erased.js';
import type { Members } from '../members.js';
import { Refusal } from '../refusal.js';

export interface LinksOptions {
  readonly custody: CustodyView;
  readonly store: LinkStore;
  readonly members: Members;
  readonly now: () => number;
}

const SECRET_BYTES = 32;
const MINUTE_MS = 60_000;

/**
 * Links that subjects hold: whoever is shown one can name the subject at this custodian, until it expires or is ended, and gets
 * nothing that the consents do not permit.
 */
export class Links {
  readonly #options: LinksOptions;

  constructor(options: LinksOptions) {
    this.#options = options;
  }

  /** Makes a link; its secret is told now and never again. Throws a Refusal: `subject-unknown`, `subject-erased`. */
  make(subject: string, minutes: number): LinkMade {
    const { custody, now, store } = this.#options;
    this.#require(subject);
    const id = randomUUID();
    const secret = randomBytes(SECRET_BYTES).toString('base64url');
    const createdAt = now();
    const expiresAt = createdAt + minutes * MINUTE_MS;
    store.add({ id, subject, createdAt, expiresAt }, hashOf(secret));
    const person = `link/${secret}`;
    const custodian = custody.custody.organization;
    const query = new URLSearchParams({ custodian, person }).toString();
    return {
      link: id,
      custodian,
      person,
      text: `consent-ledger:person?${query}`,
      expiresAt: new Date(expiresAt).toISOString(),
    };
  }

  /** A subject's links with who used them, newest first. Throws a Refusal: `subject-unknown`, `subject-erased`. */
  list(subject: string): LinkList {
    const { members, store } = this.#options;
    this.#require(subject);
    return {
      links: store.of(subject).map(({ id, createdAt, expiresAt, endedAt, uses }) => ({
        link: id,
        createdAt: new Date(createdAt).toISOString(),
        expiresAt: new Date(expiresAt).toISOString(),
        ...(endedAt === undefined ? {} : { endedAt: new Date(endedAt).toISOString() }),
        uses: uses.map(({ at, member, user }) => ({
          at: new Date(at).toISOString(),
          member: members.referenceOf(member),
          user,
        })),
      })),
    };
  }

  /** Ends a link; what stands is the first end. Throws a Refusal: `not-found`, `subject-unknown`, `subject-erased`. */
  end(subject: string, id: string): LinkList['links'][number] {
    const { now, store } = this.#options;
    this.#require(subject);
    if (!store.end(subject, id, now())) throw new Refusal('not-found');
    const ended = this.list(subject).links.find(({ link }) => link === id);
    if (ended === undefined) throw new Refusal('not-found');
    return ended;
  }

  /** Whose link it is, by its secret, while it is good; and that it was used by whom. */
  subjectOf(secret: string, member: string, user: string): string | undefined {
    const { now, store } = this.#options;
    return store.use(hashOf(secret), { at: now(), member, user })?.subject;
  }

  #require(subject: string): void {
    const { custody } = this.#options;
    if (custody.get('subject', subject) === undefined) throw unknownSubject(subject, custody);
  }
}

/** The secret has 256 random bits, so a plain hash cannot be guessed back. */
function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}
