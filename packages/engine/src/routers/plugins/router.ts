// SPDX-License-Identifier: Apache-2.0
import { pluginRoutes as routes } from '@teu/engine-api'
import { StackError } from '@teu/errors'
import { jsonReply } from '../../http/exchange.ts'
import { type Endpoint, endpoint } from '../../http/router.ts'

/** Endpoints of managed plugins, of which this engine has none. */
export function pluginsRouter(): Endpoint[] {
  return [
    endpoint(routes.list, () => jsonReply([])),
    endpoint(routes.inspect, ({ path }) => {
      throw new StackError('not-found', `plugin "${path['name']}" not found`)
    }),
  ]
}
