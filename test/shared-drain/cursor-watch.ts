/** A move of a cursor that must not be. */
export interface WrongMove {
  readonly what: string
  readonly partition: number
  readonly by: string
}

/** Sees who moves the cursors of a server. */
export interface CursorWatch {
  /** The moves that were wrong until now. */
  wrongMoves(): Promise<readonly WrongMove[]>
  close(): void
}

/** A connection that takes statements. */
interface Statements {
  query(text: string): Promise<readonly Readonly<Record<string, unknown>>[]>
}

/**
 * Has PostgreSQL itself watch the cursors: who acquired a partition, by the name of its connections (`PGAPPNAME`), is the only one that may move its
 * cursor, and only forward.
 */
export async function watchPostgresCursors({ query }: Statements): Promise<CursorWatch> {
  await query('create table holder (consumer int, part int, name text, primary key (consumer, part))')
  await query('create table wrong_move (what text, part int, by_whom text)')
  await query(`
    create function watch_cursor() returns trigger language plpgsql as $$
    declare
      _name text := current_setting('application_name');
    begin
      if new.epoch <> old.epoch then
        insert into holder values (new.consumer, new.part, _name)
        on conflict (consumer, part) do update set name = excluded.name;
        if new.epoch < old.epoch then
          insert into wrong_move values ('an epoch that went back', new.part, _name);
        end if;
      elsif new.done <> old.done and not exists (
        select from holder where consumer = new.consumer and part = new.part and name = _name
      ) then
        insert into wrong_move values ('moved by another one than its owner', new.part, _name);
      end if;
      if not new.done @> old.done then
        insert into wrong_move values ('moved back', new.part, _name);
      end if;
      return null;
    end $$`)
  await query('create trigger watched after update on holdfast.cursor for each row execute function watch_cursor()')
  await query(`
    create function watch_ack() returns trigger language plpgsql as $$
    begin
      if not exists (
        select from holder
        where consumer = new.consumer and part = new.part and name = current_setting('application_name')
      ) then
        insert into wrong_move values ('acknowledged by another one than its owner', new.part, current_setting('application_name'));
      end if;
      return null;
    end $$`)
  await query('create trigger watched after insert on holdfast.ack for each row execute function watch_ack()')
  return {
    async wrongMoves() {
      const rows = await query('select what, part, by_whom from wrong_move')
      return rows.map(({ what, part, by_whom }) => ({
        what: String(what),
        partition: Number(part),
        by: String(by_whom),
      }))
    },
    close: () => {},
  }
}
