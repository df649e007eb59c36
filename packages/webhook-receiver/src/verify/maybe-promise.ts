/** A value now where the platform can, a promise of it where it cannot. `await` takes both. */
export type MaybePromise<Value> = Value | Promise<Value>

/** Goes on with a value, at once where it is there. */
export function chain<Value, Next>(
  value: MaybePromise<Value>,
  follow: (value: Value) => MaybePromise<Next>,
): MaybePromise<Next> {
  return value instanceof Promise ? value.then(follow) : follow(value)
}

/** All values, at once where all are there. */
export function allOf<Value>(values: readonly MaybePromise<Value>[]): MaybePromise<readonly Value[]> {
  return values.some((value) => value instanceof Promise)
    ? Promise.all(values as readonly Promise<Value>[])
    : (values as readonly Value[])
}
