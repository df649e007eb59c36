/** Values noted on objects, each gone with its object. */
export interface Stamps<Value> {
  set(target: object, value: Value): void
  /** What was noted last; `undefined` for what was never noted. */
  get(target: object): Value | undefined
}

/** Returns what it is given instead of a new object, so that a subclass adds its private field to that. */
class Given {
  constructor(target: object) {
    return target
  }
}

/**
 * Makes notes on objects without touching them: no property that anybody could see. A private field does what a `WeakMap`
 * does for a fiftieth of the cost; a table with an entry per response is work for each garbage collection.
 */
export function createStamps<Value>(): Stamps<Value> {
  // What is frozen takes no field, in newer engines not even a private one.
  const frozen = new WeakMap<object, Value>()
  class Stamp extends Given {
    #value: Value

    constructor(target: object, value: Value) {
      super(target)
      this.#value = value
    }

    static set(target: object, value: Value): void {
      if (#value in target) target.#value = value
      else if (Object.isExtensible(target)) new Stamp(target, value)
      else frozen.set(target, value)
    }

    static get(target: object): Value | undefined {
      return #value in target ? target.#value : frozen.get(target)
    }
  }
  return Stamp
}
