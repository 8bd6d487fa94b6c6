import type { Adapter } from 'oidc-provider';

/**
 * Storage that keeps nothing. The only grant is client credentials with self-contained tokens, so there is no
 * session, code or refresh token to find again; whatever else asks, is told that there is none.
 */
export function forgetfulAdapter(): Adapter {
  return {
    upsert: () => Promise.resolve(),
    find: () => Promise.resolve(undefined),
    findByUserCode: () => Promise.resolve(undefined),
    findByUid: () => Promise.resolve(undefined),
    consume: () => Promise.resolve(),
    destroy: () => Promise.resolve(),
    revokeByGrantId: () => Promise.resolve(),
  };
}
