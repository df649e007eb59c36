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
  _buffer int, _parts int[], _window_ms float8, _items text, _data bytea, _channel text
) returns table (n int, seq bigint, is_new int) language plpgsql volatile ${BY_KEY} as $$
#variable_conflict use_column
declare
  _at timestamptz;
begin
  ${SYNCHRONOUS}
  -- In their order, so that processes which store at once wait for each other in one direction only.
  perform from ${schema}.part where buffer = _buffer and part = any (_parts) order by part for update;
  _at := clock_timestamp();
  -- A statement of its own, so that it sees what was committed while the locks were waited for.
  return query
  with incoming as materialized (
    select i.n, i.part, i.fingerprint, i.received_at,
      convert_from(substring(_data from i.start + 1 for i.meta), 'UTF8')::json as meta,
      substring(_data from i.start + i.meta + 1 for i.size) as body, (
        select d.seq from ${schema}.dedupe d
        where d.buffer = _buffer and d.part = i.part and d.fingerprint = i.fingerprint
          and d.seen_at > _at - _window_ms * interval '1 millisecond'
      ) as known
    from json_to_recordset(_items::json)
      as i(n int, part int, fingerprint uuid, received_at float8, start int, meta int, size int)
  ), fresh as materialized (
    select i.*, p.next_seq - 1 + row_number() over (partition by i.part order by i.n) as seq
    from incoming i join ${schema}.part p on p.buffer = _buffer and p.part = i.part where i.known is null
  ), remembered as (
    insert into ${schema}.dedupe (buffer, part, fingerprint, seq, seen_at)
    select _buffer, part, fingerprint, seq, _at from fresh where _window_ms > 0
    on conflict (buffer, part, fingerprint) do update set seq = excluded.seq, seen_at = excluded.seen_at
  ), stored as (
    insert into ${schema}.event (buffer, part, seq, stored_at, received_at, meta, body)
    select _buffer, part, seq, _at, received_at, meta, body from fresh
  ), counted as (
    update ${schema}.part p set next_seq = p.next_seq + f.events, events = p.events + f.events, bytes = p.bytes + f.bytes
    from (select part, count(*) as events, sum(length(body)) as bytes from fresh group by part) f
    where p.buffer = _buffer and p.part = f.part
  )
  select n, seq, 1 from fresh union all select n, known, 0 from incoming where known is not null;
  if _channel is not null then perform pg_notify(_channel, _buffer || ':' || array_to_string(_parts, ',')); end if;
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
