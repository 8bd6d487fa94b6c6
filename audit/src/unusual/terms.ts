import type { Hours } from './hours.js';
import { countTail, shrunk, surprise } from './tails.js';
import type { Overall, VisitFacts } from './visit-facts.js';

/** What may be unusual about a visit. */
export const TERMS = ['relation', 'hour', 'volume', 'withdrawal', 'family', 'crowd'] as const;
export type Term = (typeof TERMS)[number];

/** One term of one visit: the surprise, in eighths of a bit, and what it was measured by, in words. */
export interface Judged {
  readonly surprise: number;
  readonly words: string;
}
export type Judgement = Readonly<Record<Term, Judged>>;

const SILENT: Judged = { surprise: 0, words: '' };

/** How much is believed of few visits, and of few days: as if so many had been like the peers'. */
const VISITS_WEIGHT = 20;
const DAYS_WEIGHT = 5;
const PEERS_WEIGHT = 100;

/** Each term by its own baseline. */
export function judge(visit: VisitFacts, all: Overall, hours: Hours): Judgement {
  return {
    relation: relation(visit, all),
    hour: hour(visit, hours),
    volume: volume(visit),
    withdrawal: withdrawal(visit, all),
    family: family(visit, all),
    crowd: crowd(visit, all),
  };
}

function relation(visit: VisitFacts, all: Overall): Judged {
  if (visit.relation === 0) return SILENT;
  const isStranger = visit.relation === 2;
  const [own, peer, every] = isStranger
    ? [visit.own_strangers - visit.day_strangers, visit.peer_strangers, all.strangers]
    : [visit.own_firsts - visit.day_firsts, visit.peer_firsts, all.firsts];
  const peers = shrunk(peer, visit.peer_visits, every / all.visits, PEERS_WEIGHT);
  const others = visit.own_visits - visit.day_subjects;
  const chance = shrunk(own, others, peers, VISITS_WEIGHT);
  const what = isStranger
    ? 'first contact, and no care relation: nobody who shares patients with this user had asked for the subject in 30 days'
    : 'first contact: colleagues had asked for the subject in 30 days';
  return {
    surprise: surprise(chance),
    words: `${what}; so are ${own} of this user's ${others} other visits, ${percent(peers)} of its peers'`,
  };
}

function hour(visit: VisitFacts, hours: Hours): Judged {
  const { own, peers, chance } = hours.of(visit);
  const isWeekend = visit.hour >= 24;
  const clock = String(visit.hour % 24).padStart(2, '0');
  return {
    surprise: surprise(chance),
    words: `odd hour: about ${clock}:00 UTC ${isWeekend ? 'at a weekend' : 'on a weekday'} are ${percent(own)} of this user's visits, ${percent(peers)} of its peers'`,
  };
}

/** Subjects and denials of a day say much the same, so the more surprising one counts, for twice its chance. */
function volume(visit: VisitFacts): Judged {
  const subjects = countOf(
    visit.day_subjects,
    { sum: visit.own_subjects, days: visit.own_days },
    { sum: visit.peer_subjects, squares: visit.peer_subjects_squared, days: visit.peer_days },
  );
  const denied = countOf(
    visit.day_denied,
    { sum: visit.own_denied, days: visit.own_days },
    { sum: visit.peer_denied, squares: visit.peer_denied_squared, days: visit.peer_days },
  );
  const isDenied = denied.chance < subjects.chance;
  const { chance, mean, peers } = isDenied ? denied : subjects;
  const what = isDenied
    ? `many denials: ${visit.day_denied} that day`
    : `volume: ${visit.day_subjects} subjects that day`;
  return {
    surprise: surprise(2 * chance),
    words: `${what}; ${mean.toFixed(1)} were to be expected by its own days, its peers have ${peers.toFixed(1)}`,
  };
}

function countOf(
  count: number,
  own: { readonly sum: number; readonly days: number },
  all: { readonly sum: number; readonly squares: number; readonly days: number },
): { readonly chance: number; readonly mean: number; readonly peers: number } {
  const peers = all.sum / all.days;
  const mean = shrunk(own.sum, own.days, peers, DAYS_WEIGHT);
  const dispersion = peers === 0 ? 1 : (all.squares / all.days - peers * peers) / peers;
  return { chance: countTail(count, mean, dispersion), mean, peers };
}

function withdrawal(visit: VisitFacts, all: Overall): Judged {
  if (visit.attempts === 0) return SILENT;
  const isAgain = visit.attempts > 1;
  const every = ((isAgain ? all.again : all.withdrawn) + 1) / (all.visits + 1);
  const peers = shrunk(
    isAgain ? visit.peer_again : visit.peer_withdrawn,
    visit.peer_visits,
    every,
    PEERS_WEIGHT,
  );
  return {
    surprise: surprise(peers),
    words: `after withdrawal of consent${isAgain ? `, on ${visit.attempts} days` : ''}; so are ${percent(peers)} of its peers' visits`,
  };
}

function family(visit: VisitFacts, all: Overall): Judged {
  if (visit.family_visits === null) return SILENT;
  const chance = (visit.family_visits + 1) / (all.named + 1);
  return {
    surprise: surprise(chance),
    words: `same family name as the subject; ${percent(chance)} of all visits are to people of that name`,
  };
}

/**
 * Many of them who have no care relation, within a week: somebody whom people are curious about. How often one of them has company is known; each
 * further one is as much rarer again, or as the second is, if that is more.
 */
function crowd(visit: VisitFacts, all: Overall): Judged {
  if (visit.crowd === 0) return SILENT;
  const company = (all.in_company + 1) / (all.curious + 2);
  const further = Math.max(company, (all.in_crowd + 1) / (all.in_company + 2));
  return {
    surprise: surprise(company * further ** (visit.crowd - 1)),
    words: `a crowd: ${visit.crowd} others without care relation asked for this subject within the week; ${percent(company)} of such visits have company`,
  };
}

function percent(share: number): string {
  return `${(100 * share).toPrecision(2)} %`;
}
