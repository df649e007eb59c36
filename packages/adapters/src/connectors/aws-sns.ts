import type { Connector } from '@holdfast/core'
import manifest from './aws-sns.json' with { type: 'json' }

/** Amazon SNS: RSA over the fields of the message, for the topics that are yours; a subscription begins when its link is opened. */
const awsSns: Connector = manifest as Connector

export default awsSns
