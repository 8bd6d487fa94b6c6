import { approveStep, endorsableStep, installPackageStep } from '../chaincode/definition-steps.js';
import { isSwitched, replaceServer } from '../chaincode/server-switch.js';
import type { Step } from '../steps.js';
import { installStep, type Rotation } from './rotation.js';

/**
 * The chaincode package holds the certificate that the peer shows to its chaincode server, so new certificates make a
 * new package: installed, approved for the same sequence, and served by a server of its own name. From the approval until the server is back, about a second, this organisation alone
 * does not endorse.
 */
export function chaincodeSteps(rotation: Rotation): Step[] {
  const { site, organisation } = rotation;
  const { name } = organisation;
  return [
    installStep(rotation),
    installPackageStep(site, name),
    approveStep(site, name),
    {
      title: `restart the chaincode server of ${name} with them`,
      isDone: () => isSwitched(site, name),
      run: () => replaceServer(site, name),
    },
    endorsableStep(site, [name]),
  ];
}
