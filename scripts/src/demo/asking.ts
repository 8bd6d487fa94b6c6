import type { Organisation } from '@consent-ledger/network';
import type { MemberClient } from '../consortium/member-client.js';
import { askFor, readOwn, sha256, type Asked } from './calls.js';
import { must } from './narration.js';
import { memberReference } from '../consortium/summary.js';
import { recordOf, type Patient, type Play } from './play.js';

export interface Question {
  readonly title: string;
  readonly why: string;
  readonly patient: Patient;
  /** Of the example, such as `Observation/f202`. */
  readonly reference: string;
  readonly by: { readonly organisation: Organisation; readonly client: MemberClient; readonly user: string };
  readonly purpose: string;
  /** What the log must say of it. */
  readonly reason: string;
}

/** Another member asks and must be refused, with nothing of the record in the answer. */
export async function refused(play: Play, question: Question): Promise<void> {
  const { cast, narrate, decisions } = play;
  const { by, purpose, reason } = question;
  const { id, example } = recordOf(question.patient, question.reference);
  await narrate(question.title, question.why, async () => {
    const answer = await askFor(by.client, memberReference(cast.custodian.organisation), id, purpose);
    decisions.push({ requester: memberReference(by.organisation), record: id, outcome: 'deny', reason });
    must(answer.status === 403, 'a refusal, 403', `status ${answer.status} ${answer.code ?? ''} came`);
    return {
      result: undefined,
      asked: askedLine(question, `${example.about} of ${cast.custodian.organisation.displayName}`),
      came: `403 ${answer.code ?? ''}`,
      transaction: answer.transaction,
      block: answer.block,
    };
  });
}

/** A member asks and must get the record, byte for byte as it was put in. */
export async function released(play: Play, question: Question): Promise<void> {
  const { cast, narrate, decisions } = play;
  const { by, purpose, reason } = question;
  const { id, example } = recordOf(question.patient, question.reference);
  const { custodian } = cast;
  const own = by.organisation.name === custodian.organisation.name;
  await narrate(question.title, question.why, async () => {
    const answer: Asked = own
      ? await readOwn(by.client, id, purpose)
      : await askFor(by.client, memberReference(custodian.organisation), id, purpose);
    decisions.push({ requester: memberReference(by.organisation), record: id, outcome: 'permit', reason });
    must(answer.status === 200, 'the record, 200', `status ${answer.status} ${answer.code ?? ''} came`);
    const [put, got] = [sha256(example.bytes), sha256(answer.bytes)];
    must(put === got, `the bytes that were put in (SHA-256 ${put})`, `others came (SHA-256 ${got})`);
    return {
      result: undefined,
      asked: askedLine(
        question,
        own ? `the own ${example.about}` : `${example.about} of ${custodian.organisation.displayName}`,
      ),
      came: `200, ${answer.bytes.length} bytes`,
      transaction: answer.transaction,
      block: answer.block,
      lines: [`SHA-256 put in  ${put}`, `SHA-256 got out ${got}`],
    };
  });
}

function askedLine({ by, purpose }: Question, what: string): string {
  return `${by.organisation.displayName}, ${by.user}: ${what}, purpose ${purpose}`;
}
