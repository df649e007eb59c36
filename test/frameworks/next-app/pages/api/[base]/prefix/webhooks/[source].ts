import { nextPagesWebhooks } from '@holdfast/adapters/next'
import { receiver } from '../../../../../receiver.ts'

export const config = { api: { bodyParser: false } }

export default nextPagesWebhooks(receiver)
