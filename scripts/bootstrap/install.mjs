import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { BootstrapError, ROOT, runQuietly } from './run.mjs';

/** Installs the locked dependencies unless they are all there in the locked versions. */
export async function installIfMissing() {
  if (isInstalled()) return;
  const npm = process.env.npm_execpath;
  const [command, args] = npm?.endsWith('.js') ? [process.execPath, [npm, 'ci']] : ['npm', ['ci']];
  if (!(await runQuietly('Installing dependencies (npm ci)', command, args))) {
    throw new BootstrapError(
      'The dependencies could not be installed. npm needs to reach its registry (see `npm config get registry` ' +
        'and your proxy settings) and to write to node_modules. Run `npm ci` to see it alone, then start again.',
    );
  }
}

/**
 * npm keeps a lockfile of what it installed in node_modules. Compared entry by entry, because times of files say
 * nothing after a clone or a checkout.
 */
function isInstalled() {
  const hidden = path.join(ROOT, 'node_modules/.package-lock.json');
  if (!existsSync(hidden)) return false;
  const wanted = JSON.parse(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(hidden, 'utf8')).packages;
  return Object.entries(wanted).every(([folder, { version, optional, link }]) => {
    if (!folder.includes('node_modules/')) return true;
    const found = installed[folder];
    // Optional packages for other platforms are left out on purpose.
    return found === undefined ? optional === true : link === true || found.version === version;
  });
}
