import { confidentialityRank, isSensitivity } from '../labels.js';
import type {
  ActorCriteria,
  ContentCriteria,
  Criteria,
  DataCriteria,
  LabelCriteria,
  ProvisionKind,
} from '../policy.js';
import { isKnownPurpose } from '../purposes.js';
import type { Coding } from '../question.js';
import { ACTIONS } from '../validate-question.js';
import type { At, Json, Reader } from './reader.js';
import { isResourceType } from './resource-types.js';
import { RESOURCE_TYPE_SYSTEMS, SYSTEMS } from './systems.js';

const RECIPIENT_ROLES = ['IRCP', 'PRCP'];

/** Everything that a provision of this kind constrains, apart from its period. */
export function readCriteria(
  reader: Reader,
  json: Json,
  path: string,
  kind: ProvisionKind,
  purposeSystems: readonly string[],
): Criteria {
  const actor = readActors(reader, json, path);
  const actions = readActions(reader, json, path);
  const labels = readLabelCriteria(reader, json, path, kind);
  const purposes = readPurposes(reader, json, path, purposeSystems);
  const contents = ['class', 'documentType', 'resourceType'].flatMap((key) => {
    const content = readContents(reader, json, path, key);
    return content === undefined ? [] : [content];
  });
  const codes = readCodes(reader, json, path);
  const data = readData(reader, json, path);
  const dataPeriod = Object.hasOwn(json, 'dataPeriod')
    ? reader.period(json['dataPeriod'], `${path}.dataPeriod`)
    : undefined;
  return {
    ...(actor === undefined ? {} : { actor }),
    ...(actions === undefined ? {} : { actions }),
    ...(purposes === undefined ? {} : { purposes }),
    ...(labels === undefined ? {} : { labels }),
    ...(contents.length === 0 ? {} : { contents }),
    ...(codes === undefined ? {} : { codes }),
    ...(dataPeriod === undefined ? {} : { dataPeriod: { interval: dataPeriod, reading: kind } }),
    ...(data === undefined ? {} : { data }),
  };
}

function readActors(reader: Reader, json: Json, path: string): ActorCriteria | undefined {
  if (!Object.hasOwn(json, 'actor')) return undefined;
  const organizations: string[] = [];
  const others: string[] = [];
  const custodians: string[] = [];
  const authors: string[] = [];
  for (const { value, path: at } of reader.constraints(json, path, 'actor')) {
    const actor = reader.backbone(value, at, 'Consent.provision.actor');
    if (actor === undefined) continue;
    const role = readRole(reader, actor, at);
    const target = reader.reference(actor['reference'], `${at}.reference`);
    if (role === undefined || target === undefined) continue;
    if (role === 'CST') custodians.push(target.reference);
    else if (role === 'AUT') authors.push(target.reference);
    else (target.type === 'Organization' ? organizations : others).push(target.reference);
  }
  const recipients = { organizations, others };
  return {
    ...(organizations.length + others.length === 0 ? {} : { recipients }),
    ...(custodians.length === 0 ? {} : { custodians }),
    ...(authors.length === 0 ? {} : { authors }),
  };
}

/** Recipient, custodian or author; a recipient where no role is given. */
function readRole(reader: Reader, actor: Json, path: string): 'recipient' | 'CST' | 'AUT' | undefined {
  if (!Object.hasOwn(actor, 'role')) return 'recipient';
  const found = new Set<'recipient' | 'CST' | 'AUT'>();
  for (const { value, path: at } of reader.concept(actor['role'], `${path}.role`)) {
    const { system, code } = value;
    if (system !== SYSTEMS.participation) reader.refuse(at, 'is not a role that is understood');
    else if (RECIPIENT_ROLES.includes(code)) found.add('recipient');
    else if (code === 'CST' || code === 'AUT') found.add(code);
    else reader.refuse(at, 'is not a role that is understood: IRCP, PRCP, CST, AUT');
  }
  const [role, another] = found;
  if (role !== undefined && another !== undefined) {
    reader.refuse(`${path}.role`, 'names two roles at once', [role, another]);
    return undefined;
  }
  return role;
}

function readActions(reader: Reader, json: Json, path: string): readonly string[] | undefined {
  if (!Object.hasOwn(json, 'action')) return undefined;
  return reader.concepts(json, path, 'action').flatMap(({ value: { system, code }, path: at }) => {
    if (system === SYSTEMS.action && ACTIONS.some((action) => action === code)) return [code];
    reader.refuse(at, `is not an action that is known: ${ACTIONS.join(', ')} of ${SYSTEMS.action}`);
    return [];
  });
}

function readPurposes(
  reader: Reader,
  json: Json,
  path: string,
  purposeSystems: readonly string[],
): readonly string[] | undefined {
  if (!Object.hasOwn(json, 'purpose')) return undefined;
  return codingsOf(reader, json, path, 'purpose').flatMap(({ value: { system, code }, path: at }) => {
    const purpose = system === SYSTEMS.purpose ? code : `${system}|${code}`;
    if (isKnownPurpose(purpose, purposeSystems)) return [purpose];
    reader.refuse(at, 'is neither a purpose of use of v3 ActReason nor one of a registered system');
    return [];
  });
}

function readLabelCriteria(
  reader: Reader,
  json: Json,
  path: string,
  reading: ProvisionKind,
): LabelCriteria | undefined {
  if (!Object.hasOwn(json, 'securityLabel')) return undefined;
  const confidentiality: number[] = [];
  const sensitivity: string[] = [];
  for (const { value, path: at } of codingsOf(reader, json, path, 'securityLabel')) {
    const { system, code } = value;
    const rank = confidentialityRank(code);
    if (system === SYSTEMS.confidentiality && rank !== undefined) confidentiality.push(rank);
    else if (system === SYSTEMS.actCode && isSensitivity(code)) sensitivity.push(code);
    else reader.refuse(at, 'is neither a confidentiality code U to V nor a sensitivity code that is known');
  }
  return { confidentiality, sensitivity, reading };
}

function readData(reader: Reader, json: Json, path: string): readonly DataCriteria[] | undefined {
  if (!Object.hasOwn(json, 'data')) return undefined;
  return reader.constraints(json, path, 'data').flatMap(({ value, path: at }) => {
    const data = reader.backbone(value, at, 'Consent.provision.data');
    if (data === undefined) return [];
    const meanings = ['instance', 'related', 'dependents', 'authoredby'] as const;
    const meaning = reader.code(data['meaning'], `${at}.meaning`, meanings);
    const target = reader.reference(data['reference'], `${at}.reference`);
    return meaning === undefined || target === undefined ? [] : [{ meaning, reference: target.reference }];
  });
}

function readCodes(reader: Reader, json: Json, path: string): readonly Coding[] | undefined {
  if (!Object.hasOwn(json, 'code')) return undefined;
  return reader.concepts(json, path, 'code').map(({ value }) => value);
}

/** Types of resource, which are a closed list, and classes of record, which each system makes for itself. */
function readContents(reader: Reader, json: Json, path: string, key: string): ContentCriteria | undefined {
  if (!Object.hasOwn(json, key)) return undefined;
  const resourceTypes: string[] = [];
  const classes: Coding[] = [];
  for (const { value, path: at } of codingsOf(reader, json, path, key)) {
    if (!RESOURCE_TYPE_SYSTEMS.includes(value.system)) classes.push(value);
    else if (isResourceType(value.code)) resourceTypes.push(value.code);
    else reader.refuse(at, 'is no type of resource in FHIR R4 or R5');
  }
  return { resourceTypes, classes };
}

function codingsOf(reader: Reader, json: Json, path: string, key: string): readonly At<Coding>[] {
  return reader.constraints(json, path, key).flatMap((entry) => {
    const coding = reader.coding(entry.value, entry.path);
    return coding === undefined ? [] : [{ value: coding, path: entry.path }];
  });
}
