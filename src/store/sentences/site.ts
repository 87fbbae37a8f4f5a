import { conflict, invalid, type Sentence } from '../declared/sentence.ts';

/** Constraints about site, and the sentence for the operator. */
export const SITE_SENTENCES: Readonly<Record<string, Sentence>> = {
  settings_name_grammar: invalid('The name of a setting holds a–z, 0–9 and "_".', 'name'),
  alert_targets_name_unique: conflict('There is a target of alarms {} already.'),
  alert_targets_name_grammar: invalid('The name of a target has lower-case letters, digits and "-".', 'name'),
  alert_targets_kind: invalid('A target is a webhook or mail.', 'settings'),
  alert_targets_settings: invalid('The settings of a target have at most 64 KiB.', 'settings'),
  alert_targets_secret: invalid('The secret of a target is too long.', 'secret'),
  alert_targets_least: invalid('Findings are sent from warning, unknown or broken on.', 'least'),
  settings_pkey: conflict('The setting {} was set by someone else at the same moment.'),
};
