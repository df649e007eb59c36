/** Resolves when what has come in this turn of the event loop is dealt with. */
export function untilEndOfTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
