/** Stands before and after each call: waits, or throws. */
export type Passage = (moment: 'before' | 'after') => Promise<void>

/** The same, whose calls of these names go through `pass`, both ways. */
export function behindPassage<Target extends object>(
  target: Target,
  names: readonly (keyof Target)[],
  pass: Passage,
): Target {
  const passing = new Set<PropertyKey>(names)
  return new Proxy(target, {
    get(_, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function' || !passing.has(name)) return member
      return async (...args: unknown[]) => {
        await pass('before')
        const result: unknown = await Reflect.apply(member, target, args)
        await pass('after')
        return result
      }
    },
  })
}
