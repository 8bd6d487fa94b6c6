const SETTING = 'CONSENT_LEDGER_TEST_LEDGER';
const KINDS = ['embedded', 'raft', 'bft'] as const;

export type LedgerKind = (typeof KINDS)[number];

/** What the suites run on that take any ledger: embedded unless told otherwise, as `npm run test:fabric` does. */
export function ledgerUnderTest(): LedgerKind {
  const wanted = process.env[SETTING] ?? 'embedded';
  const found = KINDS.find((kind) => kind === wanted);
  if (found === undefined) throw new Error(`${SETTING} is one of ${KINDS.join(', ')}, not ${wanted}`);
  return found;
}
