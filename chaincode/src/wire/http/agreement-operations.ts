import {
  acceptBody,
  agreementBody,
  agreementChanged,
  agreementList,
  agreementParams,
  legalBasisBody,
  legalBasisChanged,
  legalBasisList,
  legalBasisParams,
} from './agreements.js';
import { ROLES, SIGNATORIES } from './roles.js';
import { noQuery } from './shared.js';

const AGREEMENT = {
  tag: 'agreements',
  caller: SIGNATORIES,
  params: agreementParams,
  query: noQuery,
} as const;
const LEGAL_BASIS = {
  tag: 'agreements',
  caller: SIGNATORIES,
  params: legalBasisParams,
  query: noQuery,
} as const;

/** Agreements between members and legal bases: part of the one table of operations. */
export const AGREEMENT_OPERATIONS = {
  listAgreements: {
    method: 'get',
    path: '/v1/agreements',
    summary: 'What members have agreed on, and what they propose to each other',
    tag: 'agreements',
    caller: ROLES,
    params: noQuery,
    query: noQuery,
    answer: { status: 200, description: 'Of all members', schema: agreementList },
  },
  proposeAgreement: {
    ...AGREEMENT,
    method: 'put',
    path: '/v1/agreements/{member}/proposal',
    summary: 'Propose to another member what to agree on; what is agreed stays until the other accepts',
    body: agreementBody,
    answer: { status: 200, description: 'Proposed, on the ledger', schema: agreementChanged },
  },
  acceptAgreement: {
    ...AGREEMENT,
    method: 'post',
    path: '/v1/agreements/{member}/acceptance',
    summary: 'Accept what the other member proposes: it is in force from then on',
    body: acceptBody,
    answer: { status: 200, description: 'Agreed, on the ledger', schema: agreementChanged },
  },
  dropAgreement: {
    ...AGREEMENT,
    method: 'post',
    path: '/v1/agreements/{member}/refusal',
    summary: 'Decline what the other member proposes, or take the own proposal back',
    answer: { status: 200, description: 'Nothing is proposed any more', schema: agreementChanged },
  },
  endAgreement: {
    ...AGREEMENT,
    method: 'post',
    path: '/v1/agreements/{member}/end',
    summary: 'End what is agreed, at once and without asking the other member',
    answer: { status: 200, description: 'Ended, on the ledger', schema: agreementChanged },
  },
  listLegalBases: {
    method: 'get',
    path: '/v1/legal-bases',
    summary: 'The general legal bases that are registered, or proposed',
    tag: 'agreements',
    caller: ROLES,
    params: noQuery,
    query: noQuery,
    answer: { status: 200, description: 'All of them', schema: legalBasisList },
  },
  proposeLegalBasis: {
    ...LEGAL_BASIS,
    method: 'put',
    path: '/v1/legal-bases/{id}/proposal',
    summary: 'Propose a legal basis, or the next version of one; for oversight organisations',
    body: legalBasisBody,
    answer: { status: 200, description: 'Proposed, on the ledger', schema: legalBasisChanged },
  },
  confirmLegalBasis: {
    ...LEGAL_BASIS,
    method: 'post',
    path: '/v1/legal-bases/{id}/confirmation',
    summary: 'Confirm what is proposed: by another member than proposed it, and never the one that gains',
    body: acceptBody,
    answer: { status: 200, description: 'In force, on the ledger', schema: legalBasisChanged },
  },
  dropLegalBasis: {
    ...LEGAL_BASIS,
    method: 'post',
    path: '/v1/legal-bases/{id}/refusal',
    summary: 'Take a proposal back; for oversight organisations',
    answer: { status: 200, description: 'Nothing is proposed any more', schema: legalBasisChanged },
  },
  endLegalBasis: {
    ...LEGAL_BASIS,
    method: 'post',
    path: '/v1/legal-bases/{id}/end',
    summary: 'End a legal basis at once: by an oversight organisation, or one of the two that registered it',
    answer: { status: 200, description: 'Ended, on the ledger', schema: legalBasisChanged },
  },
} as const;
