/** Loads jose when the first JWT, JSON Web Key or, without `node:crypto`, certificate comes. */
export function loadJose(): Promise<typeof import('./jose.ts')> {
  return import('./jose.ts')
}
