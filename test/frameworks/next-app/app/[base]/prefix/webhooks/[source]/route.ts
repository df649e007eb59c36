import { nextWebhooks } from '@holdfast/adapters/next'
import { receiver } from '../../../../../receiver.ts'

const handler = nextWebhooks(receiver)

export {
  handler as DELETE,
  handler as GET,
  handler as HEAD,
  handler as OPTIONS,
  handler as PATCH,
  handler as POST,
  handler as PUT,
}
