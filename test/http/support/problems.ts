import { expect } from 'chai';
import { isErrorCode } from '@consent-ledger/chaincode/wire';
import { problemSchema } from '@consent-ledger/chaincode/wire/http';
import type { Answer } from './consortium.js';

/** The answer is a problem of that status and code, whole and in the catalogue. */
export function expectProblem(answer: Answer, status: number, code: string, hint = ''): void {
  const seen = `${hint} ${answer.status} ${answer.bytes.toString('utf8').slice(0, 500)}`;
  expect(answer.status, seen).to.equal(status);
  expect(answer.headers['content-type'], seen).to.match(/^application\/problem\+json/);
  const problem = problemSchema.parse(answer.json);
  expect(problem.code, seen).to.equal(code);
  expect(isErrorCode(problem.code)).to.equal(true);
  expect(problem.status).to.equal(status);
  expect(problem.instance).to.equal(`urn:uuid:${String(answer.headers['x-request-id'])}`);
}
