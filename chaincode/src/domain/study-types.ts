import type { Coding } from './question.js';
import type { Collected, StudyChoice } from './study-choices.js';

/** FHIR dates or instants; an absent end is open. */
interface StudyPeriod {
  readonly start?: string;
  readonly end?: string;
}

/** One version of a study's protocol, in the order in which they came into force. */
export interface StudyProtocol {
  /** FHIR id, such as `2` or `2.1`. */
  readonly version: string;
  /** FHIR instant from which it is in force. */
  readonly from: string;
  /** Whether participants on an earlier version must consent again. */
  readonly consent: 'needed' | 'not-needed';
  /** FHIR instant by which they must have; only where it is needed. */
  readonly deadline?: string;
}

/** What data a study may have; each element that is there must match, and what is unknown matches none of them. */
export interface StudyData {
  readonly resourceTypes?: readonly string[];
  readonly classes?: readonly Coding[];
  readonly codes?: readonly Coding[];
  /** When the data were authored. */
  readonly period?: StudyPeriod;
}

/** A study as a decision reads it. */
export interface StudyContext {
  readonly id: string;
  /** The members that may have data for it: its sponsor, and third parties that it shares with by name. */
  readonly requesters: readonly string[];
  /** The custodians where it is run. */
  readonly sites: readonly string[];
  readonly purposes: readonly string[];
  readonly data?: StudyData;
  readonly status: 'active' | 'ended';
  readonly period?: StudyPeriod;
  /** How long the ethics approval holds. */
  readonly approval: StudyPeriod;
  readonly protocols: readonly StudyProtocol[];
  /** Under what data leave for it; absent: nothing is said of it. */
  readonly profile?: { readonly name: string; readonly version: string; readonly digest: string };
  /** Participants of whom the site says that no data flows, as subject references. */
  readonly paused?: readonly string[];
}

/** The study and the protocol version that a consent is for: it speaks about questions for that study, and no other. */
export interface StudyConsent {
  readonly study: string;
  readonly protocol: string;
  /** What the participant chose; the provisions say the same to the evaluator. */
  readonly choices: readonly StudyChoice[];
  /** What shall become of what was collected under choices that were withdrawn. */
  readonly collected?: readonly Collected[];
}

/** How a consent to one protocol version stands, now that there may be later ones. */
export type ProtocolStanding =
  | { readonly kind: 'current' }
  /** A later version needs a new consent, and there is time until the deadline (epoch milliseconds, absent: for ever). */
  | { readonly kind: 'due'; readonly version: string; readonly deadline?: number }
  | { readonly kind: 'overdue'; readonly version: string; readonly deadline: number }
  /** The study has no such version. */
  | { readonly kind: 'unknown' };
