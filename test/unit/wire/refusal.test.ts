import {
  ERRORS,
  Refusal,
  parseRefusal,
  pathsOf,
  registryCommand,
  type ErrorCode,
} from '@consent-ledger/chaincode/wire';
import { expect } from 'chai';

describe('a refusal', () => {
  it('is found again in what a ledger makes of it, for every code', () => {
    for (const code of Object.keys(ERRORS) as ErrorCode[]) {
      for (const paths of [[], ['$.a[0].b', '$.*']]) {
        const { message } = new Refusal(code, paths);
        expect(parseRefusal(message), message).to.deep.equal({ code, paths });
        expect(parseRefusal(`chaincode response 500, ${message}`)).to.deep.equal({ code, paths });
      }
    }
  });

  it('is not found where there is none', () => {
    for (const text of [
      '',
      'chaincode response 500, ',
      'chaincode response 500, no-such-code',
      'chaincode response 500, subject-unknown was not said',
      'failed to collect enough transaction endorsements',
      'timeout expired while executing transaction',
      'prefixsubject-unknown',
    ]) {
      expect(parseRefusal(text), text).to.equal(undefined);
    }
  });

  it('names places, and neither values nor names that the schema does not know', () => {
    const parsed = registryCommand.safeParse({
      v: 1,
      command: 'register-member',
      member: { mspId: 'Jane Roe', 'Jane Roe': 1, keys: [{ use: 'sig', 'Jane Roe': 2 }] },
      'Jane Roe': 3,
    });
    expect(parsed.success).to.be.false;
    if (parsed.success) return;
    const paths = pathsOf(parsed.error);
    expect(paths).to.include.members([
      '$.*',
      '$.member.*',
      '$.member.mspId',
      '$.member.keys[0].*',
      '$.member.gateway',
    ]);
    expect(JSON.stringify(paths)).to.not.include('Jane');
  });

  it('names at most twenty places', () => {
    const paths = Array.from({ length: 50 }, (_, index) => `$.a[${index}]`);
    expect(parseRefusal(new Refusal('command-malformed', paths).message)?.paths).to.have.length(20);
  });
});
