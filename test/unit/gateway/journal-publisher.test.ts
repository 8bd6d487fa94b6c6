import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JOURNAL_TYP, sha256, type Command, type JournalClaims } from '@consent-ledger/chaincode/wire';
import { openJournal } from '@consent-ledger/gateway/internal/adapters/sqlite/journal-store';
import { JournalPublisher } from '@consent-ledger/gateway/internal/usecases/journal/publisher';
import { hexSha256 } from '@consent-ledger/gateway/internal/usecases/hex-hash';
import { Refusal } from '@consent-ledger/gateway/internal/usecases/refusal';
import { eventually } from '../../support/eventually.js';

const OWN = 'LakesideMSP';
const PATIENCE = { withinMs: 60_000 };
/** More than are looked at together. */
const MANY = 130;

/** Unsigned: who signed is not what is asked here. */
function signed(claims: JournalClaims): Promise<string> {
  const segment = (value: object | Buffer): string =>
    (Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value))).toString('base64url');
  const header = { alg: 'ES256', typ: JOURNAL_TYP, kid: 'A'.repeat(43) };
  return Promise.resolve(`${segment(header)}.${segment(claims)}.${segment(Buffer.alloc(64))}`);
}

describe('what is in the emergency journal is published', () => {
  let folder: string;
  let journal: ReturnType<typeof openJournal>;
  let publisher: JournalPublisher | undefined;
  let logged: string[];
  let onLedger: Map<string, Command>;
  let handedOver: string[];
  let attempts: Map<string, number>;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'journal-'));
    journal = openJournal(join(folder, 'journal.db'), OWN, signed);
    [logged, onLedger, handedOver, attempts] = [
      [],
      new Map<string, Command>(),
      [],
      new Map<string, number>(),
    ];
  });
  afterEach(async () => {
    await publisher?.stop();
    await journal.close();
    rmSync(folder, { recursive: true });
  });

  it('takes no more into an older copy that was brought back: the ledger has another entry there', async () => {
    const taken = new Set<number>();
    const brought = openJournal(join(folder, 'brought-back.db'), OWN, signed, (chain, seq) => {
      expect(chain).to.equal(brought.chain);
      return taken.has(seq);
    });
    await append('custodian', OWN, 'first', brought);
    taken.add(1);
    const refused = await append('custodian', OWN, 'second', brought).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refused).to.be.instanceOf(Refusal).and.include({ code: 'journal-not-next' });
    expect(brought.list(-1, 10)).to.have.length(1);
    await brought.close();
  });

  function append(
    role: 'custodian' | 'requester',
    custodian: string,
    jti: string,
    into = journal,
  ): Promise<unknown> {
    const now = Math.floor(Date.now() / 1_000);
    const body = {
      ledger: 'a'.repeat(64),
      custodian,
      requester: role === 'requester' ? OWN : 'HillsideMSP',
      jti: jti.padEnd(22, '-'),
      event: `event/${hexSha256(jti)}`,
      request: sha256('request'),
      iat: now - 60,
      due: now + 3_600,
      height: 7,
      records: [{ record: 'hb', outcome: 'permit' as const, code: 'permitted', version: 1, obligations: [] }],
    };
    return into.append({ role, body, request: 'request', other: 'other' });
  }

  /** With a custodian for each way to answer, and a ledger that fails on the intents it is told. */
  function start(
    answers: Record<string, (signal: AbortSignal) => Promise<void>>,
    failing = new Set<string>(),
  ): void {
    const note = (event: string): void => {
      logged.push(event);
    };
    publisher = new JournalPublisher({
      journal,
      own: OWN,
      custody: { collection: 'custody-LakesideMSP', custodian: OWN },
      projection: { event: () => undefined, publicValue: () => undefined },
      outbox: { isOpen: () => false },
      chain: { state: 'following' },
      transactions: {
        run: (command, _, options) => {
          const intents = options?.intents ?? [];
          if (intents.some((intent) => failing.has(intent)))
            return Promise.reject(new TypeError('cannot read what the ledger answered'));
          for (const intent of intents) onLedger.set(intent, command);
          return Promise.resolve({ transaction: 't', block: 1 });
        },
      },
      peers: {
        sendJournalEntry: async (custodian, jti, _, signal) => {
          attempts.set(custodian, (attempts.get(custodian) ?? 0) + 1);
          await answers[custodian]?.(signal);
          handedOver.push(`${custodian} ${jti.replaceAll('-', '')}`);
          return { keys: [] };
        },
      },
      log: { info: note, warn: note, error: note },
      now: Date.now,
    });
    publisher.start();
  }
  const open = (): number[] => journal.list(-1, 1_000).flatMap((one) => (one.isCommitted ? [] : [one.seq]));

  it('to the last, where more than a page is of a custodian that is gone', async () => {
    for (let count = 0; count < MANY; count += 1) await append('requester', 'GoneMSP', `gone${count}`);
    await append('requester', 'HillsideMSP', 'last');
    start({ GoneMSP: () => Promise.reject(new Refusal('custodian-unavailable')) });
    await eventually(() => {
      expect(open()).to.deep.equal([]);
      expect(handedOver).to.deep.equal(['HillsideMSP last']);
    }, PATIENCE);
    expect(attempts.get('GoneMSP'), 'left alone after the first').to.be.at.most(2);
  });

  it('while a custodian lets it wait: on the ledger, and to the others', async () => {
    await append('requester', 'SilentMSP', 'silent');
    for (const number of [1, 2, 3]) await append('requester', 'HillsideMSP', `hill${number}`);
    const silent = (signal: AbortSignal): Promise<void> =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reject(new Refusal('custodian-unavailable'));
        });
      });
    start({ SilentMSP: silent });
    await eventually(() => {
      expect(handedOver).to.deep.equal(['HillsideMSP hill1', 'HillsideMSP hill2', 'HillsideMSP hill3']);
      expect(open()).to.deep.equal([]);
    }, PATIENCE);
  });

  it('but for the entry that fails, whatever it fails with', async () => {
    await append('custodian', OWN, 'one');
    await append('custodian', OWN, 'two');
    await append('requester', 'BrokenMSP', 'broken');
    await append('requester', 'PickyMSP', 'refused');
    await append('requester', 'PickyMSP', 'taken');
    const [first, second] = journal.list(-1, 2).map(({ digest }) => `journal ${digest}`);
    let asked = 0;
    start(
      {
        BrokenMSP: () => Promise.reject(new TypeError('no such function')),
        PickyMSP: () => {
          asked += 1;
          return asked === 1 ? Promise.reject(new Refusal('journal-refused')) : Promise.resolve();
        },
      },
      new Set([first ?? '']),
    );
    await eventually(() => {
      expect(open()).to.deep.equal([]);
      expect(onLedger.has(second ?? '')).to.equal(true);
      expect(handedOver).to.include('PickyMSP taken');
    }, PATIENCE);
    expect(onLedger.has(first ?? '')).to.equal(false);
    expect(logged).to.include('journal.not-published').and.to.include('journal.not-handed-over');
  });

  it('in the order of the journal, a hundred at a time', async () => {
    for (let count = 0; count < MANY; count += 1) await append('requester', 'HillsideMSP', `hill${count}`);
    start({});
    await eventually(() => {
      expect(open()).to.deep.equal([]);
    }, PATIENCE);
    const commands = [...new Set(onLedger.values())].filter(({ command }) => command === 'commit-journal');
    expect(commands.map((command) => command.command === 'commit-journal' && command.from)).to.deep.equal([
      0, 100,
    ]);
  });
});
