import { readFile } from 'node:fs/promises';
import { writeTlsCas } from '../../fabric/tls-cas.js';
import { HopelessError } from '../../fabric/wait-until.js';
import { organisationLayout } from '../../identities/index.js';
import { makeIdentities } from '../../identities/make.js';
import type { Organisation } from '../../topology/index.js';
import { OperationError } from '../processes.js';
import { isAdministered, type Site } from '../site.js';
import type { Step } from '../steps.js';
import { configurationStep } from './configuration-step.js';
import { admitMember, isAdmitted } from './member-configuration.js';
import { keepPublicMember, publicMember, type PublicMember } from './public-member.js';

export function makeKeysStep(site: Site, { name }: Organisation): Step {
  return {
    title: `make keys and certificates for ${name}`,
    isDone: async () => {
      await readFile(organisationLayout(site.dataDir, name).gateway.signing.publicJwk);
      return true;
    },
    run: async () => {
      await makeIdentities(site.topology, site.dataDir);
      await writeTlsCas(site.dataDir, site.topology);
    },
  };
}

export function keepPublicStep(site: Site, introduced: PublicMember): Step {
  const { name } = introduced.organisation;
  return {
    title: `keep the certificates that ${name} has sent`,
    isDone: async () => {
      const here = await publicMember(site.dataDir, introduced.organisation);
      if (here.caPem === introduced.caPem && here.tlsCaPem === introduced.tlsCaPem) return true;
      throw new HopelessError(
        `other certificates of ${name} are here already: is this the file that it sent?`,
      );
    },
    run: async () => {
      await keepPublicMember(site.dataDir, introduced);
      await writeTlsCas(site.dataDir, site.topology);
    },
  };
}

/** Where nobody else can be acted for, this is the newcomer's own installation: it is let in by the others. */
export function admissionStep(site: Site, organisation: Organisation): Step {
  const { name } = organisation;
  if (actingName(site) === name) {
    return {
      ...configurationStep(site, organisation, {
        title: `see ${name} let into the channel by the others`,
        isDone: (channel) => isAdmitted(channel, site.topology, organisation),
        change: () => Promise.reject(new Error('the others do this')),
      }),
      run: () =>
        Promise.reject(
          new OperationError(
            `${name} has not been let in: send the others what \`consent-ledger member describe <its definition>\` writes, for their \`member add\`. When they have let it in, give this command again`,
          ),
        ),
    };
  }
  return configurationStep(site, undefined, {
    title: `let ${name} into the channel, signed by a majority of the admins`,
    isDone: (channel) => isAdmitted(channel, site.topology, organisation),
    change: async () => {
      const member = await publicMember(site.dataDir, organisation);
      return (channel) => {
        admitMember(channel, site.topology, site.plan, member);
      };
    },
  });
}

/** Undefined when no admin's key is here yet. */
function actingName(site: Site): string | undefined {
  return site.topology.organisations.find(({ name }) => isAdministered(site, name))?.name;
}
