import type { Connector } from '@holdfast/core'
import manifest from './mercado-pago.json' with { type: 'json' }

/** Mercado Pago: notifications of which the signature covers ids of the URL and a header, and nothing of the body. */
const mercadoPago: Connector = manifest as Connector

export default mercadoPago
