import type {
  JournalClaims,
  KeyPayload,
  EncryptionJwk,
  PublicJwk,
  ReceiptClaims,
  RequestClaims,
  SealedTyp,
  SlipClaims,
  StopClaims,
} from '@consent-ledger/chaincode/wire';

/** This member's own application keys. */
export interface MemberKeys {
  readonly signing: { readonly kid: string; readonly jwk: PublicJwk };
  readonly encryption: { readonly kid: string; readonly jwk: EncryptionJwk };
  signRequest(claims: RequestClaims): Promise<string>;
  signReceipt(claims: ReceiptClaims): Promise<string>;
  signJournal(claims: JournalClaims): Promise<string>;
  signSlip(claims: SlipClaims): Promise<string>;
  signStop(claims: StopClaims): Promise<string>;
  /** Signs a security event token (RFC 8417). */
  signNotice(claims: object): Promise<string>;
  /** Opens the JWE that carries a record's key. Throws a Refusal `release-broken` for whatever is not one for this event. */
  openKey(jwe: string, event: string): Promise<KeyPayload>;
  /** Opens a JWE of that `typ` that was made for this member. Rejects for whatever is none. */
  openSealed(jwe: string, typ: SealedTyp): Promise<Uint8Array>;
}
