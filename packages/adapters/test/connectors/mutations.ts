/** A copy of a value with one thing in it changed. */
export interface Mutation {
  /** What was changed, with `*` for every index and every name that is free. */
  readonly name: string
  readonly value: unknown
}

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/**
 * Copies of a JSON value with one thing changed each: a member left out, one too many, another type, a text or a number that
 * hardly anything allows.
 */
export function mutations(value: unknown): readonly Mutation[] {
  return [...mutationsOf(value as Json, '', (changed) => changed)]
}

type Rebuild = (changed: Json) => Json

function* mutationsOf(value: Json, path: string, rebuild: Rebuild): Iterable<Mutation> {
  for (const [what, changed] of replacements(value)) yield { name: `${path} ${what}`, value: rebuild(changed) }
  if (Array.isArray(value)) yield* mutationsOfItems(value as readonly Json[], path, rebuild)
  else if (isObject(value)) yield* mutationsOfMembers(value, path, rebuild)
}

function* mutationsOfItems(items: readonly Json[], path: string, rebuild: Rebuild): Iterable<Mutation> {
  yield { name: `${path} emptied`, value: rebuild([]) }
  for (const [index, item] of items.entries())
    yield* mutationsOf(item, `${path}[*]`, (changed) => rebuild(items.with(index, changed)))
}

function* mutationsOfMembers(
  object: { readonly [key: string]: Json },
  path: string,
  rebuild: Rebuild,
): Iterable<Mutation> {
  yield { name: `${path} with one more`, value: rebuild({ ...object, unheardOf: 1 }) }
  for (const [key, member] of Object.entries(object)) {
    const { [key]: _, ...rest } = object
    yield { name: `${path}.${key} left out`, value: rebuild(rest) }
    yield* mutationsOf(member, `${path}.${key}`, (changed) => rebuild({ ...object, [key]: changed }))
  }
}

function replacements(value: Json): readonly (readonly [string, Json])[] {
  return [
    ['as null', null],
    ['as an object', {}],
    ['as a list', ['']],
    ['as a number', -1],
    ['as a fraction', 0.5],
    ['as a boolean', value !== true],
    ['as no text', ''],
    ['as any text', 'Un Heard/Of*'],
    ['as another kind', 'body'],
  ]
}

function isObject(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
