import {
  recordQuality,
  subjectQuality,
  type QualityFinding,
  type SubjectQuality,
} from '@consent-ledger/chaincode/wire/http';
import { Command } from 'commander';
import { call } from '../consortium/member-calls.js';
import { terminal } from '../terminal/terminal.js';
import { EXIT } from '../user-error.js';
import { examples } from './options.js';
import { printRows, signatory, withSignatory, type RegisteringOptions } from './registering.js';

type Reported = SubjectQuality['records'][number];

const HEAD = ['record', 'version', 'severity', 'path', 'rule', 'what to do'];

/** `consent-ledger quality` */
export function qualityVerb(done: (exitCode: number) => void): Command {
  const finish = (): void => {
    done(EXIT.ok);
  };
  return new Command('quality')
    .description('What does not fit in records that came in: element, rule and what to do; never a value.')
    .addCommand(recordCommand(finish))
    .addCommand(subjectCommand(finish))
    .addHelpText('after', examples('quality record obs-1', 'quality subject 3f2a… --json'));
}

function reportCommand(name: string, description: string): Command {
  return withSignatory(new Command(name).description(description), 'riverside', 'records-clerk');
}

function recordCommand(finish: () => void): Command {
  return reportCommand('record', 'The newest version of one record.')
    .argument('<record>', 'its id')
    .action(async (record: string, options: RegisteringOptions) => {
      const path = `/v1/records/${encodeURIComponent(record)}/quality`;
      const report = await call(await signatory(options), 'GET', path, recordQuality);
      if (options.json) terminal().printJson(report);
      else print([report]);
      finish();
    });
}

function subjectCommand(finish: () => void): Command {
  return reportCommand('subject', 'All records of one subject.')
    .argument('<subject>', 'their pseudonym')
    .action(async (subject: string, options: RegisteringOptions) => {
      const client = await signatory(options);
      const path = `/v1/subjects/${encodeURIComponent(subject)}/quality?limit=200`;
      const records: Reported[] = [];
      for (let after = ''; ;) {
        const page = await call(client, 'GET', `${path}${after}`, subjectQuality);
        records.push(...page.records);
        if (page.next === undefined) break;
        after = `&after=${encodeURIComponent(page.next)}`;
      }
      if (options.json) terminal().printJson({ subject, records });
      else print(records);
      finish();
    });
}

function print(records: readonly Reported[]): void {
  const rows = records.flatMap((one) => one.findings.map((finding) => rowOf(one, finding)));
  if (rows.length > 0) printRows(HEAD, rows);
  const unread = records.filter(({ isRead }) => !isRead).length;
  terminal().say(
    `${rows.length} findings in ${records.length} records; ${unread} of them are no FHIR resource that could be read`,
  );
}

function rowOf({ record, version }: Reported, { severity, path, rule, action }: QualityFinding): string[] {
  return [record, `${version}`, severity, path, rule, action];
}
