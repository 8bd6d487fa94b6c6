import type { OrganisationLayout } from '../../identities/index.js';
import type { Organisation } from '../../topology/index.js';
import type { Site } from '../site.js';
import type { Step } from '../steps.js';
import type { Rotatable, StagedCertificates } from './staged.js';

/** What the steps of every rotation work on. */
export interface Rotation {
  readonly site: Site;
  readonly organisation: Organisation;
  readonly part: Rotatable;
  readonly layout: OrganisationLayout;
  readonly staged: StagedCertificates;
}

/** Puts the new files in the place of the old ones, one after the other; a crash in between is mended by doing it again. */
export function installStep({ organisation, staged }: Rotation): Step {
  return {
    title: `put them in the place of the old ones in the folder of ${organisation.name}`,
    isDone: () => staged.areInstalled(),
    run: () => staged.install(),
  };
}
