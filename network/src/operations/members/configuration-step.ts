import type { common } from '@hyperledger/fabric-protos';
import type { Organisation } from '../../topology/index.js';
import { changeConfiguration, openDesk } from '../change-configuration.js';
import { actingOrganisation, signatoryOf, type Site } from '../site.js';
import type { Step } from '../steps.js';

/** A change of the configuration, signed by everybody whose key is here, and sent by `as` or anybody of them. */
export function configurationStep(
  site: Site,
  as: Organisation | undefined,
  {
    title,
    isDone,
    change,
  }: {
    readonly title: string;
    readonly isDone: (channel: common.ConfigGroup) => boolean;
    readonly change: () => Promise<(channel: common.ConfigGroup) => void>;
  },
): Step {
  return {
    title,
    isDone: async () => {
      const desk = await openDesk(site, await signatoryOf(site, as ?? actingOrganisation(site)));
      try {
        return isDone((await desk.current()).group);
      } finally {
        desk.close();
      }
    },
    run: async () =>
      changeConfiguration(site, await signatoryOf(site, as ?? actingOrganisation(site)), await change()),
  };
}
