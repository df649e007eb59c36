// @holdfast/adapters/connectors/supabase

import { Connector } from '@holdfast/core'

export const supabase: Connector

export { supabase as default }
