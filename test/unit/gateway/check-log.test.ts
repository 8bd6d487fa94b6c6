import { openCheckLog } from '@consent-ledger/gateway/internal/adapters/sqlite/check-log';
import { expect } from 'chai';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { CheckedCall } from '@consent-ledger/gateway/internal/ports/check-log';
import { temporaryFolder } from '../../support/temporary.js';
import { eventually } from '../../support/eventually.js';

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 10, 24);

function call(index: number): CheckedCall {
  return {
    at: NOW + index,
    height: index,
    user: 'user-a',
    checks: [
      {
        subjects: [`subject-${index % 7}`],
        record: index % 2 === 0 ? undefined : `record-${index}`,
        requester: 'Organization/riverside',
        purpose: ['TREAT'],
        outcome: 'permit',
        reason: 'permitted-by-consent',
      },
    ],
  };
}

function mustNotFail(error: Error): never {
  throw error;
}

describe('the log of checks', () => {
  const folder = temporaryFolder();

  it('is whole when it is opened again, and brings into its database what it has while it is written', async () => {
    const path = join(folder.path, 'checks.db');
    const log = await openCheckLog(path, 30, mustNotFail);
    for (let index = 0; index < 1_200; index += 1) await log.append([call(index)]);
    const alone = join(folder.path, 'without-its-log.db');
    await eventually(async () => {
      await copyFile(path, alone);
      const database = new DatabaseSync(alone);
      const { rows } = database.prepare('SELECT count(*) AS rows FROM checked_call').get() as {
        rows: number;
      };
      database.close();
      expect(rows).to.be.at.least(1_000);
    });
    await log.close();
    const again = await openCheckLog(path, 30, mustNotFail);
    expect(again.after(0, 5_000).map(({ height }) => height)).to.deep.equal(
      Array.from({ length: 1_200 }, (_, index) => index),
    );
    expect(again.after(0, 2)).to.deep.equal([
      {
        position: 1,
        ...call(0),
        checks: [
          {
            subjects: ['subject-0'],
            requester: 'Organization/riverside',
            purpose: ['TREAT'],
            outcome: 'permit',
            reason: 'permitted-by-consent',
          },
        ],
      },
      { position: 2, ...call(1), checks: [{ ...call(1).checks[0] }] },
    ]);
    await again.close();
  });

  it('lets go of what is older than it must be kept', async () => {
    const log = await openCheckLog(join(folder.path, 'old.db'), 1, mustNotFail);
    await log.append([call(0), call(1)]);
    await log.append([{ ...call(2), at: NOW + 2 * DAY_MS }]);
    expect(log.after(0, 10).map(({ height }) => height)).to.deep.equal([2]);
    await log.close();
  });
});
