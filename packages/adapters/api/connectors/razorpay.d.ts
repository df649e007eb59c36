// @holdfast/adapters/connectors/razorpay

import { Connector } from '@holdfast/core'

export const razorpay: Connector

export { razorpay as default }
