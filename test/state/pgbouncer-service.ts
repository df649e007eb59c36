import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asAccount, findProgram, freePort, startService, stopService } from '../clients/service-process.ts'
import { account } from './postgres-service.ts'

/** A pgbouncer in transaction mode: each transaction may go to another connection of the server. */
export async function startPgbouncer(serverPort: number): Promise<{ readonly port: number; dispose(): Promise<void> }> {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-pgbouncer-'))
  const as = asAccount('postgres')
  chmodSync(directory, 0o755)
  if (as.uid !== undefined && as.gid !== undefined) chownSync(directory, as.uid, as.gid)
  const port = await freePort()
  const config = join(directory, 'pgbouncer.ini')
  writeFileSync(
    config,
    `[databases]
* = host=${account.host} port=${serverPort} user=${account.user}
[pgbouncer]
listen_addr = ${account.host}
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 5
max_client_conn = 200
server_reset_query_always = 1
server_reset_query = discard all
`,
  )
  const service = await startService(findProgram('pgbouncer') ?? '', [config], /process up/, {
    ...as,
    cwd: directory,
  })
  return {
    port,
    async dispose() {
      await stopService(service, 'SIGKILL')
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
