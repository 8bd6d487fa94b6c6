import { stopAcknowledged, type CohortLine } from '@consent-ledger/chaincode/wire/http';
import { call } from '../../consortium/member-calls.js';
import { accessEvents, withdrawConsent } from '../calls.js';
import { memberReference } from '../../consortium/summary.js';
import { must, type Narrate } from '../narration.js';
import type { TrialCast } from './cast.js';
import {
  askForData,
  chance,
  consentTo,
  each,
  newParticipant,
  takeCohort,
  type Participant,
} from './people.js';
import { replayed } from './replay.js';
import { alertsAt, counts, countsAt, protocol, state, textOf } from './study.js';

export interface Trial {
  readonly cast: TrialCast;
  readonly narrate: Narrate;
  readonly study: string;
  readonly participants: number;
  readonly seed: string;
}

const DAY_MS = 86_400_000;

/** A whole study: two sites, three protocol versions, withdrawals in the middle of a transfer. Throws a StepFailure. */
export async function playTrial(trial: Trial): Promise<void> {
  const { cast, narrate, study } = trial;
  const manager = cast.sponsor.as['trial-manager'];
  const first = protocol('1', { from: '2026-01-01T00:00:00.000Z', consent: 'needed' });
  await narrate(
    'The sponsor states its study at two sites',
    'What registries publish is public; the terms are for site, sponsor and oversight.',
    async () => ({
      result: undefined,
      asked: `trial manager: PUT /v1/studies/${study}`,
      came: await state(cast, study, [first]),
    }),
  );
  const all = await joined(trial);
  const withdrawn = await transferred(trial, all);
  const left = all.filter((one) => !withdrawn.has(one));

  const minor = protocol('1.1', { from: '2026-02-01T00:00:00.000Z', consent: 'not-needed' });
  const major = (days: number) =>
    protocol('2', { from: '2026-03-01T00:00:00.000Z', consent: 'needed', deadline: inDays(days) });
  const standing = { withdrawn: withdrawn.size };
  await narrate(
    'A change that is not material disturbs no one',
    'Protocol 1.1 needs no new consent.',
    async () => {
      const came = await state(cast, study, [first, minor]);
      await counts(manager, study, { consented: left.length, ...standing });
      return { result: undefined, asked: 'trial manager: protocol 1.1', came };
    },
  );
  await narrate(
    'A material one makes new consents due',
    'Protocol 2 needs one; there is time until a deadline, and data flows until then. Nothing is written for anybody.',
    async () => {
      const came = await state(cast, study, [first, minor, major(1)]);
      await counts(manager, study, { 'reconsent-due': left.length, ...standing });
      return { result: undefined, asked: 'trial manager: protocol 2, with a deadline', came };
    },
  );
  const renewed = left.filter((_, index) => index % 2 === 0);
  const late = left.filter((_, index) => index % 2 === 1);
  await narrate(
    'Half consent again; then the deadline is over',
    'Past it data stops flowing by itself: the decision sees it, at each moment.',
    async () => {
      await each(renewed, (one) => consentTo(study, '2', one));
      await state(cast, study, [first, minor, major(-1)]);
      const expected = { consented: renewed.length, 'reconsent-overdue': late.length, ...standing };
      await counts(manager, study, expected);
      const [good, bad] = [renewed.slice(0, 5), late.slice(0, 5)];
      const answers = await each([...good, ...bad], (one) => askForData(cast, study, one));
      const came = answers.map((answer) => (answer ? 200 : 403)).join(' ');
      const wanted = [...good.map(() => 200), ...bad.map(() => 403)].join(' ');
      must(came === wanted, wanted, `${came} came`);
      return { result: undefined, asked: 'researcher: five of each', came, lines: [textOf(expected)] };
    },
  );
  await stopped(trial, withdrawn.size);
  await agreed(trial);
  await proven(trial, withdrawn);
  await decidedAgain(trial);
}

async function joined({ cast, narrate, study, participants, seed }: Trial): Promise<Participant[]> {
  return narrate(
    `${participants} participants consent, at both sites`,
    'Made from a seed. Each chooses by themselves: samples, genetic data, being asked again, later research.',
    async () => {
      const indices = Array.from({ length: participants }, (_, index) => index);
      const all = await each(indices, (index) =>
        newParticipant(study, cast.sites[index % 2 === 0 ? 0 : 1], index, seed),
      );
      await counts(cast.sponsor.as['trial-manager'], study, { consented: participants });
      return {
        result: all,
        asked: 'consent clerks: POST /v1/studies/{id}/consents',
        came: `${all.length} times 201`,
      };
    },
  );
}

/** The sponsor takes the cohort; some withdraw meanwhile, and nothing that is decided afterwards comes. Gives the blocks of withdrawal. */
async function transferred(
  { cast, narrate, study, seed }: Trial,
  all: readonly Participant[],
): Promise<ReadonlyMap<Participant, number>> {
  return narrate(
    'The sponsor takes the data of the cohort; in the middle of it some withdraw',
    'Each participant is decided on by themselves; what comes is pseudonymised, and who is left out is counted, not named.',
    async () => {
      const leaving = all.filter(
        (_, index) => chance(seed, 'leaves', index) < 0.15 || index === all.length - 1,
      );
      const withdrawn = new Map<Participant, number>();
      const lines: CohortLine[] = [];
      const state = { withdrawn: false };
      const withdraw = async (): Promise<void> => {
        try {
          await each(leaving, async (one) => {
            withdrawn.set(one, (await withdrawConsent(one.site.as['consent-clerk'], one.consent)).block);
          });
        } finally {
          state.withdrawn = true;
        }
      };
      let withdrawing: Promise<void> | undefined;
      const first = (): void => {
        withdrawing ??= withdraw();
        withdrawing.catch(() => undefined);
      };
      let isLast: boolean;
      let released: number;
      do {
        isLast = state.withdrawn;
        const taken = await Promise.all(cast.sites.map((site) => takeCohort(cast, study, site, first)));
        lines.push(...taken.flatMap((one) => one.lines));
        released = taken.reduce((sum, { summary }) => sum + summary.released, 0);
      } while (!isLast);
      await withdrawing;
      const byRecord = new Map([...withdrawn].map(([{ record }, block]) => [record, block]));
      const tooLate = lines.filter(({ record, block }) => block > (byRecord.get(record) ?? Infinity));
      must(tooLate.length === 0, 'nothing after a withdrawal', `${tooLate.length} records came`);
      const left = all.length - withdrawn.size;
      must(released === left, `the data of ${left} at the end`, `those of ${released} came`);
      must(!/mrn-|nervous|Somebody/.test(JSON.stringify(lines)), 'nothing that identifies', 'there is');
      const expected = { consented: left, withdrawn: withdrawn.size };
      await counts(cast.sponsor.as['trial-manager'], study, expected);
      return {
        result: withdrawn,
        asked: `researcher: POST /v1/studies/${study}/data, at both sites, over and over`,
        came: `${lines.length} records; ${withdrawn.size} withdrew, and at the end the data of ${released} come`,
      };
    },
  );
}

async function stopped({ cast, narrate, study }: Trial, withdrawn: number): Promise<void> {
  const { sponsor, auditor } = cast;
  await narrate(
    'The sponsor acknowledges each withdrawal, signed',
    'Each is a task until its word is on the ledger; an overdue one is shown to the auditor.',
    async () => {
      const tasks = (await alertsAt(sponsor.as['trial-manager'], study)).filter(
        ({ kind }) => kind === 'stop-due',
      );
      must(tasks.length === withdrawn, `${withdrawn} tasks`, `there are ${tasks.length}`);
      await each(tasks, ({ site, person }) => {
        const body = { site, person, action: 'stopped', on: new Date().toISOString() };
        return call(
          sponsor.as['trial-manager'],
          'POST',
          `/v1/studies/${study}/stops`,
          stopAcknowledged,
          body,
        );
      });
      const open = (await alertsAt(auditor.as.auditor, study)).filter(({ kind }) => kind === 'stop-overdue');
      must(open.length === 0, 'nothing overdue', `${open.length} are`);
      return {
        result: undefined,
        asked: 'trial manager: POST /v1/studies/{id}/stops',
        came: `${tasks.length} times 201`,
      };
    },
  );
}

async function agreed({ cast, narrate, study }: Trial): Promise<void> {
  const { sites, sponsor, auditor } = cast;
  await narrate(
    'Sponsor, sites and auditor count the same',
    'Each counts on its own peer; the sites together see what the others see.',
    async () => {
      const expected = await countsAt(sponsor.as['trial-manager'], study);
      await counts(auditor.as.auditor, study, expected);
      const together: Record<string, number> = {};
      for (const site of sites) {
        for (const [status, count] of Object.entries(await countsAt(site.as['consent-clerk'], study)))
          together[status] = (together[status] ?? 0) + count;
      }
      must(textOf(together) === textOf(expected), textOf(expected), `the sites count ${textOf(together)}`);
      return { result: undefined, asked: 'all four: GET /v1/studies/{id}/counts', came: textOf(expected) };
    },
  );
}

async function proven({ cast, narrate }: Trial, withdrawn: ReadonlyMap<Participant, number>): Promise<void> {
  await narrate(
    'The auditor shows the last access before each withdrawal, and none after',
    'From the log on its own peer, for every participant who withdrew.',
    async () => {
      let before = 0;
      await each([...withdrawn], async ([{ site, subject }, block]) => {
        const events = await accessEvents(
          cast.auditor.as.auditor,
          memberReference(site.organisation),
          subject,
        );
        const permitted = events.filter(({ records }) => records.some(({ outcome }) => outcome === 'permit'));
        const late = permitted.filter((event) => event.block > block);
        must(late.length === 0, 'no access after the withdrawal', `one is in block ${late[0]?.block ?? '?'}`);
        if (permitted.length > 0) before += 1;
      });
      return {
        result: undefined,
        asked: 'auditor: GET /v1/access-events of each',
        came: `${withdrawn.size} withdrew; of ${before} something had been released before, of none after`,
      };
    },
  );
}

async function decidedAgain({ cast, narrate }: Trial): Promise<void> {
  await narrate(
    'The auditor decides every access again, and works out again what the sponsor was told',
    'From the blocks of its own peer, each in the state that its transaction found.',
    async () => {
      const { blocks, permitted, denied, findings, sound } = await replayed(cast.auditorConfiguration);
      must(sound, 'a sound history', `${findings.length} findings, first ${findings[0]?.rule ?? 'none'}`);
      return {
        result: undefined,
        asked: 'auditor: consent-ledger audit replay',
        came: `${blocks} blocks, ${permitted} permitted, ${denied} denied, all as they were logged`,
      };
    },
  );
}

function inDays(days: number): string {
  return new Date(Date.now() + days * DAY_MS).toISOString();
}
