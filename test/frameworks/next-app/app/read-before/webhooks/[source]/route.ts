import { type NextRouteContext, nextWebhooks } from '@holdfast/adapters/next'
import { receiver } from '../../../../receiver.ts'

const handler = nextWebhooks(receiver)

export async function POST(request: Request, context: NextRouteContext): Promise<Response> {
  await request.json()
  return handler(request, context)
}
