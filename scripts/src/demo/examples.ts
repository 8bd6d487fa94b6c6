import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { z } from 'zod';
import { systemCode, UserError } from '../user-error.js';

/** A resource as HL7 published it in the R4 examples (npm package hl7.fhir.r4.examples 4.0.1, CC0). */
export interface Example {
  /** `Observation/f202` */
  readonly reference: string;
  /** What it is about, by its own code. */
  readonly about: string;
  readonly bytes: Buffer;
}

const coded = z.looseObject({
  code: z.looseObject({ coding: z.array(z.looseObject({ display: z.string().optional() })) }),
});

/** Reads one published example, byte for byte. Throws a UserError when the package is not installed. */
export async function readExample(reference: string): Promise<Example> {
  const bytes = await readFile(path.join(packageFolder(), `${reference.replace('/', '-')}.json`));
  const { code } = coded.parse(JSON.parse(bytes.toString('utf8')));
  return { reference, bytes, about: code.coding.find(({ display }) => display)?.display ?? reference };
}

function packageFolder(): string {
  try {
    return path.dirname(createRequire(import.meta.url).resolve('hl7.fhir.r4.examples/package.json'));
  } catch (cause) {
    if (systemCode(cause) !== 'MODULE_NOT_FOUND') throw cause;
    throw new UserError(
      'The demo needs the FHIR R4 examples, a development dependency: run `npm ci` without --omit=dev.',
      undefined,
      { cause },
    );
  }
}
