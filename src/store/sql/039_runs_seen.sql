-- A machine that is being enlisted has no boot record, and one whose beginner wants to log in stays on: both follow from its run, so whoever compiles hears of it.
create constraint trigger raise_observed_run after insert on machine_tokens deferrable initially deferred
  for each row when (new.purpose = 'enlisting' or new.enable_ssh) execute function raise_observed();
create constraint trigger raise_observed_run_change after update on machine_tokens deferrable initially deferred
  for each row when ((old.purpose = 'enlisting' or old.enable_ssh or new.enable_ssh)
    and (old.ended_at is distinct from new.ended_at or old.enable_ssh is distinct from new.enable_ssh)) execute function raise_observed();
