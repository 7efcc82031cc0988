// SPDX-License-Identifier: Apache-2.0
import { statSync } from 'node:fs'
import { type ContainerdServices, lookupIn, type Plugin, parseFilters, ServingStatus } from '@teu/containerd-api'
import { StackError } from '@teu/errors'
import { revisionText, versionText } from '../version.ts'

/** The Version service. */
export function versionService(): ContainerdServices['version'] {
  return {
    async version() {
      return { version: versionText, revision: revisionText }
    },
  }
}

/** The Health service: whoever can ask is answered that all is well, since the socket opens last. */
export function healthService(): ContainerdServices['health'] {
  const statusOf = (service: string) => {
    if (service !== '') throw new StackError('not-found', `unknown service ${JSON.stringify(service)}: not found`)
    return { status: ServingStatus.SERVING }
  }
  return {
    async check({ service }) {
      return statusOf(service)
    },
    async *watch({ service }, options) {
      yield service === '' ? statusOf(service) : { status: ServingStatus.SERVICE_UNKNOWN }
      const { promise, resolve } = Promise.withResolvers<void>()
      options?.signal?.addEventListener('abort', () => resolve(), { once: true })
      if (options?.signal?.aborted) resolve()
      await promise
    },
  }
}

/** What the introspection service stands on. */
export interface IntrospectionServiceComponents {
  uuid: string
  plugins(): Plugin[]
}

/** The Introspection service over the list of plugins. */
export function introspectionService(components: IntrospectionServiceComponents): ContainerdServices['introspection'] {
  const { uuid, plugins } = components
  return {
    async plugins({ filters }) {
      const filter = parseFilters(filters)
      return { plugins: plugins().filter((plugin) => filter.matches(lookupIn(fieldsOf(plugin)))) }
    },
    async server() {
      const pidns = statSync('/proc/self/ns/pid', { bigint: true, throwIfNoEntry: false })?.ino ?? 0n
      return { uuid, pid: BigInt(process.pid), pidns, deprecations: [] }
    },
    async pluginInfo({ type, id }) {
      const plugin = plugins().find((candidate) => candidate.type === type && candidate.id === id)
      if (plugin === undefined) throw new StackError('not-found', `plugin ${type}.${id}: not found`)
      return { plugin, extra: undefined }
    },
  }
}

function fieldsOf({ type, id, capabilities }: Plugin) {
  return { type, id, capabilities: Object.fromEntries(capabilities.map((name) => [name, 'true'])) }
}
