import { Metadata, status } from '@grpc/grpc-js';
import { GatewayError } from '@hyperledger/fabric-gateway';
import { expect } from 'chai';
import { endorsementFailure } from '@consent-ledger/gateway/internal/adapters/ledger/failures';
import { EndorsementError } from '@consent-ledger/gateway/internal/ports/ledger';

const OWN = 'OwnMSP';
const OTHER = 'OtherMSP';

/** As Fabric's gateway ends a call; words of Fabric 3.1.5. */
function failed(code: status, message: string, ...details: [mspId: string, message: string][]): GatewayError {
  return new GatewayError({
    code,
    message,
    details: details.map(([mspId, text]) => ({ mspId, message: text, address: `${mspId}:7051` })),
    cause: Object.assign(new Error(message), { code, details: message, metadata: new Metadata() }),
  });
}

const COLLECTED = 'failed to collect enough transaction endorsements, see attached details for more info';
const collected = (...details: [string, string][]): GatewayError =>
  failed(status.ABORTED, COLLECTED, ...details);

interface Case {
  readonly what: string;
  readonly error: GatewayError;
  readonly code: string;
  readonly isFinal?: true;
  readonly isChance?: true;
  readonly blamed: readonly string[];
}

const CASES: readonly Case[] = [
  {
    what: 'the chaincode of the own peer refuses',
    error: collected(
      [OWN, 'chaincode response 500, subject-unknown'],
      [OTHER, 'chaincode response 500, subject-unknown'],
    ),
    code: 'subject-unknown',
    isFinal: true,
    blamed: [OWN, OTHER],
  },
  {
    what: 'another organisation alone refuses: it is behind, or lies',
    error: collected([OTHER, 'chaincode response 500, subject-unknown']),
    code: 'ledger-conflict',
    blamed: [],
  },
  {
    what: 'the results differ',
    error: collected([OTHER, 'ProposalResponsePayloads do not match']),
    code: 'ledger-conflict',
    blamed: [],
  },
  {
    what: 'another organisation lacks private data for a moment',
    error: collected([OTHER, 'chaincode response 500, private-data-pending']),
    code: 'private-data-pending',
    blamed: [OTHER],
  },
  {
    what: 'a peer cannot be reached',
    error: collected([OTHER, 'rpc error: code = Unavailable desc = connection refused']),
    code: 'ledger-unavailable',
    blamed: [OTHER],
  },
  {
    what: 'no peer of an organisation is known',
    error: failed(status.UNAVAILABLE, 'failed to find any endorsing peers for org(s): OtherMSP'),
    code: 'ledger-unavailable',
    blamed: [OTHER],
  },
  {
    what: 'private data could not be handed on',
    error: collected([OWN, 'error in simulation: failed to distribute private collection, txID x']),
    code: 'ledger-unavailable',
    isChance: true,
    blamed: [],
  },
  {
    what: 'nobody answered in time',
    error: failed(status.DEADLINE_EXCEEDED, 'Deadline exceeded after 5s'),
    code: 'ledger-unavailable',
    blamed: [''],
  },
  {
    what: 'the own peer cannot be reached',
    error: failed(status.UNAVAILABLE, 'No connection established. Last error: connect ECONNREFUSED'),
    code: 'ledger-unavailable',
    blamed: [OWN],
  },
  {
    what: 'the proposal itself is no good',
    error: failed(status.INVALID_ARGUMENT, 'the proposed transaction must contain a signed proposal'),
    code: 'ledger-unavailable',
    isFinal: true,
    blamed: [OWN],
  },
];

describe('why a proposal was not endorsed', () => {
  for (const { what, error, code, isFinal = false, isChance = false, blamed } of CASES) {
    it(what, () => {
      const failure = endorsementFailure(error, OWN);
      expect(failure.refusal.code).to.equal(code);
      expect(failure.isFinal).to.equal(isFinal);
      expect(failure.isChance).to.equal(isChance);
      expect([...failure.blamed]).to.deep.equal(blamed);
      const { cause } = failure.refusal;
      expect(cause).to.be.instanceOf(EndorsementError);
      const said = (cause as EndorsementError).peers.map(({ message }) => message);
      expect(said).to.deep.equal(
        error.details.length > 0 ? error.details.map(({ message }) => message) : [error.message],
      );
    });
  }

  it('is told in one line of no great length, and a long refusal keeps its code and all its paths', () => {
    const paths = Array.from({ length: 20 }, (_, place) => `$.consent.provision.provision[${place}].code`);
    const text = `chaincode response 500, consent-refused ${JSON.stringify(paths)}`;
    const { refusal } = endorsementFailure(collected([OWN, text]), OWN);
    expect(refusal.code).to.equal('consent-refused');
    expect(refusal.errors).to.have.length(20);
    const long = endorsementFailure(collected([OWN, `x\n\u0000y${'z'.repeat(1_000)}`]), OWN);
    const [peer] = (long.refusal.cause as EndorsementError).peers;
    expect(peer?.message)
      .to.match(/^x yz+$/)
      .and.have.length(300);
  });
});
