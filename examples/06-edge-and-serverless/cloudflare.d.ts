// What `wrangler types` writes.
declare module 'cloudflare:workers' {
  export const env: { readonly GITHUB_WEBHOOK_SECRET: string }
  export function waitUntil(work: Promise<unknown>): void
}
