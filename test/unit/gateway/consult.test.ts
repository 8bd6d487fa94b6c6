import { reasons, type ReasonCode } from '@consent-ledger/chaincode/domain';
import { decisionOf } from '@consent-ledger/gateway/internal/usecases/consult';
import { expect } from 'chai';
import { readFileSync } from 'node:fs';

describe('the decision of the consent hook', () => {
  it('is in docs/fhir.md for every reason', () => {
    const text = readFileSync(new URL('../../../../docs/fhir.md', import.meta.url), 'utf8');
    const documented = new Map<string, string>();
    for (const line of text.split('\n')) {
      const [, decision = '', , listed = ''] = line.split('|').map((cell) => cell.trim());
      if (!/^`[A-Z_]+`$/.test(decision)) continue;
      for (const [, reason = ''] of listed.matchAll(/`([a-z-]+)`/g)) documented.set(reason, decision);
    }
    const ours = (Object.keys(reasons) as ReasonCode[]).map((reason) => [
      reason,
      `\`${decisionOf(reason)}\``,
    ]);
    expect([...documented].sort()).to.deep.equal(ours.sort());
  });
});
