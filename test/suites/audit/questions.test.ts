import {
  BadCursor,
  bundleOf,
  csvOf,
  disclosureReport,
  everyPage,
  openProjection,
  QuestionLog,
  QuestionLogBroken,
  questionNamed,
  type AnswerRow,
  type ProjectionStore,
} from '@consent-ledger/audit';
import { expect } from 'chai';
import { statSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { followTo } from '../../support/audit/following.js';
import { startPostgres, type TestPostgres } from '../../support/audit/postgres.js';
import {
  EMERGENCY_USER,
  jtiOf,
  smallHistory,
  USER,
  type SmallHistory,
} from '../../support/audit/small-history.js';
import { temporaryFolder } from '../../support/temporary.js';

const words = (row: readonly unknown[]) => row.map(String).join(' ');

const NOW = Date.parse('2026-11-24T12:00:00.000Z');

for (const kind of ['SQLite', 'PostgreSQL'] as const) {
  describe(`what an auditor asks the projection (${kind})`, function () {
    this.timeout(240_000);
    const work = temporaryFolder();
    let postgres: TestPostgres | undefined;
    let history: SmallHistory;
    let store: ProjectionStore;

    before(async () => {
      if (kind === 'PostgreSQL') postgres = await startPostgres();
      history = await smallHistory();
      store = await openProjection((await postgres?.database()) ?? join(work.path, 'projection.db'));
      await followTo(store, history.ledger, history.blocks);
    });
    after(async () => {
      await store.close();
      await postgres?.stop();
    });

    /** All rows of a question, asked for two at a time: cursors must lose and repeat nothing. */
    async function answers(
      name: string,
      given: Record<string, string> = {},
      now = NOW,
    ): Promise<AnswerRow[]> {
      const question = questionNamed(name);
      if (question === undefined) throw new RangeError(name);
      const parameters = question.parameters.parse(given);
      const [small, large]: AnswerRow[][] = [[], []];
      for await (const { rows } of everyPage(question, { db: store.db, now, limit: 2 }, parameters))
        small?.push(...rows);
      for await (const { rows } of everyPage(question, { db: store.db, now, limit: 1_000 }, parameters))
        large?.push(...rows);
      expect(small, 'pages of two are the same as one page').to.deep.equal(large);
      return large ?? [];
    }
    const only = (rows: readonly AnswerRow[], ...names: string[]) =>
      rows.map((row) => names.map((name) => row[name]));

    it('that data stopped at a withdrawal, and of a history that cheats that it did not', async () => {
      const columns = [
        'subject',
        'consent',
        'block',
        'lastPermitBlock',
        'lastDeliveryBlock',
        'permitsAfter',
        'stopped',
      ];
      // The emergency afterwards needed no consent.
      expect(only(await answers('stops'), ...columns)).to.deep.equal([
        ['subject-1', 'consent-subject-1', 5, 3, 4, 0, true],
      ]);
      expect(await answers('stops', { subject: 'subject-2' })).to.deep.equal([]);
      expect(await answers('stops', { study: 'nova-101' })).to.deep.equal([]);

      const cheating = await smallHistory({ cheats: true });
      const cheated = await openProjection((await postgres?.database()) ?? join(work.path, 'cheated.db'));
      try {
        await followTo(cheated, cheating.ledger, cheating.blocks);
        const asking = { db: cheated.db, now: NOW, limit: 10 };
        const { rows } = (await questionNamed('stops')?.ask(asking, {})) ?? { rows: [] };
        expect(only(rows, ...columns)).to.deep.equal([['subject-1', 'consent-subject-1', 5, 3, 4, 1, false]]);
        expect(rows[0]?.['firstAfter']).to.match(/^event\/[0-9a-f]{64}$/);
      } finally {
        await cheated.close();
      }
    });

    it('who accessed what, on what grounds', async () => {
      expect(only(await answers('accesses'), 'record', 'outcome', 'reason', 'user')).to.deep.equal([
        ['record-1', 'permit', 'permitted-by-consent', USER],
        ['record-2', 'permit', 'permitted-by-consent', USER],
        ['record-3', 'permit', 'permitted-by-consent', USER],
        ['record-3', 'deny', 'no-consent', USER],
        ['record-1', 'deny', 'consent-withdrawn', USER],
        ['record-1', 'permit', 'break-glass', EMERGENCY_USER],
      ]);
      const narrowed = async (given: Record<string, string>) =>
        only(await answers('accesses', given), 'record', 'outcome').map(words);
      expect(await narrowed({ user: EMERGENCY_USER })).to.deep.equal(['record-1 permit']);
      expect(await narrowed({ emergency: 'true' })).to.deep.equal(['record-1 permit']);
      expect(await narrowed({ purpose: 'HMARKT' })).to.deep.equal(['record-3 deny']);
      expect(await narrowed({ subject: 'subject-2' })).to.deep.equal(['record-3 permit', 'record-3 deny']);
      expect(await narrowed({ record: 'record-2' })).to.deep.equal(['record-2 permit']);
      expect(await narrowed({ member: 'RiversideMSP' })).to.deep.equal([]);
      expect(await narrowed({ since: new Date(history.at(6)).toISOString() })).to.have.length(2);
      expect(await narrowed({ until: new Date(history.at(3)).toISOString() })).to.have.length(0);
    });

    it('the whole history of a subject', async () => {
      const rows = await answers('subject', { subject: 'subject-1' });
      expect(only(rows, 'what', 'record', 'outcome')).to.deep.equal([
        ['registered', undefined, undefined],
        ['consent-filed', undefined, undefined],
        ['access', 'record-1', 'permit'],
        ['access', 'record-2', 'permit'],
        ['delivery', 'record-1', undefined],
        ['consent-withdrawn', undefined, undefined],
        ['access', 'record-1', 'deny'],
        ['emergency-access', 'record-1', 'permit'],
      ]);
      expect(await answers('subject', { subject: 'nobody' })).to.deep.equal([]);
    });

    it('the history of a record', async () => {
      expect(only(await answers('record', { record: 'record-1' }), 'what', 'member')).to.deep.equal([
        ['record-registered', undefined],
        ['access', 'LakesideMSP'],
        ['delivery', 'LakesideMSP'],
        ['access', 'LakesideMSP'],
        ['emergency-access', 'LakesideMSP'],
      ]);
    });

    it('consents in force at a block and at an instant', async () => {
      const inForce = async (given: Record<string, string>) =>
        only(await answers('consents', given), 'consent', 'inForce').map(words);
      expect(await inForce({ 'as-of': '4' })).to.deep.equal(['consent-subject-1 true']);
      expect(await inForce({ 'as-of': '1' })).to.deep.equal([]);
      expect(await inForce({ 'as-of': new Date(history.at(4)).toISOString() })).to.deep.equal([
        'consent-subject-1 true',
      ]);
      expect(await inForce({ 'as-of': '5' })).to.deep.equal([]);
      expect(await inForce({ all: 'true' })).to.deep.equal(['consent-subject-1 false']);
    });

    it('consents about to expire, of those in force', async () => {
      const { chain, made, at, ledger, blocks } = await smallHistory();
      const more = [
        ...blocks,
        chain.block([
          made.person(at(8), 'subject-3', [], '2026-12-10'),
          made.person(at(8), 'subject-4', [], '2026-12-01'),
          made.person(at(8), 'subject-5', [], '2027-06-01'),
          made.person(at(8), 'subject-6', [], '2026-12-05'),
        ]),
        chain.block([made.withdrawal(at(9), 'subject-6')]),
      ];
      const other = await openProjection((await postgres?.database()) ?? join(work.path, 'expiring.db'));
      const before = store;
      try {
        await followTo(other, ledger, more);
        store = other;
        expect(only(await answers('expiring'), 'subject')).to.deep.equal([['subject-4'], ['subject-3']]);
        expect(only(await answers('expiring', { days: '10' }), 'subject')).to.deep.equal([['subject-4']]);
      } finally {
        store = before;
        await other.close();
      }
    });

    it('an emergency is overdue no more once it was reviewed, and its review is in the history', async () => {
      const { chain, made, at, ledger, blocks } = await smallHistory();
      const more = [...blocks, chain.block([made.review(at(8), jtiOf(5))])];
      const other = await openProjection((await postgres?.database()) ?? join(work.path, 'reviewed.db'));
      const before = store;
      try {
        await followTo(other, ledger, more);
        store = other;
        expect(await answers('reviews')).to.deep.equal([]);
        const history = await answers('subject', { subject: 'subject-1' });
        expect(history.at(-1)).to.deep.include({ what: 'emergency-review', reason: 'justified' });
      } finally {
        store = before;
        await other.close();
      }
    });

    it('a request to amend is overdue from its day on until it is answered, and each step is in the history', async () => {
      const { chain, made, at, ledger, blocks } = await smallHistory();
      const DAY = 86_400_000;
      const requested = { requestedAt: new Date(at(8)).toISOString() };
      const denial = {
        outcome: 'denied',
        ground: 'accurate-and-complete',
        basis: 'A'.repeat(43),
        at: new Date(at(9)).toISOString(),
        answeredBy: 'officer-0000000001',
      };
      const more = [
        ...blocks,
        chain.block(['a-1', 'a-2', 'a-3'].map((id) => made.amendment(at(8), id, 'subject-1'))),
        chain.block([
          made.amendment(at(9), 'a-2', 'subject-1', { ...requested, answer: denial }),
          made.amendment(at(9), 'a-3', 'subject-1', {
            ...requested,
            dueAt: new Date(at(8) + 90 * DAY).toISOString(),
            extension: { reason: 'A'.repeat(43), at: denial.at },
          }),
        ]),
      ];
      const other = await openProjection((await postgres?.database()) ?? join(work.path, 'amended.db'));
      const before = store;
      try {
        await followTo(other, ledger, more);
        store = other;
        const overdue = async (now: number) =>
          only(await answers('amendments', {}, now), 'amendment', 'record');
        expect(await overdue(at(8) + 60 * DAY - 1)).to.deep.equal([]);
        expect(await overdue(at(8) + 60 * DAY)).to.deep.equal([['a-1', 'record-1']]);
        expect(await overdue(at(8) + 90 * DAY)).to.deep.equal([
          ['a-1', 'record-1'],
          ['a-3', 'record-1'],
        ]);
        const steps = only(await answers('subject', { subject: 'subject-1' }), 'what', 'reference', 'ground');
        expect(
          steps.filter(([what]) => typeof what === 'string' && what.startsWith('amendment')),
        ).to.deep.equal([
          ['amendment-requested', 'a-1', undefined],
          ['amendment-requested', 'a-2', undefined],
          ['amendment-requested', 'a-3', undefined],
          ['amendment-denied', 'a-2', 'accurate-and-complete'],
          ['amendment-extended', 'a-3', undefined],
        ]);
      } finally {
        store = before;
        await other.close();
      }
    });

    it('disclosures: date, recipient, description and purpose; what need not be accounted for can be left out', async () => {
      const rows = await answers('disclosures', { subject: 'subject-1' });
      expect(only(rows, 'recipient', 'description', 'purpose', 'received')).to.deep.equal([
        [
          'Lakeside Clinic',
          'Observation (LOINC 718-7); record record-1, version 1',
          'TREAT',
          new Date(history.at(4)).toISOString(),
        ],
        ['Lakeside Clinic', 'Observation (LOINC 718-7); record record-2, version 1', 'TREAT', null],
        ['Lakeside Clinic', 'Observation (LOINC 718-7); record record-1, version 1', 'BTG, emergency', null],
      ]);
      expect(await answers('disclosures', { subject: 'subject-1', required: 'true' })).to.deep.equal([]);
      const later = Date.parse('2032-03-02T00:00:00Z');
      expect(await answers('disclosures', { subject: 'subject-1' }, later), 'six years').to.deep.equal([]);
    });

    it('denials with their exceptions, permits without delivery, recipients, overdue reviews', async () => {
      expect(only(await answers('denials'), 'reason', 'exception')).to.deep.equal([
        ['no-consent', '45 CFR 171.202(b)'],
        ['consent-withdrawn', '45 CFR 171.202(b)'],
      ]);
      expect(only(await answers('undelivered'), 'record')).to.deep.equal([
        ['record-2'],
        ['record-3'],
        ['record-1'],
      ]);
      expect(only(await answers('recipients'), 'user', 'accesses', 'records', 'acknowledged')).to.deep.equal([
        [USER, 3, 3, 1],
        [EMERGENCY_USER, 1, 1, 0],
      ]);
      expect(only(await answers('recipients', { subject: 'subject-2' }), 'user')).to.deep.equal([[USER]]);
      expect(only(await answers('reviews'), 'user', 'emergency')).to.deep.equal([
        [EMERGENCY_USER, 'unconscious'],
      ]);
      expect(await answers('reviews', {}, history.at(6)), 'not due yet').to.deep.equal([]);
    });

    it('refuses a cursor that is from nowhere', async () => {
      for (const name of ['accesses', 'subject', 'consents', 'recipients', 'expiring']) {
        const asked = questionNamed(name)?.ask(
          { db: store.db, now: NOW, limit: 1, cursor: "' OR 1" },
          { subject: 'x' },
        );
        expect(await asked?.catch((error: unknown) => error), name).to.be.instanceOf(BadCursor);
      }
    });

    it('writes AuditEvents that name the IHE profiles only where they have all that these ask for', async () => {
      let text = '';
      for await (const chunk of bundleOf(store.db, {}, new Date(NOW))) text += chunk;
      const { entry } = JSON.parse(text) as { entry: { resource: Record<string, unknown> }[] };
      expect(entry).to.have.length(6);
      for (const { resource } of entry) {
        const profile = ((resource['meta'] as { profile?: string[] } | undefined)?.profile ?? [])[0]
          ?.split('.')
          .pop();
        const entities = resource['entity'] as { what: { reference?: string } }[];
        const agents = resource['agent'] as { who: object; network?: object; requestor: boolean }[];
        const patients = entities.filter(({ what }) => what.reference?.startsWith('Patient/'));
        if (profile === undefined) continue;
        expect(patients).to.have.length(1);
        expect(agents.map(({ who }) => who)).to.deep.include(
          (resource['source'] as { observer: object }).observer,
        );
        if (profile === 'Source') {
          expect(resource).to.deep.include({ action: 'R', outcome: '0' });
          expect(agents.slice(0, 2).every(({ network }) => network !== undefined)).to.equal(true);
          expect(entities.length).to.be.at.least(2);
        } else {
          expect(profile).to.equal('AuthZconsent');
          expect(resource).to.deep.include({ action: 'E', outcome: '8' });
          expect(entities.slice(1).every(({ what }) => what.reference?.startsWith('Consent/'))).to.equal(
            true,
          );
        }
      }
    });
  });
}

describe('exports for people', function () {
  this.timeout(240_000);
  const work = temporaryFolder();
  const pages = async function* () {
    yield await Promise.resolve({ rows: [{ a: '=HYPERLINK("x")', b: 'says "no", and\nmore' }] });
    yield await Promise.resolve({
      rows: [
        { a: '-1+2', b: ['TREAT', 'ETREAT'] },
        { a: '@x', b: null },
      ],
    });
  };

  it('CSV has nothing in it that a spreadsheet would run', async () => {
    let text = '';
    for await (const chunk of csvOf(['a', 'b'], pages())) text += chunk;
    expect(text).to.equal(
      'a,b\r\n"\'=HYPERLINK(""x"")","says ""no"", and\nmore"\r\n\'-1+2,TREAT ETREAT\r\n\'@x,\r\n',
    );
  });

  it('PDF has many pages where it must, is tagged, and says its language and title', async () => {
    const { chain, made, at, ledger, blocks } = await smallHistory();
    const requests = Array.from({ length: 60 }, (_, n) => ({
      user: USER,
      records: ['record-3'],
      jti: jtiOf(100 + n),
    }));
    const more = [...blocks, chain.block([await made.decisions(at(8), 8, 0, requests)])];
    const store = await openProjection(join(work.path, 'report.db'));
    try {
      await followTo(store, ledger, more);
      const chunks: Buffer[] = [];
      const asking = { db: store.db, now: NOW, limit: 25 };
      for await (const chunk of await disclosureReport(asking, { subject: 'subject-2' }, ledger))
        chunks.push(chunk);
      const pdf = Buffer.concat(chunks);
      if (process.env['KEEP_PDF'] !== undefined) writeFileSync(process.env['KEEP_PDF'], pdf);
      const text = pdf.toString('latin1');
      expect(text.startsWith('%PDF-1.7')).to.equal(true);
      expect(text).to.match(/\/MarkInfo \d+ 0 R|\/Marked true/);
      expect(text).to.contain('/Lang (en-GB)');
      expect(text).to.contain('/DisplayDocTitle true');
      expect(text.match(/\/Type \/Page\b/g)?.length).to.be.greaterThan(3);
      expect(text.match(/\/S \/TH\b/g)).to.have.length(7);
      expect(text.match(/\/S \/TR\b/g)).to.have.length(62);
    } finally {
      await store.close();
    }
  });
});

describe('who asked is logged', () => {
  const work = temporaryFolder();

  it('each entry chained to the one before it; what is changed or taken away is found', () => {
    const path = join(work.path, 'questions.db');
    const log = new QuestionLog(path);
    for (const subject of ['subject-1', 'subject-2', 'subject-3'])
      log.append({ who: 'an auditor', via: 'command', question: 'subject', parameters: { subject } });
    expect([...log.entries()].map(({ parameters }) => parameters['subject'])).to.deep.equal([
      'subject-1',
      'subject-2',
      'subject-3',
    ]);
    expect(statSync(path).mode & 0o777).to.equal(0o600);
    log.close();

    const file = new DatabaseSync(path);
    expect(() => {
      file.exec("UPDATE question SET entry = '{}' WHERE number = 2");
    }).to.throw('entries stay');
    expect(() => {
      file.exec('DELETE FROM question WHERE number = 2');
    }).to.throw('entries stay');
    file.exec('DROP TRIGGER question_is_fixed; DROP TRIGGER question_stays');
    file.exec(`UPDATE question SET entry = replace(entry, 'subject-2', 'subject-9') WHERE number = 2`);
    file.close();
    const changed = new QuestionLog(path);
    expect(() => [...changed.entries()]).to.throw(QuestionLogBroken, 'entry 2');
    changed.close();

    const again = new DatabaseSync(path);
    again.exec('DROP TRIGGER question_stays; DELETE FROM question WHERE number = 2');
    again.close();
    const shorter = new QuestionLog(path);
    expect(() => [...shorter.entries()]).to.throw(QuestionLogBroken, 'entry 2');
    shorter.close();
  });
});
