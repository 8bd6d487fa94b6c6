import type { Descriptor } from '@consent-ledger/chaincode/wire';
import type { ExplainedLabel, RecordDescriptorDocument } from '@consent-ledger/chaincode/wire/http';
import type { LabelTables } from '../../ports/label-tables.js';
import type { CustodyView, Held } from '../custody-view.js';
import { Refusal } from '../refusal.js';

const RULE_GONE = 'A rule of a label table whose copy is not here any more';

/** What is registered of a record, with where each label comes from. Throws a Refusal `not-found`. */
export function describeHeld(
  record: string,
  custody: CustodyView,
  tables: LabelTables,
): RecordDescriptorDocument {
  const held = custody.get('descriptor', record);
  if (held === undefined) throw new Refusal('not-found');
  const { labels, overruled } = explainLabels(held, tables);
  const { version, subjects, status, mediaType, digest, facts, labelling, reason, registeredAt } = held.value;
  return {
    record,
    version,
    subjects,
    status,
    mediaType,
    digest,
    facts,
    labels,
    overruled,
    ...(labelling === undefined ? {} : { table: labelling.table }),
    isCurrentTable: labelling?.table === tables.current.digest,
    ...(reason === undefined ? {} : { reason }),
    registeredAt,
    transaction: held.transaction,
    block: held.block,
  };
}

function explainLabels(
  { value: { facts, labelling, reason } }: Held<Descriptor>,
  tables: LabelTables,
): { readonly labels: ExplainedLabel[]; readonly overruled: ExplainedLabel[] } {
  const carried = facts.labels ?? [];
  if (labelling === undefined) {
    const why = 'Registered before labels were explained';
    return { labels: carried.map((label) => ({ label, origin: 'unknown', reason: why })), overruled: [] };
  }
  const { own = [], stated = [], found, decided, overruled = [] } = labelling;
  const rules = new Map(tables.earlier(labelling.table)?.rules.map((rule) => [rule.id, rule]));
  const ofRule = (id: string, label: string): ExplainedLabel => {
    const rule = rules.get(id);
    const source = rule === undefined ? {} : { source: rule.source };
    return { label, origin: 'rule', reason: rule?.reason ?? RULE_GONE, rule: id, ...source };
  };
  const labels: ExplainedLabel[] = [
    ...own.map((label) => ({ label, origin: 'record', reason: 'The record says so of itself' }) as const),
    ...(decided ?? stated)
      .filter((label) => decided === undefined || !own.includes(label))
      .map((label) =>
        decided === undefined
          ? ({ label, origin: 'stated', reason: 'Stated by whoever brought the record' } as const)
          : ({
              label,
              origin: 'decided',
              reason: `Decided by staff: ${reason ?? 'no reason given'}`,
            } as const),
      ),
    ...found.flatMap(({ rule, labels: given, coding }) =>
      given.map((label) => ({ ...ofRule(rule, label), coding })),
    ),
  ];
  const explained = new Set(labels.map(({ label }) => label));
  for (const label of carried) if (!explained.has(label)) labels.push(levelOf(label));
  return {
    labels,
    overruled: overruled.flatMap((id) => (rules.get(id)?.labels ?? []).map((label) => ofRule(id, label))),
  };
}

/** What neither the record nor a rule says is what follows from what they say. */
function levelOf(label: string): ExplainedLabel {
  const reason =
    label === 'N'
      ? 'No rule says anything of its codes, and the table takes that for normal'
      : 'A rule found a sensitivity, so the record is at R or above';
  return { label, origin: 'level', reason };
}
