-- MX and SRV records with a dot in place of the host: there is no such service. The feature `record-types` lets them in, like their types.
alter table records drop constraint records_data_grammar;
alter table records add constraint records_data_grammar check (case type
  when 'A' then data ~ '^[0-9]{1,3}(\.[0-9]{1,3}){3}$' and family(data::inet) = 4
  when 'AAAA' then data ~ '^[0-9a-f:.]{2,45}$' and family(data::inet) = 6
  when 'CNAME' then length(data) <= 253
    and data ~ '^(\*|_?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\._?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$'
  when 'MX' then data ~ '^[0-9]{1,5} (\.|[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)$'
  when 'NS' then data ~ '^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$'
  when 'SRV' then data ~ '^[0-9]{1,5} [0-9]{1,5} [0-9]{1,5} (\.|[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)$'
  when 'SSHFP' then data ~ '^[1-6] [12] ([0-9a-f]{40}|[0-9a-f]{64})$'
  when 'TXT' then length(data) between 1 and 4096 and data ~ '^[ -~]+$'
end);
