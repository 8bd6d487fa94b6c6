/** Key material that is missing, readable by others, expired, or does not belong together. */
export class IdentityError extends Error {
  override readonly name = 'IdentityError';
}
