// SPDX-License-Identifier: Apache-2.0
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { messageOf, StackError } from '@teu/errors'
import { storeInBucket } from '../../storage/s3/store-in-bucket.ts'
import type { AuthInit, TokenInit } from '../auth/auth-init.ts'
import { newSigningKey } from '../auth/keys.ts'
import type { RegistryInit } from '../create-registry.ts'
import type { LimitsInit } from '../limits/limits-init.ts'
import type { TlsInit } from '../listening.ts'
import type { ProxyInit } from '../proxy/proxy-init.ts'
import type { RegistryEvent, WebhookInit } from '../webhooks/webhook-init.ts'
import { parseSize } from './quantities.ts'
import type { Settings } from './read-settings.ts'

/** What a registry is made with, by settings. Reads the files that they name. Throws `invalid-argument`, `not-found`. @internal */
export async function initOf(settings: Settings): Promise<RegistryInit> {
  const [tls, auth, proxy] = [await tlsOf(settings), await authOf(settings), await proxyOf(settings)]
  const { 's3-bucket': bucket, 's3-endpoint': endpoint, 's3-region': region, 's3-prefix': prefix } = settings
  const inBucket = await storeInBucket({ bucket, endpoint, region, prefix }, settings.root ?? '')
  return {
    ...defined({
      ...(inBucket ?? { storage: settings.root }),
      ...{ listen: settings.addr, debugListen: settings['debug-addr'], tls, auth, proxy },
      ...{ readOnly: settings['read-only'], deletes: settings.delete ?? false, allowHttp: settings['allow-http'] },
      ...{ page: settings.page, metrics: settings.metrics, trustedProxies: settings['trusted-proxy'] },
    }),
    limits: limitsOf(settings),
    warnings: (settings.warning ?? []).map((text) => {
      const [repositories, warning] = halves(text, 'warning', 'repos=text')
      return { repositories, text: warning }
    }),
    webhooks: webhooksOf(settings),
    autoCollect: collectionOf(settings),
    ...defined({ uploadsOlderThanMs: settings['upload-expiry'] }),
  }
}

/** The certificate and its key; absent for plain HTTP. @internal */
export async function tlsOf(settings: Settings): Promise<TlsInit | undefined> {
  const { 'tls-cert': cert, 'tls-key': key, 'tls-client-ca': ca } = settings
  if ((cert === undefined) !== (key === undefined)) throw invalid('--tls-cert and --tls-key go together')
  if (cert === undefined || key === undefined) {
    if (ca !== undefined) throw invalid('--tls-client-ca goes with --tls-cert')
    return undefined
  }
  return { cert: await text(cert), key: await text(key), ...(ca !== undefined && { clientCa: await text(ca) }) }
}

async function authOf(settings: Settings): Promise<AuthInit | undefined> {
  const { htpasswd, access, 'anonymous-pull': anonymousPull, 'failed-logins': failedLogins } = settings
  const token = await tokenOf(settings)
  if (htpasswd === undefined && token === undefined) {
    // Whoever wrote rules thinks that somebody is asked.
    if (access !== undefined || anonymousPull !== undefined)
      throw invalid('--access and --anonymous-pull go with --htpasswd')
    return undefined
  }
  return defined({ htpasswd: htpasswd && (await text(htpasswd)), access, anonymousPull, failedLogins, token })
}

async function tokenOf(settings: Settings): Promise<TokenInit | undefined> {
  const { 'token-keys': keys, 'token-jwks-url': jwksUrl, 'token-signing-key': signing } = settings
  const isExternal = keys !== undefined || jwksUrl !== undefined
  const isOwn = settings.token === true || signing !== undefined || settings['anonymous-pull'] !== undefined
  if (!isExternal && !isOwn) return undefined
  return defined({
    ...{ keys: keys && (await text(keys)), jwksUrl, realm: settings['token-realm'] },
    ...{ service: settings['token-service'], issuer: settings['token-issuer'] },
    signingKey: isExternal ? undefined : await signingKeyOf(settings),
    lifetimeSeconds: Math.floor((settings['token-lifetime'] ?? 300_000) / 1000),
  })
}

/** A key of its own is kept, so that logins outlive the process. */
async function signingKeyOf(settings: Settings): Promise<string | undefined> {
  const given = settings['token-signing-key']
  if (given !== undefined) return text(given)
  if (settings.root === undefined || settings['read-only'] === true) return undefined
  const file = path.join(settings.root, 'teu', 'token-key.pem')
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, newSigningKey(), { flag: 'wx', mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  return text(file)
}

function limitsOf(settings: Settings): LimitsInit {
  return defined({
    ...{ requests: settings['rate-limit'], pulls: settings['pull-limit'] },
    ...{ manifestBytes: settings['max-manifest'], blobBytes: settings['max-blob'] },
    ...{ connections: settings['max-connections'], idleMs: settings['idle-timeout'] },
    immutableTags: settings['immutable-tags'],
    quotas: settings.quota?.map((rule) => {
      const [repositories, size] = halves(rule, 'quota', 'repos=size')
      return { repositories, bytes: parseSize(size) }
    }),
  })
}

function webhooksOf(settings: Settings): WebhookInit[] {
  const headers = (settings['webhook-header'] ?? []).map((line): [string, string] => {
    const colon = line.indexOf(':')
    if (colon < 1) throw invalid(`webhook header ${JSON.stringify(line.slice(0, 32))}: want name:value`)
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]
  })
  const actions = settings['webhook-action']?.map((action) => {
    if (/^(push|pull|mount|delete)$/.test(action)) return action as RegistryEvent['action']
    throw invalid(`webhook action ${JSON.stringify(action)}: want push, pull, mount or delete`)
  })
  const shared = { headers: Object.fromEntries(headers), ...(actions && { actions }) }
  return (settings.webhook ?? []).map((url) => ({ url, ...shared }))
}

async function proxyOf(settings: Settings): Promise<ProxyInit | undefined> {
  const { proxy: url, 'proxy-username': username, 'proxy-password': password, 'proxy-ca': ca, root } = settings
  if (url === undefined) return undefined
  if ((username === undefined) !== (password === undefined))
    throw invalid('--proxy-username and --proxy-password go together')
  const credentials = username === undefined || password === undefined ? undefined : { username, password }
  return {
    url,
    ...defined({ credentials, realms: settings['proxy-realm'], repositories: settings['proxy-repository'] }),
    ...defined({ ca: ca && (await text(ca)), freshMs: settings['proxy-fresh'] }),
    ...(root !== undefined && { spoolDirectory: path.join(root, 'teu', 'proxy') }),
  }
}

function collectionOf(settings: Settings): RegistryInit['autoCollect'] & {} {
  const names = ['collect-every', 'collect-grace', 'collect-untagged'] as const
  if (settings.collect !== true) {
    const idle = names.find((name) => settings[name] !== undefined)
    if (idle !== undefined) throw invalid(`--${idle} goes with --collect`)
    return false
  }
  const [everyMs, olderThanMs, untaggedOlderThanMs] = names.map((name) => settings[name])
  return defined({ everyMs, olderThanMs, untaggedOlderThanMs })
}

function halves(text: string, what: string, form: string): [string, string] {
  const at = text.indexOf('=')
  if (at < 1 || at === text.length - 1) throw invalid(`${what} ${JSON.stringify(text.slice(0, 64))}: want ${form}`)
  return [text.slice(0, at), text.slice(at + 1)]
}

/** A file that a setting names. @internal */
export async function text(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new StackError('not-found', `cannot read ${file}: ${messageOf(error)}`, { cause: error })
  }
}

/** The same without what is `undefined`. */
function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never
}

function invalid(why: string): StackError {
  return new StackError('invalid-argument', why)
}
