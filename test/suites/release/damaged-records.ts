import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ask, putRecord } from '../../http/support/people.js';
import { tried, type Attack } from '../../support/fault/verdicts.js';
import { askAll, expectNothing, type Held, type Trial } from './trial.js';

const DAMAGES = ['flipped', 'truncated', 'prolonged', 'swapped', 'rolled back'] as const;
type Damage = (typeof DAMAGES)[number];

export function damagedRecords(trial: Trial): void {
  const files = (): Map<string, string> => {
    const directory = join(trial.custodian().member.configuration.dataDirectory, 'records');
    const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
    return new Map(
      entries.filter((one) => one.isFile()).map((one) => [one.name, join(one.parentPath, one.name)]),
    );
  };
  const newVersion = async (held: Held, content: Buffer): Promise<string> => {
    const before = new Set(files().keys());
    const { custodian } = trial;
    const put = (): ReturnType<typeof putRecord> =>
      putRecord(custodian().member, {
        id: held.record,
        subject: held.subject,
        content,
        facts: { labels: ['N'] },
        reason: 'amended',
      });
    let kept = await put();
    // On a machine that is very busy an outcome may stay unknown for a while.
    for (let tries = 0; tries < 5 && kept.status >= 503; tries += 1) kept = await put();
    expect(kept.status, JSON.stringify(kept.json)).to.be.oneOf([200, 201]);
    const [path] = [...files()].filter(([name]) => !before.has(name)).map(([, at]) => at);
    return path ?? '';
  };

  describe('bytes of a record that are not what they were', () => {
    it('leave as no record: flipped, cut off, prolonged, swapped with another’s, or an older version’s', async () => {
      const [held, other] = trial.held();
      if (held === undefined || other === undefined) throw new Error('too little is held');
      const former = readFileSync(await newVersion(held, Buffer.concat([held.content, Buffer.from('?')])));
      const changed = Buffer.concat([held.content, Buffer.from('!')]);
      const path = await newVersion(held, changed);
      const good = readFileSync(path);
      const foreign = readFileSync(await newVersion(other, Buffer.concat([other.content, Buffer.from('.')])));
      await newVersion(other, other.content);
      for (let round = 0; round < Math.max(trial.rounds, DAMAGES.length); round += 1) {
        const damage = DAMAGES[round % DAMAGES.length] ?? 'flipped';
        writeFileSync(path, damaged(damage, { good, former, foreign }));
        const attack: Attack = { promise: 2, what: `a record’s ciphertext ${damage}` };
        const answers = await askAll(trial, attack, [held]);
        expectNothing(answers, attack);
        const { member } = trial.custodian();
        const token = await member.token('doctor', ['practitioner']);
        const own = await member
          .call('GET', `/v1/records/${held.record}?purpose=TREAT`, { token })
          .catch(() => undefined);
        const isWhole = own?.status === 200 && own.bytes.length >= held.content.length;
        tried({ ...attack, what: `${attack.what}, read by the own staff` }, 1, isWhole ? 1 : 0);
        expect(isWhole, damage).to.equal(false);
      }
      writeFileSync(path, good);
      const whole = await ask(trial.requester().member, trial.custodian().member, [held.record]);
      expect(whole.bytes.equals(changed)).to.equal(true);
      await newVersion(held, held.content);
    });
  });

  function damaged(
    damage: Damage,
    { good, former, foreign }: { readonly good: Buffer; readonly former: Buffer; readonly foreign: Buffer },
  ): Buffer {
    const place = trial.dice.next(good.length);
    switch (damage) {
      case 'flipped': {
        const bytes = Buffer.from(good);
        bytes[place] = (bytes[place] ?? 0) ^ (1 << trial.dice.next(8));
        return bytes;
      }
      case 'truncated':
        return good.subarray(0, place);
      case 'prolonged':
        return Buffer.concat([good, Buffer.of(0)]);
      case 'swapped':
        return foreign;
      case 'rolled back':
        return former;
    }
  }
}
