import { nextWebhooks } from '@holdfast/adapters/next'
import { inbox } from '../../../inbox.ts'

const handler = nextWebhooks(inbox)

export { handler as GET, handler as HEAD, handler as POST }
