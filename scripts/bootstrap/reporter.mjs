import Mocha from 'mocha';

const GRACE_MS = 10_000;

/** mocha's own report, and as its last line the numbers that a person or a script looks for. */
export default class ClosingLine extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats;
      const skipped = pending > 0 ? `, ${pending} skipped` : '';
      console.log(`${passes} passed, ${failures} failed${skipped}`);
      watchForLeaks();
    });
  }
}

/** A test that leaves a server or a process open would keep the run from ending: said, and failed. */
function watchForLeaks() {
  setTimeout(() => {
    console.error(`Tests left open: ${process.getActiveResourcesInfo().join(', ')}`);
    process.exit(1);
  }, GRACE_MS).unref();
}
