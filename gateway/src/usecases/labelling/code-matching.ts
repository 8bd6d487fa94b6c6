import type { Coding } from '@consent-ledger/chaincode/domain';
import { canonicalSystem } from './code-systems.js';

export type Matches = (coding: Coding) => boolean;

interface Place {
  readonly system: string;
  readonly codes?: readonly string[] | undefined;
  readonly within?: readonly string[] | undefined;
  readonly except?: readonly string[] | undefined;
}

/** Whether a coding is one that a table's line names. Compares ICD codes without their dot, and without regard to case. */
export function readMatcher({ system, codes = [], within = [], except = [] }: Place): Matches {
  const uri = canonicalSystem(system);
  const isTree = within.length > 0;
  const plain = (code: string): string => (isTree ? icd(code) : code);
  const listed = new Set(codes.map(plain));
  const subtrees = within.map(subtree);
  const exceptions = except.map(subtree);
  return (coding) => {
    if (canonicalSystem(coding.system) !== uri) return false;
    const code = plain(coding.code);
    if (listed.has(code)) return true;
    return subtrees.some((one) => one(code)) && !exceptions.some((one) => one(code));
  };
}

/** `F10-F19`: these categories and what is between them, each with all below it. `F10.2`: what begins so. */
function subtree(text: string): (code: string) => boolean {
  if (text[3] === '-') {
    const [first, last] = [text.slice(0, 3), text.slice(4)];
    return (code) => {
      const category = code.slice(0, 3);
      return category.length === 3 && category >= first && category <= last;
    };
  }
  const prefix = icd(text);
  return (code) => code.startsWith(prefix);
}

function icd(code: string): string {
  return code.replace('.', '').toUpperCase();
}
