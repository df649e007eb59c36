import 'reflect-metadata'
import github from '@holdfast/adapters/connectors/github'
import { WebhooksModule } from '@holdfast/adapters/nest'
import { createReceiver, type WebhookEvent } from '@holdfast/webhook-receiver'
import { diskBuffer } from '@holdfast/webhook-receiver/disk'
import { Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'

class Orders {
  take({ type, eventId }: WebhookEvent): void {
    console.log('delivered', type, eventId)
  }
}

// You write `@Module({ … })` above the class; Node.js runs TypeScript by itself, but no decorators.
class OrdersModule {}
Module({ providers: [Orders], exports: [Orders] })(OrdersModule)

class AppModule {}
const webhooks = WebhooksModule.forRootAsync({
  imports: [OrdersModule],
  inject: [Orders],
  useFactory: (orders: Orders) =>
    createReceiver({
      buffer: diskBuffer({ directory: process.env.INBOX ?? './data/inbox' }),
      sources: { github: { connector: github, secrets: [process.env.GITHUB_WEBHOOK_SECRET] } },
      destinations: { orders: { handle: (event) => orders.take(event) } },
    }),
})
Module({ imports: [webhooks] })(AppModule)

const app = await NestFactory.create(AppModule, { logger: false })
app.enableShutdownHooks() // SIGTERM: no new webhooks, handlers finish, the buffer is closed
await app.listen(Number(process.env.PORT ?? 3000))
console.log('listening', app.getHttpServer().address())
