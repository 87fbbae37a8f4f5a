-- What is kept as it was given, for whoever compares it with what he gave.

-- The kernel that a tool of MAAS asks for at least. Nothing follows from it: a machine runs the kernel of what it boots and of its image.
alter table machines
  add column min_hwe_kernel text not null default '' constraint machines_min_hwe_kernel_grammar check (min_hwe_kernel ~ '^[A-Za-z0-9._+-]{0,64}$');

-- The data of a record as it was given, where the canonical text is another one: names may have capitals, and a dot at the end.
alter table records add column written text constraint records_written_grammar check (length(written) <= 4200 and written !~ '[[:cntrl:]]');

-- A process that knows nothing of it changes the data alone.
create function forget_written() returns trigger language plpgsql as $$
begin
  if new.data <> old.data and new.written is not distinct from old.written then
    new.written := null;
  end if;
  return new;
end $$;
create trigger forget_written before update of data on records for each row execute function forget_written();
