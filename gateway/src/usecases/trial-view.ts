import { protocolStanding, formatInstant, parseDateTime } from '@consent-ledger/chaincode/domain';
import type { ParticipationStatus, Study, StudyTerms } from '@consent-ledger/chaincode/wire';
import type {
  Alert,
  ChangesPage,
  ParticipationChange,
  ParticipationLine,
  ParticipationPage,
  ParticipationsQuery,
  ShownStatus,
  StudyCounts,
} from '@consent-ledger/chaincode/wire/http';
import type { Projection } from '../ports/projection.js';
import type { ParticipationRow, Trials } from '../ports/trials.js';
import type { Members } from './members.js';
import { Refusal } from './refusal.js';
import type { StudyView } from './study-view.js';

export interface TrialViewOptions {
  readonly members: Members;
  readonly studies: StudyView;
  readonly trials: Trials;
  readonly projection: Pick<Projection, 'height' | 'pending'>;
  readonly now: () => number;
}

const DAY_MS = 86_400_000;
const APPROVAL_WARNING_DAYS = 30;
const MOST_ALERTS = 10_000;
const EXPORT_PAGE = 1_000;

interface Shown {
  readonly status: ShownStatus;
  readonly deadline?: string;
}

/** What sponsor, site and oversight see of a study: its participations as they stand on the own peer, and as of now. */
export class TrialView {
  constructor(private readonly options: TrialViewOptions) {}

  /** Throws a Refusal `study-unknown`. */
  require(id: string): Study {
    const study = this.options.studies.study(id);
    if (study === undefined) throw new Refusal('study-unknown');
    return study;
  }

  counts(id: string): StudyCounts {
    const { members, trials, projection } = this.options;
    const show = this.#shower(this.require(id));
    const counts = trials.counts(id).map(({ site, protocol, status, count }) => ({
      site: members.referenceOf(site),
      ...(protocol === null ? {} : { protocol }),
      status: show(site, status, protocol).status,
      count,
    }));
    const total = counts.reduce((sum, { count }) => sum + count, 0);
    return { study: id, height: projection.height, total, counts };
  }

  list(id: string, { site, status, protocol, after = '', limit }: ParticipationsQuery): ParticipationPage {
    const { members, trials } = this.options;
    const line = this.#liner(this.require(id));
    const mspId = site === undefined ? undefined : (members.byReference(site)?.mspId ?? '');
    const rows = trials.list(id, { site: mspId, status, protocol, after, limit });
    const last = rows.length === limit ? rows.at(-1)?.person : undefined;
    return { participations: rows.map(line), ...(last === undefined ? {} : { next: last }) };
  }

  /** All of them, line by line; read page by page, so that what is folded meanwhile does not wait for a slow reader. */
  *all(id: string): Generator<ParticipationLine> {
    const line = this.#liner(this.require(id));
    let after = '';
    for (;;) {
      const rows = this.options.trials.list(id, { after, limit: EXPORT_PAGE });
      for (const row of rows) yield line(row);
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last.person;
    }
  }

  /** A block of which values are missing is not gone beyond: they will be told, in their place. */
  changes(id: string, after = '', limit = 200): ChangesPage {
    this.require(id);
    const { members, trials, projection } = this.options;
    const [oldest] = projection.pending();
    const before = Math.min(oldest?.block ?? projection.height, projection.height);
    const changes = trials
      .changes(id, after, before, limit)
      .map(({ position, site, person, status, protocol, at, block }): ParticipationChange => ({
        position,
        site: members.referenceOf(site),
        person,
        status,
        ...(protocol === null ? {} : { protocol }),
        at,
        block,
      }));
    const next = changes.at(-1)?.position ?? (after === '' ? undefined : after);
    return { changes, ...(next === undefined ? {} : { next }) };
  }

  alerts(id: string): Alert[] {
    const study = this.require(id);
    return [...this.#stops(study), ...this.#renewals(study), ...this.#approvals(study)];
  }

  #stops(study: Study): Alert[] {
    const { members, trials, now } = this.options;
    const termsOf = this.#termsOf(study);
    return trials.unacknowledged(study.study, MOST_ALERTS).map(({ site, person, at, collected }) => {
      const due = Date.parse(at) + (termsOf(site)?.stopWithinDays ?? 0) * DAY_MS;
      const [first] = JSON.parse(collected) as { disposition: string }[];
      return {
        kind: now() >= due ? 'stop-overdue' : 'stop-due',
        site: members.referenceOf(site),
        person,
        ...(first === undefined ? {} : { collected: first.disposition }),
        due: formatInstant(due),
      };
    });
  }

  #renewals(study: Study): Alert[] {
    const { members, trials } = this.options;
    const show = this.#shower(study);
    return trials.counts(study.study).flatMap(({ site, protocol, status, count }): Alert[] => {
      const { status: kind, deadline } = show(site, status, protocol);
      if (kind !== 'reconsent-due' && kind !== 'reconsent-overdue') return [];
      return [
        {
          kind,
          site: members.referenceOf(site),
          ...(protocol === null ? {} : { protocol }),
          count,
          ...(deadline === undefined ? {} : { due: deadline }),
        },
      ];
    });
  }

  #approvals(study: Study): Alert[] {
    const { members, now } = this.options;
    const termsOf = this.#termsOf(study);
    return study.sites.flatMap((site): Alert[] => {
      const until = parseDateTime(termsOf(site)?.approval.end ?? '')?.until;
      if (until === undefined || until - now() > APPROVAL_WARNING_DAYS * DAY_MS) return [];
      const kind = now() >= until ? 'approval-expired' : 'approval-expiring';
      return [{ kind, site: members.referenceOf(site), due: formatInstant(until) }];
    });
  }

  #liner(study: Study): (row: ParticipationRow) => ParticipationLine {
    const { members } = this.options;
    const show = this.#shower(study);
    return ({ site, person, status, protocol, evidence, choices, collected, at, transaction, block }) => ({
      site: members.referenceOf(site),
      person,
      ...show(site, status, protocol),
      ...(protocol === null ? {} : { protocol }),
      ...(evidence === null ? {} : { evidence }),
      choices: JSON.parse(choices) as ParticipationLine['choices'],
      collected: JSON.parse(collected) as ParticipationLine['collected'],
      since: at,
      transaction,
      block,
    });
  }

  /** How a participation is told now: a consent may be due again without anything being written. */
  #shower(study: Study): (site: string, status: ParticipationStatus, protocol: string | null) => Shown {
    const at = this.options.now();
    const termsOf = this.#termsOf(study);
    const known = new Map<string, Shown | undefined>();
    return (site, status, protocol) => {
      if (protocol === null || (status !== 'consented' && status !== 'active')) return { status };
      const name = `${site} ${protocol}`;
      if (!known.has(name)) known.set(name, shownBy(termsOf(site), protocol, at));
      return known.get(name) ?? { status };
    };
  }

  #termsOf({ study, sponsor }: Study): (site: string) => StudyTerms | undefined {
    const known = new Map<string, StudyTerms | undefined>();
    return (site) => {
      if (!known.has(site)) known.set(site, this.options.studies.get({ site, sponsor }, 'terms', study));
      return known.get(site);
    };
  }
}

function shownBy(terms: StudyTerms | undefined, protocol: string, at: number): Shown | undefined {
  const standing = protocolStanding(terms?.protocols ?? [], protocol, at);
  if (standing.kind !== 'due' && standing.kind !== 'overdue') return undefined;
  const { kind, deadline } = standing;
  return {
    status: `reconsent-${kind}`,
    ...(deadline === undefined ? {} : { deadline: formatInstant(deadline) }),
  };
}
