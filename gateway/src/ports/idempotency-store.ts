import type { Attempted } from '../usecases/idempotent-run.js';

/** An answer as it was sent. */
export interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON; absent where there is none. */
  readonly body?: string;
}

export type Claim =
  | { readonly kind: 'run'; readonly seed: Uint8Array }
  | { readonly kind: 'answered'; readonly answer: KeptAnswer }
  | { readonly kind: 'in-progress' }
  | { readonly kind: 'other-request' };

/** Which requests have been made under which key. What is written is durable; several gateways may share one. */
export interface IdempotencyStore {
  /** `id` names caller and key, `fingerprint` the request. */
  claim(id: string, fingerprint: string): Claim;
  attempted(id: string, step: number): Attempted | undefined;
  attempting(id: string, step: number, transaction: string): void;
  /** It is answered for good. */
  answer(id: string, answer: KeptAnswer): void;
  /** It may be tried again. */
  release(id: string): void;
}
