import { z } from 'zod';
import { DISPOSITIONS, STUDY_CHOICES } from '../../domain/study-choices.js';
import type { CompiledPolicy, CompiledProvision, Criteria } from '../../domain/index.js';

/*
 * The domain's compiled policy as it is kept in private values. The types are the domain's; a schema that
 * drifted from them would not compile.
 */

const text = z.string().min(1).max(1_024);
const texts = z.array(text).max(1_024);
const kind = z.enum(['permit', 'deny']);
const epoch = z.int();

const interval = z.strictObject({ from: epoch.exactOptional(), until: epoch.exactOptional() });
const codings = z.array(z.strictObject({ system: text, code: text })).max(1_024);

const criteria = z.strictObject({
  actor: z
    .strictObject({
      recipients: z.strictObject({ organizations: texts, others: texts }).exactOptional(),
      custodians: texts.exactOptional(),
      authors: texts.exactOptional(),
    })
    .exactOptional(),
  actions: texts.exactOptional(),
  purposes: texts.exactOptional(),
  labels: z
    .strictObject({ confidentiality: z.array(z.int().min(0).max(5)), sensitivity: texts, reading: kind })
    .exactOptional(),
  contents: z
    .array(z.strictObject({ resourceTypes: texts, classes: codings }))
    .max(1_024)
    .exactOptional(),
  codes: codings.exactOptional(),
  dataPeriod: z.strictObject({ interval, reading: kind }).exactOptional(),
  data: z
    .array(
      z.strictObject({
        meaning: z.enum(['instance', 'related', 'dependents', 'authoredby']),
        reference: text,
      }),
    )
    .max(1_024)
    .exactOptional(),
}) satisfies z.ZodType<Criteria>;

const provision: z.ZodType<CompiledProvision> = z.strictObject({
  kind,
  path: text,
  period: interval.exactOptional(),
  criteria,
  get exceptions() {
    return z.array(provision).max(1_024);
  },
});

export const compiledPolicy: z.ZodType<CompiledPolicy> = z.strictObject({
  policyVersion: z.literal(1),
  id: text,
  status: text,
  subject: text,
  dialect: z.enum(['r4-core', 'r4-pcf', 'r5']),
  scope: z.enum(['privacy', 'research']),
  base: kind,
  basePath: text,
  period: interval.exactOptional(),
  coverage: criteria,
  exceptions: z.array(provision).max(1_024),
  supersedes: texts,
  study: z
    .strictObject({
      study: text,
      protocol: text,
      choices: z.array(z.enum(STUDY_CHOICES)),
      collected: z
        .array(z.strictObject({ choice: z.enum(STUDY_CHOICES), disposition: z.enum(DISPOSITIONS) }))
        .exactOptional(),
    })
    .exactOptional(),
  acknowledges: texts.exactOptional(),
});
