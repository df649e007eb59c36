// What the Workers need of their runtime.
declare module 'cloudflare:workers' {
  export function waitUntil(work: Promise<unknown>): void
}
