// The number of an event comes from a row per partition, not from a sequence: who has the lock of the row is the only one that appends, so
// events become visible in the order of their numbers. With a sequence a reader could see 8 before 7 and never look for 7 again.
//
// Functions keep their plans, also those that were made while a table was empty, and whatever they are called with: nothing is planned twice on a
// connection. So that none scans a table that has grown, scans of whole tables and joins that begin with one are switched off where rows are looked up by
// their keys. Nothing is compiled for them either: of a table that was never analyzed the server thinks that it would be worth it.
//
// Ids are found with a hash index: one page for each look, and less of it for each id than their order would take, so that of millions more pages are in
// memory. It finds, it does not forbid: who has the lock of the partition has seen that an id is not there. Ids that are over may be there beside newer ones
// until they are deleted.
//
// Events are immutable: nothing about them is updated, and they are deleted in ranges, from the oldest on.

/** Settings of functions that look up rows by their keys. */
export const BY_KEY: string = ['seqscan', 'bitmapscan', 'hashjoin', 'mergejoin']
  .map((way) => `set enable_${way} = off `)
  .concat('set plan_cache_mode = force_generic_plan set jit = off')
  .join('')

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
  meta text not null,
  body bytea not null,
  primary key (buffer, part, seq)
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);
alter table ${schema}.event alter column body set storage external, alter column meta set storage external;

create table ${schema}.dedupe (
  buffer int not null,
  part int not null,
  fingerprint uuid not null,
  seq bigint not null,
  seen_at timestamptz not null
) with (autovacuum_vacuum_scale_factor = 0.02);
create index on ${schema}.dedupe using hash (fingerprint);
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
  _buffer int, _parts int[], _window_ms float8, _slots int[], _places int[], _fingerprints uuid[], _received float8[],
  _starts int[], _metas int[], _sizes int[], _data bytea, _channel text) returns text language plpgsql volatile ${BY_KEY} as $$
declare
  _next bigint[];
  _at timestamptz;
  _known bigint[];
  _lasts bigint[];
begin
  ${SYNCHRONOUS}
  -- In their order, so that processes which store at once wait for each other in one direction only.
  select array_agg(p.next_seq order by p.part) into _next from (
    select part, next_seq from ${schema}.part where buffer = _buffer and part = any (_parts) order by part for update
  ) p;
  _at := clock_timestamp();
  -- Statements of their own, so that they see what was committed while the locks were waited for.
  select array_agg(i.n), array_agg(d.seq) into _known, _lasts
  from unnest(_slots, _fingerprints) with ordinality as i(slot, fingerprint, n), lateral (
    -- With a limit it is looked up for each, whatever the plan was made for.
    select seq from ${schema}.dedupe
    where dedupe.fingerprint = i.fingerprint and buffer = _buffer and part = _parts[i.slot]
      and seen_at > _at - _window_ms * interval '1 millisecond' limit 1
  ) d;
  if _known is not null then
    select array_agg(case when n <> all (_known) then before end order by n) into _places from (
      select n, count(*) filter (where n <> all (_known)) over (partition by slot order by n) - 1 as before
      from unnest(_slots) with ordinality as i(slot, n)
    ) i;
  end if;
  with stored as (
    insert into ${schema}.event (buffer, part, seq, stored_at, received_at, meta, body)
    select _buffer, _parts[slot], _next[slot] + place, _at, received_at, convert_from(substring(_data from start + 1 for meta), 'UTF8'),
      substring(_data from start + meta + 1 for size)
    from unnest(_slots, _places, _received, _starts, _metas, _sizes) as i(slot, place, received_at, start, meta, size)
    where place is not null
  ), remembered as (
    insert into ${schema}.dedupe (buffer, part, fingerprint, seq, seen_at)
    select _buffer, _parts[slot], fingerprint, _next[slot] + place, _at
    from unnest(_slots, _places, _fingerprints) as i(slot, place, fingerprint)
    where place is not null and _window_ms > 0
  )
  update ${schema}.part p set next_seq = p.next_seq + f.events, events = p.events + f.events, bytes = p.bytes + f.bytes
  from (
    select slot, count(*) as events, sum(size) as bytes from unnest(_slots, _places, _sizes) as i(slot, place, size)
    where place is not null group by slot
  ) f
  where p.buffer = _buffer and p.part = _parts[f.slot];
  if _channel is not null then
    -- Several, since one may have 8,000 bytes.
    perform pg_notify(_channel, _buffer || ':' || string_agg(part || '-' || (next_seq - 1), ',')) from ${schema}.part
    where buffer = _buffer and part = any (_parts) group by part / 256;
  end if;
  return json_build_object('timeline', ${schema}.timeline(), 'next', _next, 'known', _known, 'lasts', _lasts);
end $$;

create function ${schema}.read_log(_buffer int, _part int, _after bigint, _limit int, _max_bytes float8)
returns table (seq text, meta text, body bytea) language sql stable ${BY_KEY} as $$
  select e.seq::text, e.meta, e.body from (
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
