/** That it runs is enough for Next to buffer the body. */
export function proxy(): void {}

export const config = { matcher: ['/proxied/:path*', '/api/proxied/:path*'] }
