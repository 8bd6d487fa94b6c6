import { decide } from '@consent-ledger/chaincode/domain';
import { terminal } from '../terminal/terminal.js';
import { cedarCall, cedarDecides, prepareCedar } from './decide-cedar.js';
import { benchSubject, type BenchSubject } from './decide-population.js';
import { report, shown } from './report.js';
import { quantile } from './statistics.js';

/**
 * Our evaluator against Cedar's (`statefulIsAuthorized`, policies parsed beforehand), in one process, on equivalent policies
 * and the same questions, as docs/benchmarks.md describes.
 */

const SIZES = [1, 10, 100] as const;
const SUBJECTS = 20;
const QUESTIONS = 50;
const ROUNDS = 8;
const WARM_UP = 4;

interface Timed {
  readonly consents: number;
  /** Microseconds of single decisions. */
  readonly ours: readonly number[];
  readonly cedar: readonly number[];
  readonly permitted: number;
}

function main(): number {
  const measured = SIZES.map((consents) => measure(consents));
  const median = (samples: readonly number[]): number => quantile(samples, 0.5);
  const us = (value: number): string => `${shown(value)} µs`;
  return report(
    'decide',
    [
      ['consents of five provisions', 'ours p50', 'p95', 'Cedar p50', 'p95', 'times faster', 'permitted'],
      ...measured.map(({ consents, ours, cedar, permitted }) => [
        `${consents}`,
        us(median(ours)),
        us(quantile(ours, 0.95)),
        us(median(cedar)),
        us(quantile(cedar, 0.95)),
        shown(median(cedar) / median(ours)),
        `${Math.round(permitted * 100)} %`,
      ]),
    ],
    [
      ...measured.map(({ consents, ours, cedar }) => ({
        name: `${consents} consents, against Cedar`,
        figure: median(cedar) / median(ours),
        unit: 'times',
        at: 'least' as const,
        bound: 20,
      })),
      ...measured
        .filter(({ consents }) => consents === 10)
        .map(({ ours }) => ({
          name: '10 consents of 5 provisions, median',
          figure: median(ours),
          unit: 'µs',
          at: 'most' as const,
          bound: 10,
        })),
    ],
    Object.fromEntries(
      measured.map(({ consents, ours, cedar }) => [
        `consents${consents}`,
        {
          oursP50Us: median(ours),
          oursP95Us: quantile(ours, 0.95),
          cedarP50Us: median(cedar),
          cedarP95Us: quantile(cedar, 0.95),
        },
      ]),
    ),
  );
}

/**
 * Each subject's questions are asked of one evaluator and then of the other, so that whatever else the machine does is in both
 * figures, and each runs as warm as in a process of its own.
 */
function measure(consents: number): Timed {
  const out = terminal();
  const subjects = Array.from({ length: SUBJECTS }, (_, index) =>
    callsOf(`${consents}-${index}`, benchSubject(1_000 * consents + index, consents, QUESTIONS)),
  );
  const permitted = requireSame(subjects.flat());
  const ours: number[] = [];
  const cedar: number[] = [];
  for (let round = -WARM_UP; round < ROUNDS; round += 1) {
    for (const asked of subjects) {
      const inOurs = asked.map(({ question, held }) => timed(() => decide(question, held, {})));
      const inCedar = asked.map(({ call }) => timed(() => cedarDecides(call)));
      if (round < 0) continue;
      ours.push(...inOurs);
      cedar.push(...inCedar);
    }
  }
  out.say(`${consents} consents: ${SUBJECTS * QUESTIONS} questions, both evaluators answer alike`);
  return { consents, ours, cedar, permitted };
}

/** Microseconds of one decision. */
function timed(work: () => unknown): number {
  const began = performance.now();
  work();
  return (performance.now() - began) * 1_000;
}

type Asked = ReturnType<typeof callsOf>[number];

function callsOf(name: string, { held, questions }: BenchSubject) {
  prepareCedar(name, held);
  return questions.map((question) => ({ question, held, call: cedarCall(name, question) }));
}

/** Share of the questions that both permit. Throws an Error where they differ, or all are alike. */
function requireSame(asked: readonly Asked[]): number {
  const answers = asked.map(({ question, held, call }) => {
    const ours = decide(question, held, {}).outcome;
    const theirs = cedarDecides(call);
    if (ours !== theirs) {
      throw new Error(`we ${ours}, Cedar says ${theirs}: ${JSON.stringify(question)}`);
    }
    return ours;
  });
  const permitted = answers.filter((outcome) => outcome === 'permit').length / answers.length;
  if (permitted === 0 || permitted === 1) throw new Error('all answers are alike');
  return permitted;
}

process.exitCode = main();
