/** Whether `host`, port included where it is not the default, is one of `hosts`. Those may begin with `*.`. */
export function matchesHost(host: string, hosts: readonly string[]): boolean {
  return hosts.some((allowed) =>
    allowed.startsWith('*.') ? host.endsWith(allowed.slice(1)) && host.length > allowed.length - 1 : host === allowed,
  )
}
