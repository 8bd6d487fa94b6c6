import {
  alertList,
  changesPage,
  participationPage,
  stopAcknowledged,
  studyBody,
  studyCounts,
  studyDocument,
  type Alert,
  type ParticipationLine,
  type StudyInput,
} from '@consent-ledger/chaincode/wire/http';
import { Command, Option } from 'commander';
import { refuseProblems } from '../accept.js';
import { call, callBytes } from '../consortium/member-calls.js';
import { readJsonFile } from '../json-file.js';
import { terminal } from '../terminal/terminal.js';
import { EXIT } from '../user-error.js';
import { examples } from './options.js';
import { asked, print, trialCommand, type TrialOptions } from './trial-command.js';
import { dataCommand, profileCommand } from './trial-data.js';

const STOPS = ['stopped', 'destroyed', 'kept'] as const;

/** `consent-ledger trial` */
export function trialVerb(done: (exitCode: number) => void): Command {
  const finish = (): void => {
    done(EXIT.ok);
  };
  return new Command('trial')
    .description('Follow a clinical trial at a member’s gateway, as its sponsor unless told otherwise.')
    .addCommand(stateCommand(finish))
    .addCommand(countsCommand(finish))
    .addCommand(listCommand(finish))
    .addCommand(changesCommand(finish))
    .addCommand(alertsCommand(finish))
    .addCommand(exportCommand(finish))
    .addCommand(stopCommand(finish))
    .addCommand(dataCommand(finish))
    .addCommand(profileCommand(finish))
    .addHelpText(
      'after',
      examples(
        'trial state nova-101 study.json',
        'trial counts nova-101',
        'trial alerts nova-101 --member sentinel --user auditor',
        'trial data nova-101 --site Organization/riverside > nova-101.ndjson',
        'trial export nova-101 --format fhir > nova-101.json',
      ),
    );
}

function stateCommand(finish: () => void): Command {
  return trialCommand(
    'state',
    'State a study, or what has changed of it, from a file (PUT /v1/studies/{id}).',
  )
    .argument('<file>', 'JSON: title, sites, period, status, terms')
    .action(async (study: string, file: string, options: TrialOptions) => {
      const body = await readStudy(file);
      const said = await call(await asked(options), 'PUT', `/v1/studies/${study}`, studyDocument, body);
      if (options.json) terminal().printJson(said);
      else terminal().print(`${said.study} version ${said.version}, ${said.status}: ${said.title}`);
      finish();
    });
}

function countsCommand(finish: () => void): Command {
  return trialCommand(
    'counts',
    'How many participants there are, by site, protocol version and status.',
  ).action(async (study: string, options: TrialOptions) => {
    const said = await call(await asked(options), 'GET', `/v1/studies/${study}/counts`, studyCounts);
    if (options.json) terminal().printJson(said);
    else {
      const rows = said.counts.map(({ site, protocol = '–', status, count }) => [
        site,
        protocol,
        status,
        `${count}`,
      ]);
      print(['site', 'protocol', 'status', 'count'], rows);
      terminal().print(`${said.total} in all, as of block ${said.height - 1}`);
    }
    finish();
  });
}

function listCommand(finish: () => void): Command {
  return trialCommand('list', 'The participants, under their pseudonyms in this study.')
    .option('--site <reference>', 'such as Organization/riverside')
    .option('--status <status>', 'such as withdrawn')
    .option('--protocol <version>')
    .action(
      async (
        study: string,
        options: TrialOptions & Partial<Record<'site' | 'status' | 'protocol', string>>,
      ) => {
        const client = await asked(options);
        const lines: ParticipationLine[] = [];
        const query = new URLSearchParams({ limit: '200' });
        for (const name of ['site', 'status', 'protocol'] as const) {
          const value = options[name];
          if (value !== undefined) query.set(name, value);
        }
        for (;;) {
          const path = `/v1/studies/${study}/participations?${query.toString()}`;
          const page = await call(client, 'GET', path, participationPage);
          lines.push(...page.participations);
          if (page.next === undefined) break;
          query.set('after', page.next);
        }
        if (options.json) terminal().printJson(lines);
        else {
          print(
            ['participant', 'site', 'status', 'protocol', 'evidence', 'choices', 'since'],
            lines.map((line) => [
              line.person,
              line.site,
              line.status,
              line.protocol ?? '–',
              line.evidence ?? '–',
              line.choices.join(' '),
              line.since,
            ]),
          );
        }
        finish();
      },
    );
}

function changesCommand(finish: () => void): Command {
  return trialCommand('changes', 'What has changed since a cursor, oldest first.')
    .option('--after <cursor>', '`next` of the last answer')
    .action(async (study: string, options: TrialOptions & { readonly after?: string }) => {
      const query = options.after === undefined ? '' : `?after=${options.after}`;
      const said = await call(
        await asked(options),
        'GET',
        `/v1/studies/${study}/changes${query}`,
        changesPage,
      );
      if (options.json) terminal().printJson(said);
      else {
        print(
          ['at', 'participant', 'site', 'status', 'protocol'],
          said.changes.map(({ at, person, site, status, protocol = '–' }) => [
            at,
            person,
            site,
            status,
            protocol,
          ]),
        );
        if (said.next !== undefined) terminal().say(`next: --after ${said.next}`);
      }
      finish();
    });
}

function alertsCommand(finish: () => void): Command {
  return trialCommand('alerts', 'What somebody has to do.').action(
    async (study: string, options: TrialOptions) => {
      const { alerts } = await call(await asked(options), 'GET', `/v1/studies/${study}/alerts`, alertList);
      if (options.json) terminal().printJson(alerts);
      else if (alerts.length === 0) terminal().print('Nothing is to be done.');
      else print(['alert', 'site', 'about', 'due'], alerts.map(alertRow));
      finish();
    },
  );
}

function alertRow({ kind, site, person, collected, protocol, count, due = '–' }: Alert): string[] {
  const about = person === undefined ? [count, protocol && `on protocol ${protocol}`] : [person, collected];
  return [kind, site, about.filter((part) => part !== undefined).join(' '), due];
}

function exportCommand(finish: () => void): Command {
  return trialCommand('export', 'All participants for the trial master file, to standard output.')
    .addOption(new Option('--format <format>').choices(['csv', 'fhir']).default('csv'))
    .action(async (study: string, options: TrialOptions & { readonly format: string }) => {
      const path = `/v1/studies/${study}/export?format=${options.format}`;
      process.stdout.write(await callBytes(await asked(options), path));
      finish();
    });
}

function stopCommand(finish: () => void): Command {
  return trialCommand('stop', 'Acknowledge a withdrawal, signed by the sponsor.')
    .argument('<participant>', 'pseudonym in this study')
    .requiredOption('--site <reference>', 'such as Organization/riverside')
    .addOption(new Option('--action <action>', 'what was done').choices(STOPS).makeOptionMandatory())
    .action(
      async (
        study: string,
        person: string,
        options: TrialOptions & { readonly site: string; readonly action: (typeof STOPS)[number] },
      ) => {
        const { site, action } = options;
        const body = { site, person, action, on: new Date().toISOString() };
        const path = `/v1/studies/${study}/stops`;
        const said = await call(await asked(options), 'POST', path, stopAcknowledged, body);
        if (options.json) terminal().printJson(said);
        else terminal().print(`${said.person} ${said.action} (block ${said.block})`);
        finish();
      },
    );
}

/** Throws a UserError that names what is wrong in the file. */
async function readStudy(file: string): Promise<StudyInput> {
  const parsed = studyBody.safeParse(await readJsonFile(file));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
  refuseProblems(file, problems);
  throw parsed.error;
}
