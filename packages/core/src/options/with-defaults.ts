/** `defaults` with what `options` sets. A member that is `undefined` counts as not set. The result is frozen. */
export function withDefaults<Resolved extends object>(
  defaults: Resolved,
  options: { readonly [Key in keyof Resolved]?: Resolved[Key] | undefined },
): Readonly<Resolved> {
  const resolved = { ...defaults }
  for (const key of Object.keys(defaults) as (keyof Resolved)[]) {
    const value = options[key]
    if (value !== undefined) resolved[key] = value
  }
  return Object.freeze(resolved)
}
