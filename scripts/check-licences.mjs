/**
 * Every production dependency, direct or not, must come under a permissive licence on the list below.
 * Reads what npm locked and installed; a dependency without a licence it understands is refused.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './bootstrap/run.mjs';

const PERMITTED = new Set([
  '0BSD',
  'Apache-2.0',
  'Bitstream-Vera',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Unlicense',
]);

/** Packages that state their licence in a file and not in their manifest, in the version that was read. */
const STATED_IN_FILE = { 'dejavu-fonts-ttf@2.37.3': 'Bitstream-Vera', 'png-js@2.0.0': 'MIT' };

const { packages } = JSON.parse(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8'));
const dependencies = Object.entries(packages).filter(
  ([folder, entry]) => folder.includes('node_modules/') && !entry.link && !entry.dev && !entry.devOptional,
);
const refused = dependencies
  .map(([folder, entry]) => ({ folder, version: entry.version, licence: licenceOf(folder, entry) }))
  .filter(({ licence }) => !isPermitted(licence));

for (const { folder, version, licence } of refused) {
  console.error(`${folder.replace(/^.*node_modules\//, '')}@${version}: ${licence ?? 'states no licence'}`);
}
if (refused.length > 0) {
  console.error(
    'These production dependencies come under no licence of the list in scripts/check-licences.mjs.',
  );
  process.exitCode = 1;
} else {
  console.log(`${dependencies.length} production dependencies, all under permissive licences.`);
}

function licenceOf(folder, entry) {
  const inFile = STATED_IN_FILE[`${folder.replace(/^.*node_modules\//, '')}@${entry.version}`];
  if (inFile) return inFile;
  if (entry.license) return entry.license;
  const manifest = path.join(ROOT, folder, 'package.json');
  return existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')).license : undefined;
}

/** SPDX expressions of AND, OR and brackets, which is all that the registry's packages use. */
function isPermitted(licence) {
  if (typeof licence !== 'string') return false;
  const tokens = licence.match(/[()]|[^\s()]+/g) ?? [];
  const either = () => {
    let result = both();
    while (tokens[0] === 'OR') result = (take() && both()) || result;
    return result;
  };
  const both = () => {
    let result = one();
    while (tokens[0] === 'AND') result = take() && one() && result;
    return result;
  };
  const one = () => {
    const token = take();
    if (token !== '(') return PERMITTED.has(token);
    const inner = either();
    return take() === ')' && inner;
  };
  const take = () => tokens.shift();
  return either() && tokens.length === 0;
}
