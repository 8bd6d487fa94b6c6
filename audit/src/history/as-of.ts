import { custodyCollection, type FiledBasis } from '@consent-ledger/chaincode/wire';
import type { World } from './world.js';

/** One consent as a custodian had it on file. */
export interface ConsentOnFile {
  readonly subject: string;
  readonly consent: string;
  readonly version: number;
  readonly base: 'permit' | 'deny';
  readonly evidence: string;
  readonly withdrawnAt?: string;
}

/** One legal basis about a patient, as its custodian had it: the newest version. */
export interface BasisOnFile extends FiledBasis {
  readonly subject: string;
}

export interface CustodyAsOf {
  /** MSP id. */
  readonly custodian: string;
  readonly subjects: number;
  readonly records: number;
  readonly consents: readonly ConsentOnFile[];
  readonly legalBases: readonly BasisOnFile[];
}

/** What each custodian had on file where the world stands. */
export async function custodiesAsOf(world: World): Promise<CustodyAsOf[]> {
  const custodies: CustodyAsOf[] = [];
  for (const custodian of world.custodians()) {
    const collection = custodyCollection(custodian);
    const custody = world.custody(custodian);
    const consents: ConsentOnFile[] = [];
    const legalBases: BasisOnFile[] = [];
    let subjects = 0;
    for (const policies of world.privateValues(collection, 'policies')) {
      subjects += 1;
      const { subject } = policies;
      legalBases.push(...(policies.legalBases ?? []).map((basis) => ({ subject, ...basis })));
      const withdrawn = await custody?.withdrawals.get('withdrawal', policies.subject);
      for (const { consent, version, evidence, policy } of policies.consents) {
        const at = withdrawn?.withdrawals.find((entry) => entry.consent === consent)?.at;
        consents.push({
          subject: policies.subject,
          consent,
          version,
          base: policy.base,
          evidence,
          ...(at !== undefined && { withdrawnAt: at }),
        });
      }
    }
    const records = [...world.privateValues(collection, 'descriptor')].length;
    custodies.push({ custodian, subjects, records, consents: consents.sort(bySubject), legalBases });
  }
  return custodies;
}

function bySubject(a: ConsentOnFile, b: ConsentOnFile): number {
  const [left, right] = [`${a.subject} ${a.consent}`, `${b.subject} ${b.consent}`];
  return left < right ? -1 : Number(left > right);
}
