// SPDX-License-Identifier: Apache-2.0
import type { ContainerConfig } from '@teu/engine-api'
import type { CommandContext } from '../context/command-context.ts'
import type { ProxyConfig } from '../context/config-file.ts'

const variables: readonly (readonly [keyof ProxyConfig, string])[] = [
  ['httpProxy', 'HTTP_PROXY'],
  ['httpsProxy', 'HTTPS_PROXY'],
  ['noProxy', 'NO_PROXY'],
  ['ftpProxy', 'FTP_PROXY'],
  ['allProxy', 'ALL_PROXY'],
]

/** The environment entries that the config file's proxies stand for, in both cases, as programs read either. */
function proxyEnvironment(proxies: Readonly<Record<string, ProxyConfig>>, host: string): string[] {
  const proxy = proxies[host] ?? proxies.default
  if (!proxy) return []
  return variables.flatMap(([key, name]) => {
    const value = proxy[key]
    return value ? [`${name}=${value}`, `${name.toLowerCase()}=${value}`] : []
  })
}

/** `config` with the proxies in front of what the user set, which therefore wins. */
export function withProxies(config: ContainerConfig, context: CommandContext): ContainerConfig {
  const entries = proxyEnvironment(context.config.proxies, context.endpoint.host)
  if (entries.length === 0) return config
  const set = new Set((config.Env ?? []).map((entry) => entry.split('=')[0]))
  const missing = entries.filter((entry) => !set.has(entry.split('=')[0]))
  return { ...config, Env: [...(config.Env ?? []), ...missing] }
}
