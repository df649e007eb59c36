// @holdfast/adapters/connectors/mercado-pago

import { Connector } from '@holdfast/core'

export const mercadoPago: Connector

export { mercadoPago as default }
