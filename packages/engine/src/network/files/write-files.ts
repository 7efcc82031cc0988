// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ContainerFiles } from '../../spec/build-spec.ts'
import type { ConnectRequest } from '../network-service.ts'
import { type HostsEntry, hostsFile, ownEntry, parseExtraHosts } from './hosts-file.ts'
import { parseResolvConf, resolvConf } from './resolv-conf.ts'

/** Where systemd-resolved keeps what the servers behind its own one are. */
const behindResolved = '/run/systemd/resolve/resolv.conf'

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** The host's resolv.conf; behind a local resolver, the one that names the real servers. */
function hostResolvConf(): string {
  const text = readText('/etc/resolv.conf') ?? ''
  const { nameservers } = parseResolvConf(text)
  const onlyResolved = nameservers.length === 1 && nameservers[0] === '127.0.0.53'
  return onlyResolved ? (readText(behindResolved) ?? text) : text
}

function write(directory: string, name: string, text: string): string {
  const path = join(directory, name)
  // A new file each time: a container that still has the old one mounted keeps what it had.
  rmSync(path, { force: true })
  writeFileSync(path, text, { mode: 0o644 })
  return path
}

/** How much of the host's own files a container gets. */
export interface FileOptions {
  /** The container is on the host's network: it gets the host's files as they are. */
  sharesHost: boolean
  /** The container's address, for its own line of /etc/hosts. */
  address?: string | undefined
  /** What `host-gateway` stands for. */
  gateway?: string | undefined
}

/** Writes a container's `hostname`, `hosts` and `resolv.conf` into its directory, mode 0644. */
export function writeContainerFiles(request: ConnectRequest, options: FileOptions): ContainerFiles {
  const { directory, hostname, domainname, hostConfig } = request
  mkdirSync(directory, { recursive: true, mode: 0o710 })
  const extra: HostsEntry[] = parseExtraHosts(hostConfig.ExtraHosts, options.gateway)
  const own = options.address === undefined ? [] : [ownEntry(options.address, hostname, domainname)]
  const base = options.sharesHost ? readText('/etc/hosts') : undefined
  const hosts = hostsFile([...extra, ...own], base)
  const resolver = options.sharesHost ? (readText('/etc/resolv.conf') ?? '') : hostResolvConf()
  return {
    hostname: write(directory, 'hostname', `${hostname}\n`),
    hosts: write(directory, 'hosts', hosts),
    resolvConf: write(directory, 'resolv.conf', resolvConf(resolver, hostConfig, options.sharesHost)),
  }
}
