import {
  cellText,
  everyPage,
  FamiliesMalformed,
  openProjection,
  questionNamed,
  UnusualAnalyses,
  type AccessFinding,
  type AnswerRow,
  type Page,
  type ProjectionStore,
} from '@consent-ledger/audit';
import { fillYear, writeDay, type Look, type MadeYear } from '@consent-ledger/scripts';
import { expect } from 'chai';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startPostgres, type TestPostgres } from '../../support/audit/postgres.js';
import { temporaryFolder } from '../../support/temporary.js';

/** A Monday. */
const START = Date.parse('2026-01-05T00:00:00.000Z');
const DAY_MS = 86_400_000;
const DAYS = 99;
const NOW = START + (DAYS + 3) * DAY_MS;

/** What is planted in a history in which all else is in order, by whom. */
function plantedIn({ staff, patients, looks }: MadeYear): Record<string, Look[]> {
  const [nurse, other] = [staff.wards[0]?.[0], staff.wards[1]?.[0]];
  const [clerk, doctor] = [staff.clerks[0], staff.doctors[0]?.[0]];
  if (!nurse || !other || !clerk || !doctor) throw new RangeError('nobody is there');
  const seen = new Set(looks.map(({ patient }) => patient));
  const strangers = patients.filter((patient) => !seen.has(patient));
  // The rarer the name, the less is it chance.
  const [relative] = staff.doctors
    .flat()
    .flatMap((worker) =>
      strangers.filter(({ family }) => family === worker.family).map((kin) => ({ worker, kin })),
    )
    .sort((a, b) => b.worker.family - a.worker.family);
  const [celebrity] = strangers;
  const known = looks.find(({ worker }) => worker === doctor)?.patient;
  if (!relative || !celebrity || !known) throw new RangeError('nobody is there');
  const around = (hour: number, n: number): number => hour + n / 100;
  return {
    browsing: strangers
      .slice(10, 40)
      .map((patient, n) => ({ worker: nurse, patient, day: DAYS, hour: around(9, n) })),
    probing: strangers.slice(40, 60).map((patient, n) => {
      return { worker: other, patient, day: DAYS + 1, hour: around(10, n), reason: 'no-consent' as const };
    }),
    relative: [{ worker: relative.worker, patient: relative.kin, day: DAYS, hour: 2 }],
    celebrity: staff.wards.flatMap(([, worker], n) =>
      worker === undefined ? [] : [{ worker, patient: celebrity, day: DAYS + 1, hour: around(13, n) }],
    ),
    atNight: strangers
      .slice(60, 63)
      .map((patient, n) => ({ worker: clerk, patient, day: DAYS + 2, hour: around(3, n) })),
    afterWithdrawal: [0, 1, 2].map((n) => {
      return {
        worker: doctor,
        patient: known,
        day: DAYS + n,
        hour: 22.5,
        reason: 'consent-withdrawn' as const,
      };
    }),
  };
}

const keyOf = ({ user, subject, day }: AnswerRow): string => [user, subject, day].map(String).join(' ');
const dateOf = (day: number): string => new Date(START + day * DAY_MS).toISOString().slice(0, 10);

describe('unusual access is found, with reasons', function () {
  this.timeout(240_000);
  const work = temporaryFolder();
  const question = questionNamed('unusual');
  if (question === undefined) throw new RangeError('unusual');
  let postgres: TestPostgres | undefined;
  let store: ProjectionStore;
  let other: ProjectionStore;
  let made: MadeYear;
  let planted: Record<string, Look[]>;
  let families: string;
  let findings: AccessFinding[] = [];
  let analyses: UnusualAnalyses;

  before(async () => {
    postgres = await startPostgres();
    store = await openProjection(join(work.path, 'projection.db'));
    other = await openProjection(await postgres.database());
    for (const one of [store, other]) {
      made = await fillYear(one, { seed: 7, wards: 6, days: DAYS, start: START, isClean: true });
      planted = plantedIn(made);
      const looks = Object.values(planted).flat();
      for (const day of [DAYS, DAYS + 1, DAYS + 2])
        await writeDay(
          one,
          day,
          looks.filter((look) => look.day === day),
          START,
        );
    }
    families = join(work.path, 'families.csv');
    writeFileSync(families, made.families);
    analyses = new UnusualAnalyses({ folder: join(work.path, 'work'), families, findings: () => findings });
  });
  after(async () => {
    await analyses.close();
    await store.close();
    await other.close();
    await postgres?.stop();
  });
  beforeEach(() => {
    findings = [];
  });

  async function asked(given: Record<string, string> = {}, limit = 500, db = store.db): Promise<Page> {
    const parameters = question?.parameters.parse(given) ?? {};
    const page = await question?.ask({ db, now: NOW, limit, unusual: analyses }, parameters);
    if (page === undefined) throw new RangeError('no answer');
    return page;
  }
  const keysOf = (kind: string): string[] =>
    (planted[kind] ?? []).map(
      ({ worker, patient, day }) => `${worker.user} ${patient.subject} ${dateOf(day)}`,
    );

  it('what was planted is listed, and little else', async () => {
    const { rows, about } = await asked();
    const listed = new Set(rows.map(keyOf));
    const found = Object.fromEntries(
      Object.keys(planted).map((kind) => [kind, keysOf(kind).filter((key) => listed.has(key)).length]),
    );
    const all = Object.keys(planted).flatMap(keysOf);
    const wrong = rows.filter((row) => !all.includes(keyOf(row)));
    expect(found, JSON.stringify(found)).to.deep.include({
      browsing: 30,
      probing: 20,
      relative: 1,
    });
    expect(found['afterWithdrawal']).to.be.at.least(2);
    expect(wrong.length / rows.length, 'at the stated rate').to.be.at.most(0.1);
    expect(about).to.deep.include({ rate: 0.1, blocks: DAYS + 3, notJudged: 0 });
    expect(about?.['visits']).to.be.greaterThan(2_000);
  });

  it('each with its reasons and their baselines in words', async () => {
    const { rows } = await asked({ all: 'true' }, 10_000);
    const reasonsOf = (kind: string) =>
      cellText(rows.find((row) => keysOf(kind).includes(keyOf(row)))?.['reasons']);
    expect(reasonsOf('browsing')).to.match(/volume: \d+ subjects that day; \d+\.\d were to be expected/);
    expect(reasonsOf('browsing')).to.match(/first contact, and no care relation: .* % of its peers'/);
    expect(reasonsOf('probing')).to.match(/many denials: 20 that day/);
    expect(reasonsOf('relative')).to.match(/same family name as the subject; .* % of all visits/);
    const celebrity = rows.filter((row) => keysOf('celebrity').includes(keyOf(row)));
    const places = celebrity.map(({ place }) => Number(place));
    expect(Math.max(...places), `of ${rows.length}: ${places.join(' ')}`).to.be.below(rows.length / 20);
    expect(reasonsOf('celebrity')).to.match(/first contact, and no care relation/);
    expect(reasonsOf('afterWithdrawal')).to.match(/after withdrawal of consent, on \d days; /);
    expect(reasonsOf('afterWithdrawal')).to.match(/odd hour: about 22:00 UTC on a weekday are .* %/);
    for (const row of rows) expect(row['event']).to.match(/^event\/[0-9a-f]{64}$/);
  });

  it('is the same list from SQLite and from PostgreSQL, and each time', async () => {
    const first = await asked();
    expect(await asked({}, 500, other.db)).to.deep.equal(first);
    expect(await asked()).to.deep.equal(first);
  });

  it('in pages that are of one list, whatever comes after', async () => {
    const whole = await asked({ all: 'true' }, 10_000);
    const rows: AnswerRow[] = [];
    const asking = { db: store.db, now: NOW, limit: 700, unusual: analyses };
    for await (const page of everyPage(question, asking, question.parameters.parse({ all: 'true' })))
      rows.push(...page.rows);
    expect(rows.length).to.equal(whole.about?.['visits']);
    expect(rows).to.deep.equal(whole.rows);
    expect(rows.filter(({ isListed }) => isListed === true)).to.deep.equal((await asked()).rows);
    const bad = await question
      .ask({ db: store.db, now: NOW, limit: 1, cursor: "' OR 1" }, {})
      .catch((error: unknown) => error);
    expect(String(bad)).to.contain('next');
  });

  it('lists nothing where nothing is wrong', async () => {
    const { rows, about } = await asked({ until: dateOf(DAYS) });
    expect(rows.map(keyOf)).to.deep.equal([]);
    expect(about?.['visits']).to.be.greaterThan(2_000);
  });

  it('without the custodian’s tags it says nothing of families', async () => {
    const none = new UnusualAnalyses({ folder: join(work.path, 'work'), findings: () => [] });
    try {
      const page = await question.ask({ db: store.db, now: NOW, limit: 500, unusual: none }, {});
      expect(page.rows.length).to.be.greaterThan(0);
      expect(page.rows.filter(({ reasons }) => cellText(reasons).includes('family'))).to.deep.equal([]);
    } finally {
      await none.close();
    }
  });

  it('what a review found justified leaves the list, and what it found otherwise raises the like', async () => {
    const before = await asked({ all: 'true' }, 10_000);
    const celebrity = before.rows.find((row) => keysOf('celebrity').includes(keyOf(row)));
    findings = [{ event: cellText(celebrity?.['event']), finding: 'justified' }];
    const after = await asked({ all: 'true' }, 10_000);
    const again = after.rows.find((row) => keyOf(row) === keyOf(celebrity ?? {}));
    expect(again).to.deep.include({ finding: 'justified', isListed: false, weight: 0, rate: 1 });

    const night = before.rows.filter((row) => keysOf('atNight').includes(keyOf(row)));
    expect(night).to.have.length(3);
    const [reviewed, ...others] = night;
    findings = [{ event: cellText(reviewed?.['event']), finding: 'not-justified' }];
    const raised = await asked({ all: 'true' }, 10_000);
    for (const one of others) {
      const now = raised.rows.find((row) => keyOf(row) === keyOf(one));
      expect(now?.['weight']).to.be.greaterThan(1);
      expect(Number(now?.['rate']), 'raised').to.be.below(Number(one['rate']));
    }
    findings = [{ event: cellText(reviewed?.['event']), finding: 'justified' }];
    const lowered = await asked({ all: 'true' }, 10_000);
    for (const one of others)
      expect(lowered.rows.find((row) => keyOf(row) === keyOf(one))?.['weight']).to.be.below(1);
  });

  it('refuses a file with what could be a name in it, by its line alone', async () => {
    const wrong = join(work.path, 'names.csv');
    writeFileSync(wrong, `${made.families.split('\n')[0] ?? ''}\nsubject,RiversideMSP,patient-1,Smith\n`);
    const named = new UnusualAnalyses({
      folder: join(work.path, 'work'),
      families: wrong,
      findings: () => [],
    });
    const error = await question
      .ask({ db: store.db, now: NOW, limit: 5, unusual: named }, {})
      .catch((thrown: unknown) => thrown);
    await named.close();
    expect(error).to.be.instanceOf(FamiliesMalformed);
    expect(String(error)).to.contain('line 2').and.not.to.contain('Smith');
  });

  it('counts what it cannot judge, and answers where there is nothing at all', async () => {
    const empty = await openProjection(join(work.path, 'empty.db'));
    try {
      const page = await question.ask({ db: empty.db, now: NOW, limit: 5, unusual: analyses }, {});
      expect(page.rows).to.deep.equal([]);
      expect(page.about).to.deep.include({ visits: 0, knownFrom: null });
    } finally {
      await empty.close();
    }
  });

  it('leaves no work files behind', async () => {
    const folder = join(work.path, 'left');
    const own = new UnusualAnalyses({ folder, findings: () => [] });
    await question.ask({ db: store.db, now: NOW, limit: 5, unusual: own }, {});
    expect(readdirSync(folder)).to.have.length(1);
    await own.close();
    expect(readdirSync(folder)).to.deep.equal([]);
  });
});
