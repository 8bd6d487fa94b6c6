import { parse } from 'yaml';
import { z } from 'zod';

const service = z.object({
  image: z.string(),
  command: z.array(z.string()),
  environment: z.record(z.string(), z.string()).optional(),
  read_only: z.boolean(),
  volumes: z.array(z.object({ source: z.string(), target: z.string(), read_only: z.boolean().optional() })),
  labels: z.record(z.string(), z.string()).optional(),
});

const composeFile = z.object({ services: z.record(z.string(), service) });

/** What tests look at of a compose file. */
export type ComposeFile = z.output<typeof composeFile>;

export function readCompose(text: string): ComposeFile {
  return composeFile.parse(parse(text));
}
