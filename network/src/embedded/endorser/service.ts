import { status as Code } from '@grpc/grpc-js';
import type { handleUnaryCall, ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import { encodeMessage } from '../../wire-format/index.js';
import { describeError } from '../chaincode-stream/errors.js';
import type { Endorser } from './endorser.js';
import type { ChaincodeCall } from './interest.js';
import type { ProposalResponse } from './outcome.js';
import { parseProposal } from './parsed-proposal.js';

const asIs = (bytes: Buffer): Buffer => bytes;

/** protos.Endorser */
export const endorserServiceDefinition: ServiceDefinition = {
  processProposal: {
    path: '/protos.Endorser/ProcessProposal',
    requestStream: false,
    responseStream: false,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  },
};

/** An organisation's endorser, as tools and other peers call it: what is wrong with a proposal itself is an error. */
export function endorserService(endorser: Endorser): UntypedServiceImplementation {
  const processProposal: handleUnaryCall<Buffer, Buffer> = (call, callback) => {
    const refuse = (text: string): void => {
      callback({ code: Code.UNKNOWN, details: text });
    };
    Promise.resolve(call.request)
      .then((request) => endorser.process(parseProposal(request)))
      .then(
        (outcome) => {
          if (outcome.kind === 'error') refuse(outcome.text);
          else callback(null, encodeProposalResponse(outcome.response));
        },
        (error: unknown) => {
          refuse(describeError(error));
        },
      );
  };
  return { processProposal };
}

/** Serialised protos.ProposalResponse. */
export function encodeProposalResponse(response: ProposalResponse): Buffer {
  const { status, message, result, payload, endorsement, interest = [] } = response;
  return encodeMessage((writer) => {
    if (endorsement !== undefined) writer.number(1, 1);
    writer.message(4, (answer) => {
      answer.int32(1, status);
      answer.bytes(2, message);
      answer.bytes(3, result);
    });
    writer.bytes(5, payload);
    if (endorsement !== undefined) {
      writer.message(6, (signed) => {
        signed.bytes(1, endorsement.endorser);
        signed.bytes(2, endorsement.signature);
      });
    }
    if (interest.length > 0) {
      writer.message(7, (calls) => {
        for (const call of interest) calls.present(1, encodeCall(call));
      });
    }
  });
}

function encodeCall(call: ChaincodeCall): Buffer {
  return encodeMessage((writer) => {
    writer.bytes(1, call.chaincode);
    if (call.collection !== undefined) writer.bytes(2, call.collection);
    writer.bool(3, call.collection !== undefined && call.noPrivateReads);
    for (const policy of call.keyPolicies) writer.present(5, policy);
    writer.bool(6, call.disregardNamespacePolicy);
  });
}
