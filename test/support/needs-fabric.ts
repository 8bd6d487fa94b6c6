/**
 * Real Fabric comes only from a release that somebody unpacked. Without one, skips the suite that is being described in one line that
 * says what to do, and returns true.
 */
export function skippedWithoutFabric(): boolean {
  if (process.env['FABRIC_HOME'] !== undefined) return false;
  it.skip('set FABRIC_HOME to an unpacked release of Fabric 3.1 to run this');
  return true;
}
