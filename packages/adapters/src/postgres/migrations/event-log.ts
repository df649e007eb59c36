// The number of an event comes from a row per partition, not from a sequence: who has the lock of the row is the only one that appends, so
// events become visible in the order of their numbers. With a sequence a reader could see 8 before 7 and never look for 7 again.
//
// Functions keep their plans, also those that were made while a table was empty. So that none scans a table that has grown, scans of whole tables
// and joins that begin with one are switched off where rows are looked up by their keys.
//
// Events are immutable: nothing about them is updated, and they are deleted in ranges, from the oldest on.

/** Settings of functions that look up rows by their keys. */
export const BY_KEY = 'set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off'

/** What is acknowledged, or said to be done, is on the disk when its transaction has committed, whatever the role has set. */
export const SYNCHRONOUS = `if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;`

/** Version 2: the log of `postgresBuffer`. */
export const eventLog = (schema: string): string => `
create table ${schema}.buffer (
  id int generated always as identity primary key,
  name text not null unique,
  partitions int not null,
  swept_at timestamptz not null default '-infinity'
);

create table ${schema}.part (
  buffer int not null references ${schema}.buffer on delete cascade,
  part int not null,
  first_seq bigint not null default 1,
  next_seq bigint not null default 1,
  events bigint not null default 0,
  bytes bigint not null default 0,
  primary key (buffer, part)
) with (fillfactor = 20, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0);

create table ${schema}.event (
  buffer int not null,
  part int not null,
  seq bigint not null,
  stored_at timestamptz not null,
  received_at float8 not null,
  meta json not null,
  body bytea not null,
  primary key (buffer, part, seq)
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);
alter table ${schema}.event alter column body set storage external;

create table ${schema}.dedupe (
  buffer int not null,
  part int not null,
  fingerprint uuid not null,
  seq bigint not null,
  seen_at timestamptz not null,
  primary key (buffer, part, fingerprint)
) with (autovacuum_vacuum_scale_factor = 0.02);
create index on ${schema}.dedupe using brin (seen_at) with (pages_per_range = 16);

create function ${schema}.open_buffer(_name text, _partitions int) returns table (id int, partitions int)
language plpgsql volatile as $$
#variable_conflict use_column
declare
  _id int;
begin
  insert into ${schema}.buffer (name, partitions) values (_name, _partitions) on conflict (name) do nothing
  returning id into _id;
  if _id is not null then
    insert into ${schema}.part (buffer, part) select _id, n from generate_series(0, _partitions - 1) n;
  end if;
  return query select b.id, b.partitions from ${schema}.buffer b where b.name = _name;
end $$;

create function ${schema}.append(
  _buffer int, _parts int[], _window_ms float8, _slots int[], _fingerprints uuid[], _received float8[],
  _starts int[], _metas int[], _sizes int[], _data bytea, _channel text,
  out seqs text, out timeline text) language plpgsql volatile ${BY_KEY} as $$
declare
  _next bigint[];
  _at timestamptz;
begin
  ${SYNCHRONOUS}
  -- In their order, so that processes which store at once wait for each other in one direction only.
  select array_agg(p.next_seq order by p.part) into _next from (
    select part, next_seq from ${schema}.part where buffer = _buffer and part = any (_parts) order by part for update
  ) p;
  _at := clock_timestamp();
  -- A statement of its own, so that it sees what was committed while the locks were waited for.
  with incoming as materialized (
    select i.*, _parts[i.slot] as part, d.seq as last,
      coalesce(d.seen_at > _at - _window_ms * interval '1 millisecond', false) as is_known
    from unnest(_slots, _fingerprints, _received, _starts, _metas, _sizes)
      with ordinality as i(slot, fingerprint, received_at, start, meta, size, n)
    left join lateral (
      -- With a limit it is looked up for each, whatever the plan was made for.
      select seq, seen_at from ${schema}.dedupe
      where buffer = _buffer and part = _parts[i.slot] and dedupe.fingerprint = i.fingerprint limit 1
    ) d on true
  ), fresh as materialized (
    select i.*, _next[slot] + row_number() over (partition by slot order by n) - 1 as seq from incoming i where not is_known
  ), remembered as (
    insert into ${schema}.dedupe (buffer, part, fingerprint, seq, seen_at)
    select _buffer, part, fingerprint, seq, _at from fresh where _window_ms > 0 and last is null
  ), remembered_again as (
    -- Retention may be deleting the one of before.
    insert into ${schema}.dedupe (buffer, part, fingerprint, seq, seen_at)
    select _buffer, part, fingerprint, seq, _at from fresh where _window_ms > 0 and last is not null
    on conflict (buffer, part, fingerprint) do update set seq = excluded.seq, seen_at = excluded.seen_at
  ), stored as (
    insert into ${schema}.event (buffer, part, seq, stored_at, received_at, meta, body)
    select _buffer, part, seq, _at, received_at, convert_from(substring(_data from start + 1 for meta), 'UTF8')::json,
      substring(_data from start + meta + 1 for size)
    from fresh
  ), counted as (
    update ${schema}.part p set next_seq = p.next_seq + f.events, events = p.events + f.events, bytes = p.bytes + f.bytes
    from (select part, count(*) as events, sum(size) as bytes from fresh group by part) f
    where p.buffer = _buffer and p.part = f.part
  )
  select string_agg(seq::text, ',' order by n) into seqs from (
    select n, seq from fresh union all select n, -last from incoming where is_known
  ) i;
  if _channel is not null then
    -- Several, since one may have 8,000 bytes.
    perform pg_notify(_channel, _buffer || ':' || string_agg(part || '-' || (next_seq - 1), ',')) from ${schema}.part
    where buffer = _buffer and part = any (_parts) group by part / 256;
  end if;
  timeline := ${schema}.timeline();
end $$;

create function ${schema}.read_log(_buffer int, _part int, _after bigint, _limit int, _max_bytes float8)
returns table (seq text, meta text, body bytea) language sql stable ${BY_KEY} as $$
  select e.seq::text, e.meta::text, e.body from (
    select l.*, sum(length(l.body)) over (order by l.seq) - length(l.body) as bytes_before,
      row_number() over (order by l.seq) as place
    from (
      select * from ${schema}.event
      where buffer = _buffer and part = _part and event.seq > _after order by event.seq limit _limit
    ) l
  ) e where e.bytes_before < _max_bytes or e.place = 1 order by e.seq
$$;

create function ${schema}.seq_before(_buffer int, _part int, _at float8) returns bigint language plpgsql stable as $$
declare
  _low bigint;
  _high bigint;
  _middle bigint;
begin
  select first_seq, next_seq into _low, _high from ${schema}.part where buffer = _buffer and part = _part;
  while _low < _high loop
    _middle := (_low + _high) / 2;
    if (select received_at from ${schema}.event where buffer = _buffer and part = _part and seq = _middle) >= _at then
      _high := _middle;
    else
      _low := _middle + 1;
    end if;
  end loop;
  return _low - 1;
end $$;
`
