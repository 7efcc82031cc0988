// SPDX-License-Identifier: Apache-2.0
import { chmodSync, chownSync, lstatSync, mkdirSync, readFileSync, unlinkSync } from 'node:fs'
import type http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import path from 'node:path'
import { StackError } from '@teu/errors'

/** How listening sockets are made. */
export interface ListenOptions {
  /** The group that may use unix sockets; `root` when it does not exist. Default `teu`. */
  group?: string | undefined
  /** Allows plain TCP on addresses other than loopback. */
  tcpInsecure?: boolean | undefined
  /** Told what people should know, such as that TCP has no access control. */
  warn: (message: string) => void
}

/**
 * Listens on `unix:///path` or `tcp://address:port`, and returns the address with the port that was chosen. A stale
 * socket file is replaced; one that answers is `already-exists`. Plain TCP beyond loopback is `permission-denied`
 * unless allowed: whoever reaches it is root here.
 */
export async function listenOn(server: http.Server, host: string, options: ListenOptions): Promise<string> {
  const match = /^(unix|tcp):\/\/(.+)$/.exec(host)
  if (match?.[1] === 'unix') return listenUnix(server, match[2] as string, options)
  if (match?.[1] === 'tcp') return listenTcp(server, match[2] as string, options)
  throw new StackError('invalid-argument', `invalid bind address format: ${host}`)
}

async function listenUnix(server: http.Server, file: string, options: ListenOptions): Promise<string> {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o711 })
  await clearStaleSocket(file)
  const umask = process.umask(0o177)
  try {
    await listening(server, () => server.listen(file))
  } finally {
    process.umask(umask)
  }
  const gid = groupId(options.group ?? 'teu')
  if (gid === undefined) options.warn(`group ${options.group ?? 'teu'} does not exist: ${file} is for root only`)
  if (process.getuid?.() === 0) chownSync(file, 0, gid ?? 0)
  chmodSync(file, 0o660)
  return `unix://${file}`
}

async function clearStaleSocket(file: string): Promise<void> {
  const found = lstatSync(file, { throwIfNoEntry: false })
  if (!found) return
  if (!found.isSocket()) throw new StackError('already-exists', `${file} exists and is not a socket`)
  if (await answers(file)) throw new StackError('already-exists', `${file} is in use by another daemon`)
  unlinkSync(file)
}

function answers(file: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = net.connect(file)
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
    probe.once('error', () => resolve(false))
  })
}

async function listenTcp(server: http.Server, address: string, options: ListenOptions): Promise<string> {
  const match = /^(\[[0-9a-fA-F:.%]+\]|[^:/]*):(\d{1,5})$/.exec(address)
  if (!match) throw new StackError('invalid-argument', `invalid bind address format: tcp://${address}`)
  const name = (match[1] as string).replace(/^\[(.*)\]$/, '$1') || '0.0.0.0'
  if (!isLoopback(name)) {
    if (!options.tcpInsecure) {
      const message = `tcp://${address} would let anybody on the network be root here: refused without --tcp-insecure`
      throw new StackError('permission-denied', message)
    }
  }
  options.warn(`tcp://${address} has no access control: any local process or web page that reaches it is root here`)
  await listening(server, () => server.listen(Number(match[2]), name))
  const { port } = server.address() as AddressInfo
  return `tcp://${match[1] || '0.0.0.0'}:${port}`
}

function isLoopback(name: string): boolean {
  return name === 'localhost' || name === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name)
}

function listening(server: http.Server, start: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => reject(new StackError('unavailable', `listen: ${error.message}`, { cause: error }))
    server.once('error', failed)
    server.once('listening', () => {
      server.off('error', failed)
      resolve()
    })
    start()
  })
}

function groupId(name: string): number | undefined {
  const line = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`))
  const gid = Number(line?.split(':')[2] ?? Number.NaN)
  return Number.isInteger(gid) ? gid : undefined
}
