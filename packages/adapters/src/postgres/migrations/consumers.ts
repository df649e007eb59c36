import { BY_KEY } from './event-log.ts'

// What a consumer is through with in a partition is one value: a multirange of the numbers of events, of which the first range begins with 0.
// It stays small whatever the order in which events are done, and knows what is done twice.
//
// Every change of a cursor locks its row under the epoch of the lease. Where the epoch is another one the statement fails with HF001, and
// with it the transaction that it is a part of.

/** Version 3: the cursors of `postgresBuffer`, and what is kept beside its log. */
export const consumers = (schema: string): string => `
create table ${schema}.consumer (
  id int generated always as identity primary key,
  buffer int not null references ${schema}.buffer on delete cascade,
  name text not null,
  unique (buffer, name)
);

create table ${schema}.attendant (
  consumer int not null references ${schema}.consumer on delete cascade,
  owner text not null,
  ends_at timestamptz not null,
  primary key (consumer, owner)
);

create table ${schema}.cursor (
  consumer int not null references ${schema}.consumer on delete cascade,
  part int not null,
  done int8multirange not null,
  retry jsonb not null default '{}',
  epoch bigint not null default 0,
  owner text,
  ends_at timestamptz not null default '-infinity',
  primary key (consumer, part)
) with (fillfactor = 20, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0);

create table ${schema}.parked (
  consumer int not null references ${schema}.consumer on delete cascade,
  part int not null,
  seq bigint not null,
  lane text not null,
  redrives int not null,
  attempts int not null,
  next_at float8 not null,
  blocked json,
  meta json not null,
  body bytea not null,
  primary key (consumer, part, seq)
) with (autovacuum_vacuum_scale_factor = 0.02);
create index on ${schema}.parked (consumer, part, md5(lane), seq);

create table ${schema}.dead_letter (
  consumer int not null references ${schema}.consumer on delete cascade,
  part int not null,
  seq bigint not null,
  lane text not null,
  redrives int not null,
  at float8 not null,
  why json not null,
  meta json not null,
  body bytea not null,
  primary key (consumer, part, seq)
);
create index on ${schema}.dead_letter (consumer, at, part, seq);

create function ${schema}.first_open(_done int8multirange) returns bigint language sql immutable as $$
  select lower('{[0,)}'::int8multirange - _done)
$$;

create function ${schema}.seqs(_seqs text) returns int8multirange language sql immutable as $$
  select coalesce(range_agg(int8range(s::bigint, s::bigint, '[]')), '{}') from json_array_elements_text(_seqs::json) s
$$;

create function ${schema}.open_consumer(_buffer int, _name text, _from_latest int) returns int
language plpgsql volatile as $$
declare
  _id int;
begin
  -- Retention locks these rows too: it deletes nothing that a new consumer is to see.
  perform from ${schema}.part where buffer = _buffer order by part for share;
  insert into ${schema}.consumer (buffer, name) values (_buffer, _name) on conflict do nothing returning id into _id;
  if _id is null then
    return (select id from ${schema}.consumer where buffer = _buffer and name = _name);
  end if;
  insert into ${schema}.cursor (consumer, part, done)
  select _id, part, int8multirange(int8range(0, case when _from_latest = 1 then next_seq else first_seq end))
  from ${schema}.part where buffer = _buffer;
  return _id;
end $$;

create function ${schema}.attend(_consumer int, _owner text, _ms float8) returns setof text
language plpgsql volatile as $$
begin
  delete from ${schema}.attendant where consumer = _consumer and ends_at <= clock_timestamp() and owner <> _owner;
  if _ms > 0 then
    insert into ${schema}.attendant values (_consumer, _owner, ${schema}.in_ms(_ms))
    on conflict (consumer, owner) do update set ends_at = excluded.ends_at;
  else
    delete from ${schema}.attendant where consumer = _consumer and owner = _owner;
  end if;
  return query select owner from ${schema}.attendant where consumer = _consumer order by owner collate "C";
end $$;

create function ${schema}.acquire(_consumer int, _owner text, _ms float8, _max int)
returns table (part int, epoch text, ends_ms float8) language sql volatile as $$
  update ${schema}.cursor c
  set owner = _owner, ends_at = ${schema}.in_ms(_ms), epoch = greatest(c.epoch + 1, ${schema}.now_us())
  where c.consumer = _consumer and c.part = any (array(
    -- As an array it is looked for once; as a subquery with a limit it may be once per row.
    select f.part from ${schema}.cursor f where f.consumer = _consumer and f.ends_at <= clock_timestamp()
    order by f.part limit _max for update skip locked))
  returning c.part, c.epoch::text, extract(epoch from c.ends_at)::float8 * 1000
$$;

create function ${schema}.renew(_consumer int, _part int, _epoch bigint, _ms float8) returns int
language plpgsql volatile as $$
begin
  update ${schema}.cursor set ends_at = ${schema}.in_ms(_ms)
  where consumer = _consumer and part = _part and epoch = _epoch and owner is not null;
  return found::int;
end $$;

create function ${schema}.release(_consumer int, _part int, _epoch bigint) returns void language sql volatile as $$
  update ${schema}.cursor set owner = null, ends_at = '-infinity'
  where consumer = _consumer and part = _part and epoch = _epoch
$$;

create function ${schema}.require_lease(_consumer int, _part int, _epoch bigint) returns void
language plpgsql stable as $$
begin
  if not exists (
    select from ${schema}.cursor where consumer = _consumer and part = _part and epoch = _epoch and owner is not null
  ) then
    raise exception 'stale lease' using errcode = 'HF001';
  end if;
end $$;

create function ${schema}.read_held(
  _consumer int, _part int, _epoch bigint, _buffer int, _after bigint, _limit int, _max_bytes float8
) returns table (seq text, meta text, body bytea) language plpgsql stable as $$
begin
  perform ${schema}.require_lease(_consumer, _part, _epoch);
  return query select * from ${schema}.read_log(_buffer, _part, _after, _limit, _max_bytes);
end $$;

create function ${schema}.load(_consumer int, _part int, _epoch bigint) returns table (done text, retry text)
language plpgsql stable as $$
#variable_conflict use_column
begin
  perform ${schema}.require_lease(_consumer, _part, _epoch);
  return query select c.done::text, c.retry::text from ${schema}.cursor c where consumer = _consumer and part = _part;
end $$;

create function ${schema}.parked_lanes(_consumer int, _part int, _epoch bigint)
returns table (lane text, seq text, attempts int, next_at float8, blocked text, events bigint, bytes bigint)
language plpgsql stable as $$
#variable_conflict use_column
begin
  perform ${schema}.require_lease(_consumer, _part, _epoch);
  return query
    select distinct on (p.lane) p.lane, p.seq::text, p.attempts, p.next_at, p.blocked::text,
      count(*) over whole, sum(length(p.body)) over whole
    from ${schema}.parked p where p.consumer = _consumer and p.part = _part
    window whole as (partition by p.lane) order by p.lane, p.seq;
end $$;

create function ${schema}.read_parked(
  _consumer int, _part int, _epoch bigint, _lane text, _limit int, _max_bytes float8
) returns table (
  seq text, redrives int, attempts int, next_at float8, blocked text, meta text, body bytea
) language plpgsql stable as $$
#variable_conflict use_column
begin
  perform ${schema}.require_lease(_consumer, _part, _epoch);
  return query
    select l.seq::text, l.redrives, l.attempts, l.next_at, l.blocked::text, l.meta::text, l.body from (
      select p.*, sum(length(p.body)) over (order by p.seq) - length(p.body) as bytes_before,
        row_number() over (order by p.seq) as place
      from (
        select * from ${schema}.parked q
        where q.consumer = _consumer and q.part = _part and md5(q.lane) = md5(_lane) and q.lane = _lane
        order by q.seq limit _limit
      ) p
    ) l where l.bytes_before < _max_bytes or l.place = 1 order by l.seq;
end $$;

create function ${schema}.dead_lanes(_consumer int, _part int, _epoch bigint) returns setof text
language plpgsql stable as $$
begin
  perform ${schema}.require_lease(_consumer, _part, _epoch);
  return query select distinct lane from ${schema}.dead_letter where consumer = _consumer and part = _part;
end $$;

create function ${schema}.hold(_consumer int, _part int, _epoch bigint) returns int8multirange
language plpgsql volatile as $$
declare
  _done int8multirange;
begin
  select done into _done from ${schema}.cursor
  where consumer = _consumer and part = _part and epoch = _epoch and owner is not null for update;
  if not found then raise exception 'stale lease' using errcode = 'HF001'; end if;
  return _done;
end $$;

create function ${schema}.mark_done(_consumer int, _part int, _seqs int8multirange, _keys text[]) returns void
language sql volatile as $$
  update ${schema}.cursor set done = done + _seqs, retry = retry - _keys where consumer = _consumer and part = _part
$$;

create function ${schema}.commit(_consumer int, _part int, _epoch bigint, _done text, _retry text, _in_transaction int)
returns void language plpgsql volatile ${BY_KEY} as $$
declare
  _before int8multirange;
  _parked int;
begin
  -- A cursor may be a moment behind after a crash of the server: what it says is done has to be, not the other way round.
  if _in_transaction = 0 then perform set_config('synchronous_commit', 'off', true); end if;
  _before := ${schema}.hold(_consumer, _part, _epoch);
  if _retry <> '[]' then
    update ${schema}.parked p set attempts = r.attempts, next_at = r.next_at, blocked = null
    from json_to_recordset(_retry::json) as r(seq bigint, attempts int, next_at float8)
    where p.consumer = _consumer and p.part = _part and p.seq = r.seq;
    update ${schema}.cursor set retry = retry || coalesce((
      select jsonb_object_agg(r.seq::text, jsonb_build_array(r.attempts, r.next_at))
      from json_to_recordset(_retry::json) as r(seq bigint, attempts int, next_at float8) where not _before @> r.seq
    ), '{}') where consumer = _consumer and part = _part;
  end if;
  if _done <> '[]' then
    delete from ${schema}.parked where consumer = _consumer and part = _part
      and seq = any (array(select s::bigint from json_array_elements_text(_done::json) s));
    get diagnostics _parked = row_count;
    if _in_transaction = 1 and _parked = 0 and _before @> ${schema}.seqs(_done) then
      raise exception 'done already' using errcode = 'HF002';
    end if;
    perform ${schema}.mark_done(_consumer, _part, ${schema}.seqs(_done),
      array(select json_array_elements_text(_done::json)));
  end if;
end $$;

create function ${schema}.park(_consumer int, _part int, _epoch bigint, _items text) returns void
language plpgsql volatile ${BY_KEY} as $$
declare
  _before int8multirange := ${schema}.hold(_consumer, _part, _epoch);
begin
  update ${schema}.parked p
  set lane = i.lane, redrives = i.redrives, attempts = i.attempts, next_at = i.next_at, blocked = i.blocked::json
  from json_to_recordset(_items::json)
    as i(seq bigint, lane text, redrives int, attempts int, next_at float8, blocked text)
  where p.consumer = _consumer and p.part = _part and p.seq = i.seq;
  insert into ${schema}.parked (consumer, part, seq, lane, redrives, attempts, next_at, blocked, meta, body)
  select distinct on (i.seq)
    _consumer, _part, i.seq, i.lane, i.redrives, i.attempts, i.next_at, i.blocked::json, e.meta, e.body
  from json_to_recordset(_items::json)
    as i(seq bigint, lane text, redrives int, attempts int, next_at float8, blocked text)
  join ${schema}.event e on e.part = _part and e.seq = i.seq
    and e.buffer = (select buffer from ${schema}.consumer where id = _consumer)
  where not _before @> i.seq;
  perform ${schema}.mark_done(_consumer, _part,
    (select range_agg(int8range(seq, seq, '[]')) from json_to_recordset(_items::json) as i(seq bigint)),
    array(select seq::text from json_to_recordset(_items::json) as i(seq bigint)));
end $$;

create function ${schema}.bury(_consumer int, _part int, _epoch bigint, _items text) returns void
language plpgsql volatile ${BY_KEY} as $$
declare
  _before int8multirange := ${schema}.hold(_consumer, _part, _epoch);
begin
  with item as materialized (
    select distinct on (i.seq) i.* from json_to_recordset(_items::json)
      as i(seq bigint, lane text, redrives int, at float8, why text)
  ), unparked as (
    delete from ${schema}.parked p using item i where p.consumer = _consumer and p.part = _part and p.seq = i.seq
    returning p.seq, p.meta, p.body
  ), found as (
    select seq, meta, body from unparked
    union all
    select e.seq, e.meta, e.body from ${schema}.event e join item i on e.seq = i.seq
    where e.part = _part and e.buffer = (select buffer from ${schema}.consumer where id = _consumer)
      and not _before @> e.seq
  )
  insert into ${schema}.dead_letter (consumer, part, seq, lane, redrives, at, why, meta, body)
  select _consumer, _part, i.seq, i.lane, i.redrives, i.at, i.why::json, f.meta, f.body from found f join item i using (seq);
  perform ${schema}.mark_done(_consumer, _part,
    (select range_agg(int8range(seq, seq, '[]')) from json_to_recordset(_items::json) as i(seq bigint)),
    array(select seq::text from json_to_recordset(_items::json) as i(seq bigint)));
end $$;

create function ${schema}.redrive(_consumer int, _places text) returns int language sql volatile ${BY_KEY} as $$
  with taken as (
    delete from ${schema}.dead_letter d using json_to_recordset(_places::json) as i(part int, seq bigint)
    where d.consumer = _consumer and d.part = i.part and d.seq = i.seq
    returning d.part, d.seq, d.lane, d.redrives, d.meta, d.body
  ), put as (
    insert into ${schema}.parked (consumer, part, seq, lane, redrives, attempts, next_at, blocked, meta, body)
    select _consumer, part, seq, lane, redrives + 1, 0, 0, null, meta, body from taken
  )
  select count(*)::int from taken
$$;

create function ${schema}.purge(_consumer int, _places text) returns int language sql volatile ${BY_KEY} as $$
  with taken as (
    delete from ${schema}.dead_letter d using json_to_recordset(_places::json) as i(part int, seq bigint)
    where d.consumer = _consumer and d.part = i.part and d.seq = i.seq returning 1
  )
  select count(*)::int from taken
$$;

create function ${schema}.trim(_buffer int, _part int, _min_age_ms float8, _chunk int) returns int
language plpgsql volatile ${BY_KEY} as $$
declare
  _below bigint;
  _deleted int;
  _bytes bigint;
  _next bigint;
begin
  perform from ${schema}.part where buffer = _buffer and part = _part for update;
  _below := (
    select min(${schema}.first_open(c.done)) from ${schema}.cursor c join ${schema}.consumer o on o.id = c.consumer
    where o.buffer = _buffer and c.part = _part);
  with gone as (
    delete from ${schema}.event where buffer = _buffer and part = _part and seq = any (array(
      select seq from ${schema}.event where buffer = _buffer and part = _part and seq < _below order by seq limit _chunk
    )) and stored_at <= clock_timestamp() - _min_age_ms * interval '1 millisecond'
    returning seq, length(body) as bytes
  )
  select count(*), coalesce(sum(bytes), 0), max(seq) + 1 into _deleted, _bytes, _next from gone;
  if _deleted > 0 then
    update ${schema}.part set events = events - _deleted, bytes = bytes - _bytes, first_seq = _next
    where buffer = _buffer and part = _part;
  end if;
  return _deleted;
end $$;

create function ${schema}.forget_ids(_buffer int, _window_ms float8, _chunk int) returns int language sql volatile as $$
  with gone as (
    delete from ${schema}.dedupe where ctid = any (array(
      select ctid from ${schema}.dedupe
      where buffer = _buffer and seen_at < clock_timestamp() - _window_ms * interval '1 millisecond' limit _chunk))
    returning 1
  )
  select count(*)::int from gone
$$;
`
