/** Whether what tests need could be installed. Without it they are left out loudly, and fail with HOLDFAST_REQUIRE_SERVICES=1. */
export function isInstalled(name: string, installed: string | Error): boolean {
  if (typeof installed === 'string') return true
  const problem = `${name} is not tested: it cannot be installed: ${installed.message.split('\n')[0]}`
  if (process.env.HOLDFAST_REQUIRE_SERVICES === '1') throw new Error(problem)
  process.stderr.write(`\n*** ${problem} ***\n\n`)
  return false
}
