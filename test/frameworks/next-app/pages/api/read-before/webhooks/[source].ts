// Without `config`: Next parses the body.
import { nextPagesWebhooks } from '@holdfast/adapters/next'
import { receiver } from '../../../../receiver.ts'

export default nextPagesWebhooks(receiver)
