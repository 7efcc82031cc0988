// SPDX-License-Identifier: Apache-2.0
import type { DisposableStorage, StorageDriver } from '../../storage/driver.ts'
import { createRegistry, type Registry } from '../create-registry.ts'
import { initOf, text, tlsOf } from './init-of.ts'
import type { Settings } from './read-settings.ts'
import type { ServeSurroundings } from './serve-command.ts'
import { errorFields, type ServerLog, serverLog } from './server-log.ts'

/** Collaborators of {@link serve}. @internal */
export interface ServeComponents {
  around: ServeSurroundings
  /** Named in the log: whoever wrote them meant something. */
  unknownVariables: readonly string[]
}

/** Serves until SIGTERM or SIGINT, and then until what goes on is over, or a second signal comes. @internal */
export async function serve(settings: Settings, { around, unknownVariables }: ServeComponents): Promise<void> {
  const log = await serverLog(around.stderr, { level: settings['log-level'], format: settings['log-format'] })
  const init = await initOf(settings)
  // Given as an object, it is not the registry's to close; declared first, it is closed last.
  await using _storage = typeof init.storage === 'object' ? disposable(init.storage) : undefined
  await using registry = await createRegistry({
    ...init,
    onError: (error) => log.note('error', 'failure', errorFields(error)),
    onRequest: (record) => log.request(record),
  })
  for (const variable of unknownVariables) log.note('warn', 'no such setting', { variable })
  warnOfOpenness(settings, log)
  const { url, debugAddress } = registry
  log.note('info', `listening on ${url}`, { url, ...(debugAddress && { debug: debugAddress }) })
  const reload = () =>
    void reloadFrom(settings, registry).then(
      () => log.note('info', 'read users and certificates again'),
      (error: unknown) => log.note('error', 'going on with what was read before', errorFields(error)),
    )
  around.on('SIGHUP', reload)
  try {
    await signalled(around)
    log.note('info', 'ending')
    await Promise.race([registry.close(settings.grace ?? 10_000), signalled(around).then(() => registry.close(0))])
  } finally {
    around.removeListener('SIGHUP', reload)
  }
}

function disposable(storage: StorageDriver): DisposableStorage | undefined {
  return Symbol.asyncDispose in storage ? (storage as DisposableStorage) : undefined
}

function warnOfOpenness(settings: Settings, log: ServerLog): void {
  const isAsked =
    settings.htpasswd !== undefined || settings['token-keys'] !== undefined || settings['token-jwks-url'] !== undefined
  const isLocal = /^(localhost|127\.[0-9.]+|\[::1\]):/.test(settings.addr ?? '')
  if (!isAsked && !isLocal)
    log.note('warn', 'everybody who reaches this registry may do everything: there is no --htpasswd')
}

async function reloadFrom(settings: Settings, registry: Registry): Promise<void> {
  const tls = await tlsOf(settings)
  registry.reload({
    ...(tls && { tls }),
    ...(settings.htpasswd !== undefined && { htpasswd: await text(settings.htpasswd) }),
  })
}

function signalled(around: ServeSurroundings): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      around.removeListener('SIGTERM', done)
      around.removeListener('SIGINT', done)
      resolve()
    }
    around.on('SIGTERM', done)
    around.on('SIGINT', done)
  })
}
