/** Which hosts somebody has isolated: all of them or none, and the exceptions from that. Outlives what is kept of a host. */
export class Isolations {
  #isRule = false
  readonly #exceptions = new Set<string>()

  has(host: string): boolean {
    return this.#isRule !== this.#exceptions.has(host)
  }

  /** Without a host: for all hosts, also those that are not known yet. */
  set(host: string | undefined, isIsolated: boolean): void {
    if (host === undefined) {
      this.#isRule = isIsolated
      this.#exceptions.clear()
    } else if (isIsolated === this.#isRule) {
      this.#exceptions.delete(host)
    } else {
      this.#exceptions.add(host)
    }
  }
}
