import { stopAcknowledged } from '@consent-ledger/chaincode/wire/http';
import { call } from '../../consortium/member-calls.js';
import { accessEvents, withdrawConsent } from '../calls.js';
import { memberReference } from '../../consortium/summary.js';
import { must, type Narrate } from '../narration.js';
import type { TrialCast } from './cast.js';
import { askForData, chance, consentTo, each, newParticipant, type Participant } from './people.js';
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

/** The sponsor takes the cohort; some withdraw meanwhile, and nothing that is asked for afterwards comes. Gives the blocks of withdrawal. */
async function transferred(
  { cast, narrate, study, seed }: Trial,
  all: readonly Participant[],
): Promise<ReadonlyMap<Participant, number>> {
  return narrate(
    'The sponsor takes the data; in the middle of it some withdraw',
    'Each is decided for itself. What is asked for after a withdrawal stands in a block does not come.',
    async () => {
      const leaving = all.filter(
        (_, index) => chance(seed, 'leaves', index) < 0.15 || index === all.length - 1,
      );
      const withdrawn = new Map<Participant, number>();
      let came = 0;
      let tooLate = 0;
      let begin: () => void = () => undefined;
      const begun = new Promise<void>((resolve) => {
        begin = resolve;
      });
      const taking = each(all, async (one) => {
        const wasWithdrawn = withdrawn.has(one);
        const has = await askForData(cast, study, one);
        if (has) came += 1;
        if (came >= all.length / 3) begin();
        if (has && wasWithdrawn) tooLate += 1;
      });
      await Promise.race([begun, taking]);
      const withdrawing = each(leaving, async (one) => {
        withdrawn.set(one, (await withdrawConsent(one.site.as['consent-clerk'], one.consent)).block);
      });
      await Promise.all([taking, withdrawing]);
      must(tooLate === 0, 'nothing after a withdrawal', `${tooLate} records came`);
      const after = await each([...withdrawn.keys()], (one) => askForData(cast, study, one));
      must(!after.includes(true), 'nothing of those who withdrew', 'a record came');
      const expected = { consented: all.length - withdrawn.size, withdrawn: withdrawn.size };
      await counts(cast.sponsor.as['trial-manager'], study, expected);
      return {
        result: withdrawn,
        asked: `researcher: ${all.length} records, purpose CLINTRL, for the study`,
        came: `${came} came; ${withdrawn.size} withdrew, and nothing of theirs comes any more`,
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
