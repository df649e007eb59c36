import { bufferConformance } from '@holdfast/webhook-receiver/testing'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { hasService } from '../clients/service-process.ts'
import { bufferHarness, createConnections } from './postgres-harness.ts'
import { clients, type PostgresService, startPostgres } from './postgres-service.ts'

describe.runIf(hasService('PostgreSQL', 'initdb', 'postgres'))('postgresBuffer on PostgreSQL', () => {
  let service: PostgresService
  beforeAll(async () => {
    service = await startPostgres()
  }, 60_000)
  afterAll(() => service.dispose())

  describe.each(Object.entries(clients))('with %s', (_, connect) => {
    const connections = createConnections()
    beforeAll(async () => {
      connections.all = await Promise.all([0, 1].map(() => connect(service.port, 8)))
    })
    afterAll(() => connections.close())

    const harness = bufferHarness(connections)
    for (const { title, run } of bufferConformance) test.concurrent(title, () => run(harness), 30_000)
  })
})
