import { appendFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

/**
 * A reporter that appends `SUITE: MESSAGE` for every `beforeAll` or `afterAll` that failed to the file `REGENT_SUITE_ERRORS`: vitest's JSON report has
 * a suite's tests as skipped then, and not a word of why.
 */
export default class SuiteErrors implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const file = process.env['REGENT_SUITE_ERRORS'];
    if (file === undefined) return;
    for (const module of modules) {
      for (const suite of module.children.allSuites()) {
        for (const { message, cause } of suite.errors()) {
          const why = [message, cause?.message].filter((text) => text !== undefined).join('; because: ');
          appendFileSync(file, `${suite.fullName}: ${why.replaceAll(/\s+/g, ' ').trim()}\n`);
        }
      }
    }
  }
}
