import type { Finding } from '../contract/common.ts';

/** A finding as the wire has it: what belongs to storage stays behind, and what is not known is left out. */
export function findingOf({ code, severity, subject, sentence, held, remedy, since }: Finding): Finding {
  return {
    code,
    severity,
    subject,
    sentence,
    ...(held === undefined ? {} : { held }),
    ...(remedy === undefined ? {} : { remedy }),
    ...(since === undefined ? {} : { since }),
  };
}
