/** The modules of Node.js that are used here. */
interface NodeModules {
  readonly 'node:http': typeof import('node:http')
  readonly 'node:https': typeof import('node:https')
  readonly 'node:net': typeof import('node:net')
}

interface BuiltinHost {
  readonly process?: { readonly getBuiltinModule?: (id: string) => unknown }
}

/**
 * A module of Node.js, which Bun and Deno have too. It is asked for when it is needed and not imported, so that the rest of
 * the package loads, and bundles, where there is none.
 *
 * @throws Error where there is none.
 */
export function nodeBuiltin<Name extends keyof NodeModules>(name: Name): NodeModules[Name] {
  const found = (globalThis as BuiltinHost).process?.getBuiltinModule?.(name)
  if (found === undefined) throw new Error(`A flaky upstream needs ${name}: run it on Node.js, Bun or Deno.`)
  return found as NodeModules[Name]
}
