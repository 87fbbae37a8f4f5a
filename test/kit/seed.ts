import fc from 'fast-check';

// REGENT_SEED: a number that all random cases are drawn from, such as the one that a failed run printed; unset: new cases every time.
const seed = Number(process.env['REGENT_SEED']);
if (Number.isSafeInteger(seed) && seed > 0) fc.configureGlobal({ seed });
