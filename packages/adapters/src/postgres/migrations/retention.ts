import { BY_KEY } from './event-log.ts'

/** Version 5: what the retention of `postgresBuffer` deletes. */
export const retention = (schema: string): string => `
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
    select min(${schema}.first_open(c.done + ${schema}.acked(c.consumer, c.part)))
    from ${schema}.cursor c join ${schema}.consumer o on o.id = c.consumer
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
