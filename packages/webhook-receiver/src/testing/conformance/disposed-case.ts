/** What is under test in one case. */
interface UnderTest {
  readonly dispose: () => Promise<void>
}

/** One sentence of a contract, and how to see that it holds. */
interface Case<Under extends UnderTest, Capability extends string> {
  readonly title: string
  readonly requires?: Capability
  readonly run: (harness: { readonly create: () => Promise<Under> }) => Promise<void>
}

/** Makes a case that disposes of what it tests afterwards, whatever happens. */
export function disposedCase<Under extends UnderTest, Capability extends string>(
  title: string,
  body: (under: Under) => Promise<void>,
  requires?: Capability,
): Case<Under, Capability> {
  return {
    title,
    ...(requires === undefined ? {} : { requires }),
    run: async (harness) => {
      const under = await harness.create()
      try {
        await body(under)
      } finally {
        await under.dispose()
      }
    },
  }
}
