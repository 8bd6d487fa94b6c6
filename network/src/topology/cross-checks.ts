import { validateContext } from '@consent-ledger/chaincode/domain';
import { partsOfPolicy } from '@consent-ledger/chaincode/wire';
import {
  isCustodian,
  isOversight,
  orderingOrganisations,
  type Organisation,
  type Topology,
} from './model.js';

/** A mistake that shows only when several values are seen together; `path` leads to the value to change. */
export interface CrossProblem {
  readonly path: readonly (string | number)[];
  readonly expected: string;
}

/** Everything about a well-formed topology that cannot work. */
export function crossChecks(topology: Topology): readonly CrossProblem[] {
  return [
    ...membership(topology.organisations),
    ...duplicates(topology.organisations, 'name', (organisation) => organisation.name),
    ...duplicates(topology.organisations, 'mspId', (organisation) => organisation.mspId.toLowerCase()),
    ...duplicates(topology.organisations, 'displayName', (organisation) => organisation.displayName),
    ...duplicatePorts(topology.organisations),
    ...custodyOfOthers(topology.organisations),
    ...studyAlertsOfOthers(topology.organisations),
    ...purposesThatNobodyKnows(topology.organisations),
    ...halfAnIssuer(topology.organisations),
    ...formerAndPresent(topology),
    ...ordering(topology),
  ];
}

function membership(organisations: readonly Organisation[]): CrossProblem[] {
  const problems: CrossProblem[] = [];
  const path = ['organisations'];
  if (!organisations.some(isCustodian)) {
    problems.push({ path, expected: 'at least one custodian (kind: hospital)' });
  }
  if (!organisations.some(isOversight)) {
    problems.push({ path, expected: 'at least one oversight organisation (kind: auditor or regulator)' });
  }
  return problems;
}

function duplicates(
  organisations: readonly Organisation[],
  field: 'name' | 'mspId' | 'displayName',
  identity: (organisation: Organisation) => string,
): CrossProblem[] {
  const first = new Map<string, number>();
  return organisations.flatMap((organisation, index) => {
    const earlier = first.get(identity(organisation));
    if (earlier === undefined) {
      first.set(identity(organisation), index);
      return [];
    }
    return [
      {
        path: ['organisations', index, field],
        expected: `a ${field} other than that of organisations[${earlier}]`,
      },
    ];
  });
}

/** Two listeners on one host cannot share a port. Ports that are derived are looked at by `portPlan`. */
function duplicatePorts(organisations: readonly Organisation[]): CrossProblem[] {
  const taken = new Map<string, string>();
  const problems: CrossProblem[] = [];
  organisations.forEach((organisation, index) => {
    for (const [use, port] of Object.entries(organisation.ports)) {
      const address = `${organisation.host}:${port}`;
      const earlier = taken.get(address);
      if (earlier === undefined) taken.set(address, `organisations[${index}].ports.${use}`);
      else {
        const path = ['organisations', index, 'ports', use];
        problems.push({ path, expected: `a port of its own, for ${earlier} has this one on the same host` });
      }
    }
  });
  return problems;
}

const CUSTODIANS_ONLY = {
  custody: 'custody settings',
  labelTable: 'label table',
  qualityTable: 'quality table',
  studyProfiles: 'profiles',
  passkeys: 'passkeys',
  notifications: 'notifications',
  records: 'store of records',
  keyStore: 'key store',
} satisfies Partial<Record<keyof Organisation, string>>;

function custodyOfOthers(organisations: readonly Organisation[]): CrossProblem[] {
  return organisations.flatMap((organisation, index) =>
    isCustodian(organisation)
      ? []
      : Object.entries(CUSTODIANS_ONLY)
          .filter(([key]) => organisation[key as keyof Organisation] !== undefined)
          .map(([key, name]) => ({
            path: ['organisations', index, key],
            expected: `no ${name} for a ${organisation.kind}, which keeps no records`,
          })),
  );
}

function studyAlertsOfOthers(organisations: readonly Organisation[]): CrossProblem[] {
  return organisations.flatMap(({ kind, studyAlerts }, index) =>
    kind === 'sponsor' || studyAlerts === undefined
      ? []
      : [
          {
            path: ['organisations', index, 'studyAlerts'],
            expected: `no study alerts for a ${kind}, which sponsors no studies`,
          },
        ],
  );
}

/** What the chaincode would refuse when the custody is opened: purposes of systems that are not registered, and such systems. */
function purposesThatNobodyKnows(organisations: readonly Organisation[]): CrossProblem[] {
  return organisations.flatMap(({ custody }, index) => {
    const checked = validateContext(partsOfPolicy(custody ?? {}).rules);
    if (checked.ok) return [];
    return checked.problems.map(({ path, message }) => {
      const [, key = '', place = '0'] = /^(\w+)\[(\d+)\]$/.exec(path) ?? [];
      const expected =
        key === 'purposeSystems'
          ? `a code system other than v3 ActReason, whose purposes are known (${message})`
          : 'a purpose of use of v3 ActReason, or system|code of one of purposeSystems';
      return { path: ['organisations', index, 'custody', key, Number(place)], expected };
    });
  });
}

/** An issuer of one's own is an address and where its keys are; the other settings mean nothing without it. */
function halfAnIssuer(organisations: readonly Organisation[]): CrossProblem[] {
  return organisations.flatMap(({ tokens }, index) => {
    const path = ['organisations', index, 'tokens'];
    if (tokens.issuer !== undefined && tokens.jwksUri === undefined) {
      return [{ path, expected: 'a jwksUri beside issuer' }];
    }
    if (tokens.issuer === undefined && (tokens.jwksUri !== undefined || tokens.caFile !== undefined)) {
      return [{ path, expected: 'an issuer beside jwksUri and caFile' }];
    }
    return [];
  });
}

function formerAndPresent({ organisations, former = [] }: Topology): CrossProblem[] {
  const present = new Set(organisations.map(({ mspId }) => mspId));
  return former.flatMap(({ mspId }, index) =>
    present.has(mspId)
      ? [{ path: ['former', index, 'mspId'], expected: 'an organisation that is not a member at present' }]
      : [],
  );
}

/** With n = 3f + 1 orderers, f may fail or lie; three and fewer tolerate nothing. */
const FEWEST_BFT = 4;

/** SmartBFT looks at its clocks once a second (orderer/consensus/smartbft/chain.go): under two, it suspects leaders that work. */
const SHORTEST_BFT_MS = 2_000;

function ordering(topology: Topology): CrossProblem[] {
  const { ordering: settings } = topology;
  const problems: CrossProblem[] = unknownOrderers(topology);
  if (settings.preferredMaxBytes > settings.absoluteMaxBytes) {
    problems.push({ path: ['ordering', 'preferredMaxBytes'], expected: 'no more than absoluteMaxBytes' });
  }
  if (settings.type !== 'raft' && (settings.leaderTimeout ?? SHORTEST_BFT_MS) < SHORTEST_BFT_MS) {
    problems.push({ path: ['ordering', 'leaderTimeout'], expected: '2s or more, unless the type is raft' });
  }
  if (
    settings.type === 'bft' &&
    problems.length === 0 &&
    orderingOrganisations(topology).length < FEWEST_BFT
  ) {
    const listed = settings.orderers !== undefined;
    problems.push({
      path: ['ordering', listed ? 'orderers' : 'type'],
      expected: `four ${listed ? 'orderers' : 'organisations'} or more for bft, or another type`,
    });
  }
  return problems;
}

function unknownOrderers({ ordering: { orderers = [] }, organisations }: Topology): CrossProblem[] {
  const names = organisations.map(({ name }) => name);
  return orderers.flatMap((name, index) => {
    const path = ['ordering', 'orderers', index];
    if (!names.includes(name)) return [{ path, expected: `one of ${names.join(', ')}` }];
    if (orderers.indexOf(name) < index) return [{ path, expected: 'each organisation once' }];
    return [];
  });
}
